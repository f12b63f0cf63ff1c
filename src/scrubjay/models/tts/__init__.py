"""What speaks: one family a file."""
