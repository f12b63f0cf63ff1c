"""Pairs in, a trained encoder out; Lightning lives here only."""
