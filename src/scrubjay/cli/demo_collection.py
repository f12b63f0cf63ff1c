"""The demonstration's collection: drawn pictures and spoken sentences, a folder like any other."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scrubjay.core.protocols import Progress
from scrubjay.media.scenes import Scene, draw, every_scene

VOICES = ("en-us+m1", "en-us+f2", "en-gb+m3", "en-gb+f4", "en-us+m7", "en-gb-scotland+f5")
NEW_VOICE = "en-gb+f3"
SPEAKER = "espeak-ng"
PICTURES_EACH = 8
HELD_OUT_EACH = 2


@dataclass(frozen=True, slots=True)
class Collection:
    """Where it was written and what it holds."""

    folder: Path
    pictures: int
    recordings: int


def can_speak() -> bool:
    """Whether recordings can be made here: espeak-ng is installed."""
    return shutil.which(SPEAKER) is not None


def speak(text: str, path: Path, *, voice: str, rate: int = 160, pitch: int = 50) -> None:
    """Write a spoken sentence as a wav file."""
    subprocess.run(
        [SPEAKER, "-v", voice, "-s", str(rate), "-p", str(pitch), "-w", str(path), text],
        check=True,
        capture_output=True,
    )


def write_collection(folder: Path, *, seed: int, progress: Progress) -> Collection:
    """Draw every colour of every shape a few times; speak a sentence for most of them.

    A JSON-lines manifest names picture, recording, caption, colour, shape, group and split: the
    last pictures of each kind are held out, with a voice that training never hears.
    """
    random = np.random.default_rng(seed)
    for name in ("images", "recordings"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    scenes = every_scene()
    speaking = can_speak()
    rows: list[dict[str, str]] = []
    for i, scene in enumerate(scenes):
        progress("drawing and speaking the collection", i, len(scenes))
        rows += [
            _write_one(folder, scene, n, random, speaking=speaking) for n in range(PICTURES_EACH)
        ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "manifest.jsonl").write_text(lines)
    return Collection(folder, len(rows), len(rows) if speaking else 0)


def _write_one(
    folder: Path, scene: Scene, n: int, random: np.random.Generator, *, speaking: bool
) -> dict[str, str]:
    from PIL import Image

    held_out = n >= PICTURES_EACH - HELD_OUT_EACH
    stem = f"{scene.colour}-{scene.shape}-{n}"
    caption = scene.caption(random)
    Image.fromarray(draw(scene, random)).save(folder / "images" / f"{stem}.png")
    row = {
        "image": f"images/{stem}.png",
        "caption": caption,
        "colour": scene.colour,
        "shape": scene.shape,
        "group": scene.name,
        "split": "test" if held_out else "train",
    }
    if speaking:
        voice = NEW_VOICE if held_out else VOICES[random.integers(len(VOICES))]
        speak(
            caption,
            folder / "recordings" / f"{stem}.wav",
            voice=voice,
            rate=int(random.integers(130, 200)),
            pitch=int(random.integers(30, 70)),
        )
        row["audio"] = f"recordings/{stem}.wav"
    return row
