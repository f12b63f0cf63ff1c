"""Numbers, and pictures of where it fails."""
