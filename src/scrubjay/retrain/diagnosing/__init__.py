"""Where a version fails: what `scrubjay diagnose` measures, section by section."""
