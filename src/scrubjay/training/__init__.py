"""Pairs in, a trained encoder out; Lightning lives here only."""

from scrubjay.models.torchvision_operators import mend_torchvision

# Before Lightning: the metrics it brings import torchvision wherever that is installed.
mend_torchvision()
