"""What a fit calls its files, for those who look for them without loading torch."""

CONFIG = "config.yaml"
CHECKPOINTS = "checkpoints"
PANELS = "panels"
LAST = "last.ckpt"
NEXT = "next.txt"
