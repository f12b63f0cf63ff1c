"""Models compared on their owner's own questions, prompts and collection."""
