"""Tests of Scrubjay; processes that they start import their models from here, too."""

from scrubjay.models.torchvision_operators import mend_torchvision

# Tests import Lightning and transformers by themselves, and both import torchvision.
mend_torchvision()
