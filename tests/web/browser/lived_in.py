"""A home somebody has lived in: pictures, recordings, a month that was learned, hostile names.

Everything is made by the real commands with the encoder in the box; nothing is imitated.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile
import soxr
from PIL import Image

from scrubjay.cli.demo.collection import MANIFEST, shipped_sound, write_month
from scrubjay.core.config import Settings
from scrubjay.media.world.months import Shot, first_month, second_month
from scrubjay.store.home import Home

FIRST, SECOND = "2026-01", "2026-02"
PICTURES, NEWCOMERS = 40, 48
ASKED = {number: shot for number, shot in enumerate(first_month()) if number in {82, 115, 28, 70}}
"""Shots whose recordings are kept out of the home, to be asked for aloud."""

BAD_NAME = "<img src=x onerror=alert('name')> & \"it's\".png"
BAD_CAPTION = "<script>alert('caption')</script><b>bold</b> & \"it's\" {{ 7 * 7 }}"
BAD_TAG = "<i>tag</i>"
BAD_VALUE = '"><svg onload=alert(1)>'
WORDLESS = "a-picture-nobody-wrote-a-word-about-" + "0123456789" * 8 + ".png"
RIGHT_TO_LEFT = "دراجة حمراء تحت شجرة"

QUICK = (
    "experiment=demo",
    "trainer.max_epochs=1",
    "gate.minimum_n=2",
    "gate.minimum_gain=-0.99",
    "gate.alpha=0.49",
    "gate.resamples=1000",
)
"""A month of one epoch that is let through."""


def build(folder: Path) -> Path:
    """Make the home below a folder; return it."""
    home = folder / "home"
    scrubjay("add", str(_first(folder / FIRST)), "--month", FIRST, home=home)
    (shipped,) = (home / "registry" / "versions").iterdir()
    write_month(folder / SECOND, second_month()[:NEWCOMERS], lambda *_: None)
    source = (f"data.source={folder / SECOND}", f"month={SECOND}", f"encoder.source={shipped}")
    scrubjay("retrain", *QUICK, *source, home=home)
    return home


def opened(home: Path) -> Home:
    """The home, to look into while it is served."""
    return Home(Settings(home=home, builtin=False))


def scrubjay(command: str, *arguments: str, home: Path) -> None:
    """Run a command as a person does.

    Raises:
        RuntimeError: it did not succeed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "scrubjay", command, *arguments, "--home", str(home), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
        env={**os.environ, "SCRUBJAY_BUILTIN": "1"},
    )
    if done.returncode:
        raise RuntimeError(f"scrubjay {command} left with {done.returncode}: {done.stderr[-2000:]}")


def spoken_wav(shot: Shot, path: Path, *, rate: int = 48_000, lead_s: float = 0.0) -> Path:
    """A shot's recording as the microphone hears it: 16-bit WAV at a sound card's rate."""
    sound, own_rate = soundfile.read(io.BytesIO(shipped_sound(shot)), dtype="float32")
    silence = np.zeros(round(rate * lead_s), np.float32)
    heard = soxr.resample(sound, own_rate, rate)
    soundfile.write(path, np.concatenate([silence, heard, silence]), rate, subtype="PCM_16")
    return path


def _first(folder: Path) -> Path:
    shots = [shot for shot in first_month() if shot.spoken][:PICTURES]
    write_month(folder, shots, lambda *_: None)
    lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    asked = {f"recordings/scene-{number:03d}.ogg" for number in ASKED}
    for row in rows:
        if row.get("audio") in asked:
            (folder / row.pop("audio")).unlink()
        row["tags"] = ["drawn"]
        row["newcomer"] = "none"
    rows[-1]["captions"] = [RIGHT_TO_LEFT]
    rows[-1]["language"] = "ar"
    rows += [
        {
            "image": _noise(folder / "pictures" / BAD_NAME, 1),
            "captions": [BAD_CAPTION],
            "tags": [BAD_TAG],
            "newcomer": BAD_VALUE,
            "split": "train",
        },
        {"image": _noise(folder / "pictures" / WORDLESS, 2), "split": "train"},
    ]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return folder


def _noise(path: Path, seed: int) -> str:
    """Write a picture like no other; return its name below its collection."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 255, (6, 6, 3), dtype=np.uint8)
    Image.fromarray(small).resize((120, 120), Image.Resampling.NEAREST).save(path)
    return f"pictures/{path.name}"


def copied(home: Path, to: Path) -> Path:
    """A home of one's own to change. The collection it names stays where it is."""
    return Path(shutil.copytree(home, to))
