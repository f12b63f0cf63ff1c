"""Measures of products read off their pictures: value, unit, how sure, and where."""
