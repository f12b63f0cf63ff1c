"""Files to vectors; queries to hits."""
