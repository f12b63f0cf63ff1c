"""Whether all that a month needs is there, before it is needed."""
