"""Promote or refuse: frozen sets, statistics, the decision."""
