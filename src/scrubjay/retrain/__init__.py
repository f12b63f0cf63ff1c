"""The steps from a snapshot to a served version."""
