"""The demonstration's months as folders like any other: pictures, a manifest, recordings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from scrubjay.core.protocols import Progress
from scrubjay.media.world.months import SEED, Shot

MANIFEST = "manifest.jsonl"
SOUNDS = "sounds"
CAPTIONS = "captions.json"
"""Beside the shipped recordings: file name to what is said in it."""


def picture_name(shot: Shot) -> str:
    """The file a shot becomes."""
    return f"{shot.kind.replace(' ', '-') or 'scene'}-{shot.number:03d}.png"


def sound_name(shot: Shot) -> str:
    """The recording that is shipped for a shot."""
    return f"scene-{shot.number:03d}.ogg"


def write_month(folder: Path, shots: Sequence[Shot], progress: Progress) -> Path:
    """Draw a month's pictures and put its recordings beside them.

    The manifest comes last: a folder that has one is whole.
    """
    if (folder / MANIFEST).exists():
        return folder
    from PIL import Image

    from scrubjay.media.world.draw import draw

    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    (folder / "recordings").mkdir(exist_ok=True)
    rows = []
    for shot in shots:
        progress("drawing pictures", shot.number, len(shots))
        random = np.random.default_rng([SEED, len(shots), shot.number])
        picture = f"pictures/{picture_name(shot)}"
        Image.fromarray(draw(shot.scene, random).picture).save(folder / picture)
        row: dict[str, object] = {
            "image": picture,
            "captions": list(shot.captions),
            "split": "test" if shot.held_out else "train",
            "newcomer": shot.kind or "none",
        }
        if shot.spoken:
            row["audio"] = f"recordings/{sound_name(shot)}"
            (folder / f"recordings/{sound_name(shot)}").write_bytes(shipped_sound(shot))
        rows.append(row)
    progress("drawing pictures", len(shots), len(shots))
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    aside = folder / f".{MANIFEST}"
    aside.write_text(text, encoding="utf-8")
    aside.replace(folder / MANIFEST)
    return folder


def shipped_sound(shot: Shot) -> bytes:
    """The recording of a shot's plainest caption, Opus in Ogg."""
    return files(__package__).joinpath(SOUNDS, sound_name(shot)).read_bytes()
