"""Models in the transformers library's own folders: found, read, cut into towers."""
