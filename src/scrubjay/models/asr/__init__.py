"""What hears speech: one family a file."""
