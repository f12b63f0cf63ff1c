"""Questions about small pictures, and points that answer from them."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from scrubjay.ask.comparing.points import Point
from scrubjay.ask.comparing.questions import Posed
from scrubjay.ask.comparing.said import Said
from scrubjay.ask.settings import AskSettings, Choice

FAKE = AskSettings(vlm=Choice("fake"), ocr=Choice("fake"))
COLOURS = {"red": (220, 40, 40), "green": (50, 160, 70), "blue": (40, 80, 200)}


def posed(*answers, annotated=True, unanswerable=None, question="what is it?", group="g"):
    return Posed("1", (Path("x.png"),), (group,), question, tuple(answers), annotated, unanswerable)


def said(text, *, told=True, **more):
    return Said(text, told, **more)


def write_questions(folder: Path, *, n: int = 12, extra: tuple[dict, ...] = ()) -> Path:
    """Questions whose answers the fake model knows: the colours of pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for at in range(n):
        name, colour = list(COLOURS.items())[at % 3]
        Image.new("RGB", (40 + at, 40), colour).save(folder / f"{at}.png")
        lines.append(
            {"image": f"{at}.png", "question": "what colour is it?", "answers": [name, name]}
        )
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in (*lines, *extra)))
    return path


def point(name="fake", **more):
    return Point(name, settings=FAKE, **more)
