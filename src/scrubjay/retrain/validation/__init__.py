"""May what arrived be learned from: rules on rows and on all of them together."""
