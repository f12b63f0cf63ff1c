"""A big encoder teaches a small one, from an owner's things alone: no labels, no pairs."""
