"""Pairs in, a trained encoder out; Lightning lives here only."""

from scrubjay.models.torchvision_operators import declare_missing_operators

# Before Lightning: the metrics it brings import torchvision wherever that is installed.
declare_missing_operators()
