"""`python -m scrubjay` is `scrubjay`."""

from scrubjay.cli.main import main

main()
