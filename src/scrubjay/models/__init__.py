"""Families of models behind one door each."""
