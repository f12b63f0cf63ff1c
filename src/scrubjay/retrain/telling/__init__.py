"""Somebody is told: messages, events, metrics, and what is kept out of them."""
