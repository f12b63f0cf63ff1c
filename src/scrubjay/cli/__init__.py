"""The command line: the only place that composes configuration with Hydra."""
