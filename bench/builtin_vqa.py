"""The question model in the box: right answers by type of question, silence, and milliseconds.

    python bench/builtin_vqa.py
    python bench/builtin_vqa.py --write 2026-11 --note "Half an hour on one core."
    python bench/builtin_vqa.py --foreign ../shared/data/wikiart-tickets

What is measured is what serves: the exported graphs, one thread. Scenes, ways to ask and unknown
things are those kept for testing. --foreign counts the pictures of a folder it keeps silent about;
no limit was set by looking at them. --write puts the figures and the card beside the weights.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scrubjay.core.looking import Message, Role, Sampling
from scrubjay.core.protocols import Locates
from scrubjay.core.types import Picture
from scrubjay.evaluate.bootstrap import bootstrap_mean
from scrubjay.media.world.questions import Kind
from scrubjay.media.world.scene import Template
from scrubjay.models.builtin_vqa.answering import QuestionModel
from scrubjay.models.builtin_vqa.shipped import CARD, FIGURES, FOLDER
from scrubjay.models.builtin_vqa.shipped import figures as shipped_figures
from scrubjay.models.load import load_vlm
from scrubjay.training.world.vqa_measure import (
    TESTING,
    Asked,
    everything_in,
    questions,
    score,
    silent_about,
    strangers,
)

EACH = 400
"""Questions of each type."""
STRANGERS = 500
TIMED = 60
CALIBRATION_BINS = (0.5, 0.8, 0.9, 0.95, 0.98, 1.01)
PICTURES = (".jpg", ".jpeg", ".png")


def main() -> None:
    """Measure, print the card, and write it when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", metavar="MONTH", help="month the weights were trained in")
    parser.add_argument("--note", default="", help="how long the training took, and where")
    parser.add_argument("--foreign", type=Path, help="folder of pictures that are not its world")
    parser.add_argument("--source", type=Path, default=FOLDER, help="folder of another model")
    parser.add_argument("--each", type=int, default=EACH, help="questions of each type")
    given = parser.parse_args()
    model = QuestionModel.open(given.source, threads=1)
    before = shipped_figures() if (FOLDER / FIGURES).exists() else {}
    types, told = by_type(model, given.each)
    figures: dict[str, Any] = {
        "month": given.write,
        "note": given.note or before.get("note", ""),
        "each": given.each,
        "types": types,
        "calibration": calibration(told),
        "mixed": of_template(model, given.each, None),
        "template_never_seen": of_template(model, given.each, Template.COUNT_AND),
        "captions": captions(given.source, given.each),
        "silent": {
            "kinds trained against": share(silent_about(model, made(held_out=False))),
            "kinds never trained against": share(silent_about(model, made(held_out=True))),
        },
        "foreign": before.get("foreign"),
        "question_ms": milliseconds(given.source),
    }
    if given.foreign:
        figures["foreign"] = foreign(model, given.foreign)
    card = model_card(figures)
    if given.write:
        (FOLDER / FIGURES).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        (FOLDER / CARD).write_text(card, encoding="utf-8")
    sys.stdout.write(card)


def by_type(model: QuestionModel, n: int) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Figures of every type and of all together, and each answer's confidence and rightness."""
    rows: dict[str, Any] = {}
    told = []
    totals = np.zeros(5, np.int64)
    for kind in Kind:
        found, answers = score(model, questions(n, seed=TESTING, held_out=True, kind=kind))
        counts = np.array(
            [found.answerable, found.answered, found.right, found.unanswerable, found.silent]
        )
        rows[kind.value] = _shares(counts)
        totals += counts
        told.append(answers)
    rows["all"] = _shares(totals)
    return rows, np.concatenate(told)


def _shares(counts: NDArray[np.int64]) -> dict[str, Any]:
    answerable, answered, right, unanswerable, silent = (int(one) for one in counts)
    return {
        "answerable": answerable,
        "answered": share([True] * answered + [False] * (answerable - answered)),
        "right": share([True] * right + [False] * (answered - right)),
        "unanswerable": unanswerable,
        "silent": share([True] * silent + [False] * (unanswerable - silent)),
    }


def of_template(model: QuestionModel, n: int, template: Template | None) -> dict[str, Any]:
    """Held-out questions of all kinds together."""
    seed = TESTING + 1
    asked = questions(n, seed=seed, held_out=True, template=template)
    found, _ = score(model, asked)
    return _shares(
        np.array([found.answerable, found.answered, found.right, found.unanswerable, found.silent])
    )


def captions(source: Path, n: int) -> dict[str, Any]:
    """How often a caption is given, and names all there is, each so often as it is there."""
    vlm = load_vlm("builtin", source=source, threads=1)
    told: list[bool] = []
    right: list[bool] = []
    for one in questions(n, seed=TESTING + 2, held_out=True):
        reply = vlm.caption(one.picture, Sampling())
        told.append(reply.told)
        if reply.told and isinstance(vlm, Locates):
            names = [seen.text.rpartition(" that says ")[2] for seen in vlm.locate(one.picture)]
            right.append({name: names.count(name) for name in names} == everything_in(one.scene))
    return {"told": share(told), "right": share(right)}


def calibration(told: NDArray[np.float64]) -> list[dict[str, float]]:
    """What it said its chances were, and how often it was right."""
    rows = []
    for low, high in pairwise(CALIBRATION_BINS):
        some = told[(told[:, 0] >= low) & (told[:, 0] < high)]
        if len(some):
            rows.append(
                {
                    "from": low,
                    "n": len(some),
                    "said": round(float(some[:, 0].mean()), 3),
                    "right": round(float(some[:, 1].mean()), 3),
                }
            )
    return rows


def made(*, held_out: bool) -> list[Picture]:
    """Pictures that are not of its world."""
    return strangers(STRANGERS, seed=TESTING, held_out=held_out)


def foreign(model: QuestionModel, folder: Path) -> dict[str, Any]:
    """Silence about all pictures of a folder."""
    files = sorted(one for one in folder.rglob("*") if one.suffix.lower() in PICTURES)
    silent = [
        silent_about(model, [np.asarray(Image.open(file).convert("RGB"))])[0] for file in files
    ]
    return {"folder": folder.name, "n": len(files), "silent": share(silent)}


def milliseconds(source: Path) -> dict[str, float]:
    """Median of one question about one picture, and of a caption, on one thread."""
    vlm = load_vlm("builtin", source=source, threads=1)
    asked: Sequence[Asked] = questions(TIMED, seed=TESTING + 3, held_out=True)
    took: dict[str, list[float]] = {"question": [], "caption": []}
    vlm.caption(asked[0].picture, Sampling())
    vlm.reply([Message(Role.USER, (asked[0].picture, asked[0].question.text))], Sampling())
    for one in asked:
        began = time.perf_counter()
        vlm.reply([Message(Role.USER, (one.picture, one.question.text))], Sampling())
        took["question"].append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        vlm.caption(one.picture, Sampling())
        took["caption"].append(1000 * (time.perf_counter() - began))
    return {name: round(median(some), 1) for name, some in took.items()}


def share(holds: Sequence[bool]) -> dict[str, float] | None:
    """A share with its 95% interval; None of nothing."""
    if not holds:
        return None
    (found,) = bootstrap_mean(np.array(holds, np.float64)[:, None], np.arange(len(holds)))
    return dict(found.to_json())


def percent(found: dict[str, float] | None) -> str:
    """`97.3 [96.1, 98.2]`, or a dash."""
    if found is None:
        return "-"
    return "{:.1f} [{:.1f}, {:.1f}]".format(*(100 * value for value in list(found.values())[:3]))


def model_card(figures: dict[str, Any]) -> str:
    """The card that is shipped."""
    rows = "\n".join(
        f"| {name} | {row['answerable']} | {percent(row['answered'])} | {percent(row['right'])} "
        f"| {row['unanswerable']} | {percent(row['silent'])} |"
        for name, row in figures["types"].items()
    )
    sure = "\n".join(
        f"| {row['from']:.2f} | {row['n']} | {100 * row['said']:.1f} | {100 * row['right']:.1f} |"
        for row in figures["calibration"]
    )
    silent = "\n".join(
        f"| made here, {name} | {STRANGERS} | {percent(found)} |"
        for name, found in figures["silent"].items()
    )
    if figures["foreign"]:
        looked_at = figures["foreign"]
        silent += f"\n| {looked_at['folder']} | {looked_at['n']} | {percent(looked_at['silent'])} |"
    more = "\n".join(
        f"| {name} | {percent(row['answered'])} | {percent(row['right'])} |"
        for name, row in (
            ("of every template, each kind as often as it is taught", figures["mixed"]),
            ("two apples and a dog: a template never seen", figures["template_never_seen"]),
        )
    )
    took = figures["question_ms"]
    caption = figures["captions"]
    return CARD_TEXT.format(
        note=figures["note"],
        each=figures["each"],
        rows=rows,
        sure=sure,
        silent=silent,
        more=more,
        captions_told=percent(caption["told"]),
        captions_right=percent(caption["right"]),
        question_ms=took["question"],
        caption_ms=took["caption"],
    )


CARD_TEXT = """\
# The question model in the box

A small model that answers questions about pictures of the world Scrubjay draws, so that
`scrubjay ask` works on a fresh machine, offline. It is a demonstration and a test bed: it knows
**nothing of photographs or paintings** and says so. For real pictures choose another vlm.

- Looks at: any picture, squeezed to 96 x 96 pixels. Knows 156 everyday things drawn from Noto
  Color Emoji, 8 shapes in 10 colours, up to 5 objects, and 66 words on signs.
- Answers, in English: how many, is there, what colour (of shapes), which shape, where, what is
  beside, is it left / right / above / below, what does the sign say, what is in the picture.
- Captions from what it detects, and says where it saw each (`locate`).
- Says "I can't tell" of other worlds, of words it does not know, of what is not there, of what
  no picture tells, of other languages, and when it is likelier wrong than right.
- Network: the image tower of the encoder in the box was its eye's beginning (2.9 M parameters,
  weights its own); every cell of a 6 x 6 grid says what is there; a fusion head of 3 layers
  (0.6 M parameters, after ViLT, Kim et al. 2021) reads cells and question together. Names in the
  question are held against the cells: soft counts and mean places are given to the head
  (after Zhang et al. 2018), and what cells show is read off by a pointer (Vinyals et al. 2015).
  Lists of everything and captions are put together from the detections, not by the head.
- Its confidence is a calibrated chance. Limits were set on scenes of its own world only.
- Trained by `scrubjay train experiment=builtin_vqa`, one seed. {note}

## Figures

In percent, 95% bootstrap intervals in brackets; exported graphs, one thread. Held-out scenes
(pairs never seen together, a template never seen), ways to ask that were never taught, unknown
things never named; a third of the pictures went through JPEG or another size. When some of the
ways that are kept were found to be misunderstood, more ways were taught, none of those kept.
{each} questions of each type. "Outside" asks what no picture tells.

| type | answerable | answered | of these right | unanswerable | silent |
|---|---|---|---|---|---|
{rows}

| scenes | answered | of these right |
|---|---|---|
{more}

Of held-out scenes {captions_told} are captioned; of these captions {captions_right} name
everything, as often as it is there.

| it says its chance is from | answers | it said | were right |
|---|---|---|---|
{sure}

| pictures of other worlds | n | silent about |
|---|---|---|
{silent}

One question about one picture takes {question_ms} ms, a caption {caption_ms} ms.

## What it cannot do

Photographs, paintings, drawings by hand; more than about five objects; things it was not
taught, colours of things (only shapes have one), sizes, comparisons, whole conversations, any
language but English. It may be wrong where objects touch the border of two parts of a picture.
"""


if __name__ == "__main__":
    main()
