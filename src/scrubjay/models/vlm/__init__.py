"""What looks at pictures and answers: one family a file."""
