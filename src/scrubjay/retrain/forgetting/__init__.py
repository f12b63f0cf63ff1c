"""An item leaves everything that is kept."""
