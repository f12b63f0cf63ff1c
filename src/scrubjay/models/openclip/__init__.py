"""Models of the open_clip library: where they are, how they are made, read and written."""
