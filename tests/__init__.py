"""Tests of Scrubjay; processes that they start import their models from here, too."""

from scrubjay.models.torchvision_operators import declare_missing_operators

# Tests import Lightning and transformers by themselves, and both import torchvision.
declare_missing_operators()
