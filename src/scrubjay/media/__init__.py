"""Bytes to arrays, safely; what a folder's listing says about its contents."""
