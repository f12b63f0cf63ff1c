"""Words, contracts and errors every room shares: plain Python, no torch, no input or output."""
