"""Models that are talked to without pictures; a family a file."""
