"""The built-in model's own parts: its settings, its network and how it reads text."""
