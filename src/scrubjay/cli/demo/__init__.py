"""`scrubjay demo`: find, learn, find better, on pictures Scrubjay draws itself."""
