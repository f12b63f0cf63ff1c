"""Hydra groups, as packaged data; composed by `scrubjay.cli.compose` only."""
