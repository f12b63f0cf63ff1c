"""Find your own pictures, recordings and videos; learn from them every month."""

__version__ = "0.1.0"
