"""A model that looks at the numbers of read panels, for `extract_fit.py` and `extract.py`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from extract_panels import Read
from scrubjay.ask.extracting.fusing import ALIKE, alike, judge_all, worth_a_look
from scrubjay.models.load import load_vlm

__all__ = ["ALIKE", "alike", "looked"]


def looked(read: Sequence[Read], folder: Path) -> list[Read]:
    """The same panels, each number that a picture may tell apart looked at."""
    vlm = load_vlm("transformers", source=folder)
    made = []
    for at, one in enumerate(read):
        page, picture = one.found.page, one.panel.picture
        judgements = judge_all(vlm, picture, page, worth_a_look(one.found.candidates))
        made.append(replace(one, found=replace(one.found, judgements=judgements)))
        if at % 50 == 49:
            print(f"  looked at {at + 1} of {len(read)} panels", file=sys.stderr, flush=True)
    return made
