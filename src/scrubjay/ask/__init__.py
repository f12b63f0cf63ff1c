"""Ask: listen, find, look and read, answer, speak."""
