"""One family of encoders a file, reached only through scrubjay.models.load."""
