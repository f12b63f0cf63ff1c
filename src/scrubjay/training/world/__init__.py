"""Teaching the built-in encoder the world Scrubjay draws and speaks."""
