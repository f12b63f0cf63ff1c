"""Adds a folder with a video to a new home, as `scrubjay add` does, and times each part.

    python bench/video_add.py FOLDER HOME

`bench/video.py` runs it in a process of its own and watches its memory. Printed is JSON: seconds
by the clock. Hearing words and reading text are timed by what their models take; the rest of each
pass, decoding, shots, speech and encoding, counts as the pass.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from scrubjay.models.load import load_asr, load_ocr
from scrubjay.search import film_models
from scrubjay.services import add_folder, open_home

MONTH = "2026-11"
PASSES = ("looking", "listening", "reading")
BEFORE, AFTER = "beginning", "writing"
TELL_EVERY_S = 10.0


class Timer:
    """A Progress that sees which pass the time goes to, and tells people now and then."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.processor: dict[str, float] = defaultdict(float)
        self._now, self._at, self._used = BEFORE, time.perf_counter(), processor_seconds()
        self._told = 0.0

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Hear how far it is."""
        self._to(next((one for one in PASSES if what.endswith(one)), None) or self._other())
        if self._at - self._told >= TELL_EVERY_S:
            self._told = self._at
            print(f"  {what} {done} of {total or '?'}", file=sys.stderr, flush=True)

    def end(self) -> dict[str, dict[str, float]]:
        """Seconds of each pass by the clock, and those that processors worked for it."""
        self._to(self._now)
        told = {"passes": self.seconds, "processor": self.processor}
        return {
            name: {part: round(took, 2) for part, took in parts.items()}
            for name, parts in told.items()
        }

    def _other(self) -> str:
        return BEFORE if self._now == BEFORE else AFTER

    def _to(self, name: str) -> None:
        now, used = time.perf_counter(), processor_seconds()
        self.seconds[self._now] += now - self._at
        self.processor[self._now] += used - self._used
        self._now, self._at, self._used = name, now, used


def processor_seconds() -> float:
    """Of this process and of those it started that have ended."""
    told = os.times()
    return told.user + told.system + told.children_user + told.children_system


class Timed:
    """Counts what a model takes, and how often it is asked."""

    def __init__(self, load: Callable[..., Any]) -> None:
        self._load = load
        self.loading = self.seconds = 0.0
        self.calls = 0

    def __call__(self, family: str, **options: Any) -> Any:  # noqa: ANN401 - as the loader
        """The model; its answers are timed from then on."""
        began = time.perf_counter()
        model = self._load(family, **options)
        self.loading = time.perf_counter() - began
        name = "transcribe" if hasattr(model, "transcribe") else "read"
        answer = getattr(model, name)

        def timed(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - as the model
            asked = time.perf_counter()
            answered = answer(*given, **named)
            self.seconds += time.perf_counter() - asked
            self.calls += 1
            return answered

        setattr(model, name, timed)
        return model

    def to_json(self) -> dict[str, float]:
        """Seconds answering and loading, and answers."""
        return {
            "seconds": round(self.seconds, 2),
            "calls": self.calls,
            "loading": round(self.loading, 2),
        }


def main() -> None:
    if len(sys.argv) != 3:
        print(__doc__)
        return
    folder, home = Path(sys.argv[1]), open_home(Path(sys.argv[2]), builtin=True)
    words, text, timer = Timed(load_asr), Timed(load_ocr), Timer()
    with (
        patch.object(film_models, "load_asr", words),
        patch.object(film_models, "load_ocr", text),
    ):
        began = time.perf_counter()
        added = add_folder(home, folder, month=MONTH, progress=timer)
    told = {
        "seconds": round(time.perf_counter() - began, 2),
        **timer.end(),
        "hearing words": words.to_json(),
        "reading text": text.to_json(),
        "rows": added.indexed,
        "set aside": [str(one) for one in added.quarantined],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
