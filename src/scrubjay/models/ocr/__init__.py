"""What reads text in pictures: one family a file."""
