"""Seconds from a spoken question to the spoken answer, step by step, with the default models.

    python bench/ask_spoken.py --questions 20

Questions about drawn scenes are spoken by espeak-ng in several voices and go the whole way: heard,
answered, said aloud. First with the picture in hand, then with none, over a home of 420 drawn
pictures and 140 recordings that the encoder in the box searches. The first question loads what it
needs and stands apart. Nothing but the answer is waited for: the last step ends when the sound of
the answer is there, before it is played.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ask_table import Row
from scrubjay.core.types import Picture, Sound
from scrubjay.media.world.captions import plainest
from scrubjay.media.world.draw import draw
from scrubjay.media.world.questions import Kind, question
from scrubjay.media.world.scene import Sampler
from scrubjay.media.world.speak import Speaker, any_voice
from scrubjay.media.world.things import Language

if TYPE_CHECKING:
    from scrubjay.ask.answer import Answer, Asked
    from scrubjay.ask.chain import Asking

SCRIPT = "bench/ask_spoken.py"
KINDS = (Kind.COUNT, Kind.COLOUR, Kind.PRESENCE, Kind.WHERE)
SEED = 11


@dataclass(frozen=True, eq=False)
class Spoken:
    """A question in words and as a sound, what it is about, and what is right."""

    text: str
    sound: Sound
    picture: Picture
    answer: str


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    for row in rows(questions=options.questions):
        print(row.line(markdown=options.markdown), flush=True)


def rows(*, questions: int = 20) -> Iterator[Row]:
    """With the picture in hand, then over a collection."""
    from scrubjay.ask.answer import Asked, Shown
    from scrubjay.services import open_asking, open_home

    spoken = list(asked_of_scenes(questions + 1))
    handed = [
        Asked(sound=one.sound, pictures=(Shown("scene", one.picture),), language="en")
        for one in spoken
    ]
    rights = [one.answer for one in spoken]
    yield measured("a drawn picture in hand", open_asking(None), handed, rights)
    with tempfile.TemporaryDirectory() as made:
        home = open_home(demo_home(Path(made)))
        searched = [Asked(sound=sound, language="en") for sound in asked_of_a_collection(questions)]
        yield measured("420 pictures and 140 recordings", open_asking(home), searched, None)


def asked_of_scenes(count: int) -> Iterator[Spoken]:
    """Questions that have an answer, of several kinds, in several voices."""
    random = np.random.default_rng(SEED)
    speaker = Speaker()
    made = 0
    while made < count:
        scene = Sampler().scene(random)
        drawn = draw(scene, random)
        asked = question(KINDS[made % len(KINDS)], scene, drawn, random)
        if asked is None or asked.answer is None:
            continue
        sound = speaker.say(asked.text, any_voice(Language.ENGLISH, random)).sound
        yield Spoken(asked.text, sound, drawn.picture, asked.answer.name)
        made += 1


def asked_of_a_collection(count: int) -> Iterator[Sound]:
    """Questions for scenes of the first month, one more than asked for."""
    from scrubjay.media.world.months import first_month

    random = np.random.default_rng(SEED + 1)
    speaker = Speaker()
    shots = first_month()
    for at in range(count + 1):
        shot = shots[at * 7 % len(shots)]
        text = f"is there a picture of {plainest(shot.scene).text}?"
        yield speaker.say(text, any_voice(Language.ENGLISH, random)).sound


def demo_home(folder: Path) -> Path:
    """A home with the demonstration's first month, added as people add it."""
    from scrubjay.cli.demo.collection import write_month
    from scrubjay.core.protocols import silent
    from scrubjay.media.world.months import first_month

    month = write_month(folder / "month", first_month(), silent)
    command = [sys.executable, "-m", "scrubjay", "add", str(month), "--home", str(folder / "home")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder / "home"


def measured(
    what: str, asking: Asking, asked: Sequence[Asked], rights: Sequence[str] | None
) -> Row:
    """Medians of every step, after the first question."""
    seconds: dict[str, list[float]] = defaultdict(list)
    first, right, told = 0.0, 0, 0
    for at, one in enumerate(asked):
        began = time.perf_counter()
        answer = asking.ask(one)
        spoken = time.perf_counter()
        asking.speak(answer.text, language="en")
        ended = time.perf_counter()
        if at == 0:
            first = ended - began
            continue
        for name, took in per_step(answer).items():
            seconds[name].append(took)
        seconds["speak"].append(ended - spoken)
        seconds["in all"].append(ended - began)
        told += answer.told
        right += rights is not None and says(answer.text, rights[at])
    steps = ", ".join(
        f"{name} {statistics.median(took):.2f}"
        for name, took in seconds.items()
        if name != "in all"
    )
    whole = seconds["in all"]
    answered = f"{told} of {len(whole)} answered"
    if rights is not None:
        answered += f", {right} rightly"
    figure = (
        f"{statistics.median(whole):.2f} s [{min(whole):.2f}, {max(whole):.2f}]: {steps}; the "
        f"first question {first:.2f} s; {answered}"
    )
    title = f"from a spoken question to the spoken answer, default models, {what}"
    return Row(title, figure, SCRIPT)


def per_step(answer: Answer) -> dict[str, float]:
    """Step -> seconds; a step that was taken twice counts whole."""
    seconds: dict[str, float] = defaultdict(float)
    for step in answer.steps:
        seconds[step.name] += step.seconds
    return seconds


def says(text: str, right: str) -> bool:
    """Whether an answer names what is right."""
    words = text.casefold().replace(".", " ").replace(",", " ").split()
    return right.casefold() in words or right.casefold() in text.casefold()


if __name__ == "__main__":
    main()
