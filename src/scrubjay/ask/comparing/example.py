"""A comparison to begin with: drawn pictures, questions about them, and prompts for chat models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from scrubjay.core.errors import WrongUse
from scrubjay.media.world.draw import draw
from scrubjay.media.world.questions import EVERYTHING, Kind, Question, question
from scrubjay.media.world.scene import Sampler
from scrubjay.store.durable import write_durably

SEED: Final = 20_265
PICTURES: Final = 18
ENLARGED: Final = 4
"""Pictures are drawn small; an owner's are not."""
QUESTIONS_FILE: Final = "questions.jsonl"
CONFIG_FILE: Final = "compare.yaml"
PROMPTS_FILE: Final = "prompts.jsonl"

_KINDS: Final = (
    (Kind.COUNT, Kind.PRESENCE, Kind.SIGN),
    (Kind.COLOUR, Kind.WHERE, Kind.OUTSIDE),
    (Kind.PRESENCE, Kind.BESIDE, Kind.COUNT),
)
"""Kinds of question, of pictures in turn."""
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five")
_CONFIG: Final = """\
# scrubjay compare questions.jsonl --config compare.yaml
models:
  - by=chain vlm=builtin
  - by=model vlm=builtin
  - by=encoder encoder=builtin encoder.source=shipped
  - by=ocr
  - by=commonest
rounds: 2
prices:
  currency: USD
  # What an hour of your machine costs; this is only an example.
  machine_per_hour: 0.05
"""


def write_example(folder: Path) -> dict[str, Any]:
    """Draw the pictures and write the questions, always the same.

    Args:
        folder: is made; none of the files may be there.

    Returns:
        What was written, as JSON.

    Raises:
        WrongUse: it cannot be written there, or would overwrite something.
    """
    paths = [folder / name for name in (QUESTIONS_FILE, CONFIG_FILE, PROMPTS_FILE, "pictures")]
    for path in paths:
        if path.exists():
            raise WrongUse(f"{path} is there already; name a folder that is empty or new")
    try:
        (folder / "pictures").mkdir(parents=True)
        lines = [json.dumps(one) for one in _drawn(folder)]
        write_durably(paths[0], ("\n".join(lines) + "\n").encode())
        write_durably(paths[1], _CONFIG.encode())
        prompts = (Path(__file__).with_name("example_prompts.jsonl")).read_bytes()
        write_durably(paths[2], prompts)
    except OSError as error:
        raise WrongUse(f"the example cannot be written to {folder}: {error.strerror}") from error
    return {
        "questions": str(paths[0]),
        "config": str(paths[1]),
        "prompts": str(paths[2]),
        "n_questions": len(lines),
        "n_pictures": PICTURES,
    }


def _drawn(folder: Path) -> Iterator[dict[str, Any]]:
    from PIL import Image

    random = np.random.default_rng(SEED)
    for number in range(PICTURES):
        scene = Sampler().scene(random)
        drawn = draw(scene, random)
        name = f"pictures/{number + 1:02}.png"
        side = drawn.picture.shape[0] * ENLARGED
        large = Image.fromarray(drawn.picture).resize((side, side), Image.Resampling.BICUBIC)
        large.save(folder / name)
        asked: set[str] = set()
        for kind in _KINDS[number % len(_KINDS)]:
            one = question(kind, scene, drawn, random)
            if one is not None and one.text not in asked and one.answer != EVERYTHING:
                asked.add(one.text)
                yield _line(name, one)


def _line(name: str, one: Question) -> dict[str, Any]:
    line: dict[str, Any] = {"image": name, "question": one.text}
    if one.answer is None:
        return {**line, "answers": [], "unanswerable": True}
    text = one.answer.name
    if one.answer.sort == "number":
        # Three annotators seldom write a number alike.
        return {**line, "answers": [text, _NUMBERS[int(text)], text], "unanswerable": False}
    return {**line, "answers": [text] * 3, "unanswerable": False}
