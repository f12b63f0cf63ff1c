"""Digits that nobody wrote: a generator taught by a discriminator."""
