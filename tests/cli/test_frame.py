"""Progress as plain lines."""

from __future__ import annotations

import pytest

from scrubjay.cli import frame
from scrubjay.cli.frame import progress_bar
from scrubjay.core.protocols import Seconds


def test_a_video_is_told_in_minutes_and_all_else_in_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(frame, "SHOW_AFTER_S", 0.0)
    monkeypatch.setattr(frame, "LINE_EVERY_S", 0.0)
    with progress_bar() as progress:
        progress("embedding", 3, 12)
        progress(Seconds("film.mp4: looking"), 750, 3_600)
        progress(Seconds("live.mkv: listening"), 65, None)
    assert capsys.readouterr().err.splitlines() == [
        "embedding: 3 of 12",
        "film.mp4: looking: 12:30 of 1:00:00",
        "live.mkv: listening: 1:05",
    ]
