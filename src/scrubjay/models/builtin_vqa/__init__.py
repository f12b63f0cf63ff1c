"""A small model that answers questions about the built-in world: its parts."""
