"""Seconds from a spoken question to the spoken answer, step by step, with the default models.

    python bench/ask_spoken.py --questions 20

Questions about drawn scenes are spoken by espeak-ng, in four plain voices, and go the whole way:
heard, answered, said aloud. How well the listener hears people is not seen here; `bench/ask_asr.py`
has them. First with the picture in hand, then with none, over a home of 420 drawn
pictures and 140 recordings that the encoder in the box searches. The first question loads what it
needs and stands apart. Nothing but the answer is waited for: the last step ends when the sound of
the answer is there, before it is played.
"""

from __future__ import annotations

import argparse
import re
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

from ask_table import Row, middle
from scrubjay.core.types import Picture, Sound
from scrubjay.media.world.captions import plainest
from scrubjay.media.world.draw import draw
from scrubjay.media.world.questions import Kind, question
from scrubjay.media.world.scene import Sampler
from scrubjay.media.world.speak import Speaker, Voice

if TYPE_CHECKING:
    from scrubjay.ask.answer import Answer
    from scrubjay.ask.chain import Asking

SCRIPT = "bench/ask_spoken.py"
KINDS = (Kind.COUNT, Kind.COLOUR, Kind.PRESENCE, Kind.WHERE)
SEED = 11
WHOLE = "in all"
VOICES = (
    Voice("en-us", 150, 50, 50),
    Voice("en-us+f3", 150, 50, 50),
    Voice("en", 160, 45, 50),
    Voice("en+f2", 140, 55, 50),
)


@dataclass(frozen=True, eq=False)
class Spoken:
    """A question in words and as a sound.

    Attributes:
        picture: it is about; None: the collection.
        answer: what is right; empty where that is not told.
    """

    text: str
    sound: Sound
    picture: Picture | None = None
    answer: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    for row in rows(questions=options.questions):
        print(row.line(markdown=options.markdown), flush=True)


def rows(*, questions: int = 20) -> Iterator[Row]:
    """With the picture in hand, then over a collection."""
    from scrubjay.services import open_asking, open_home

    asked = list(asked_of_scenes(questions + 1))
    yield measured("a drawn picture in hand", open_asking(None), asked)
    with tempfile.TemporaryDirectory() as made:
        home = open_home(demo_home(Path(made)))
        searched = list(asked_of_a_collection(questions + 1))
        yield measured("420 pictures and 140 recordings", open_asking(home), searched)


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
        sound = speaker.say(asked.text, VOICES[made // len(KINDS) % len(VOICES)]).sound
        yield Spoken(asked.text, sound, drawn.picture, asked.answer.name)
        made += 1


def asked_of_a_collection(count: int) -> Iterator[Spoken]:
    """Questions for scenes of the first month."""
    from scrubjay.media.world.months import first_month

    speaker = Speaker()
    shots = first_month()
    for at in range(count):
        shot = shots[at * 7 % len(shots)]
        text = f"is there a picture of {plainest(shot.scene).text}?"
        yield Spoken(text, speaker.say(text, VOICES[at % len(VOICES)]).sound)


def demo_home(folder: Path) -> Path:
    """A home with the demonstration's first month, added as people add it."""
    from scrubjay.cli.demo.collection import write_month
    from scrubjay.core.protocols import silent
    from scrubjay.media.world.months import first_month

    month = write_month(folder / "month", first_month(), silent)
    command = [sys.executable, "-m", "scrubjay", "add", str(month), "--home", str(folder / "home")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder / "home"


def measured(what: str, asking: Asking, asked: Sequence[Spoken]) -> Row:
    """Medians of every step, after the first question."""
    from scrubjay.ask.answer import Asked, Shown

    seconds: dict[str, list[float]] = defaultdict(list)
    first = 0.0
    heard = told = right = 0
    for at, one in enumerate(asked):
        pictures = () if one.picture is None else (Shown("scene", one.picture),)
        began = time.perf_counter()
        answer = asking.ask(Asked(sound=one.sound, pictures=pictures, language="en"))
        answered = time.perf_counter()
        asking.speak(answer.text, language="en")
        ended = time.perf_counter()
        if at == 0:
            first = ended - began
            continue
        for name, took in per_step(answer).items():
            seconds[name].append(took)
        seconds["speak"].append(ended - answered)
        seconds[WHOLE].append(ended - began)
        heard += words_of(answer.question) == words_of(one.text)
        told += answer.told
        right += answer.told and says(answer.text, one.answer)
    whole = seconds.pop(WHOLE)
    steps = ", ".join(f"{name} {statistics.median(took):.2f}" for name, took in seconds.items())
    outcome = f"{heard} of {len(whole)} heard word for word, {told} answered"
    if asked[0].answer:
        outcome += f", {right} of them rightly"
    figure = (
        f"{middle(whole, '.2f')} s: {steps}; the first, which loads the models, {first:.2f} s; "
        f"{outcome}"
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
    return re.search(rf"\b{re.escape(right)}\b", text, re.IGNORECASE) is not None


def words_of(text: str) -> list[str]:
    """Its words, however they are written."""
    return re.findall(r"\w+", text.casefold())


if __name__ == "__main__":
    main()
