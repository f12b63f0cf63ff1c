"""Times in a recording or video, as people read them."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """A time as a player shows it: 4:05, 1:04:05."""
    minutes, second = divmod(max(0, round(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
