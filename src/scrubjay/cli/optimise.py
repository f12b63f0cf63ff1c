"""`scrubjay ask --optimise`: the prompt that answers the owner's own questions best."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scrubjay.cli.frame import emit, note, progress_bar
from scrubjay.core.errors import WrongUse

if TYPE_CHECKING:
    from scrubjay.ask.answer import Asked
    from scrubjay.ask.chain import Asking
    from scrubjay.ask.optimise import Optimised, Score
    from scrubjay.ask.template import Template


def run(asking: Asking, questions: Path, *, name: str, folder: Path, as_json: bool) -> None:
    """Search a prompt, tell how good it is, and write it.

    Args:
        questions: JSONL of image, question, answer.
        name: what it is called; `prompt=<name>` uses it then.
        folder: of the home's own prompts.

    Raises:
        WrongUse: the model takes no instructions, or the questions cannot be used.
    """
    from scrubjay.ask.labelled import read_labelled
    from scrubjay.ask.optimise import optimise
    from scrubjay.ask.prompt import checked_name
    from scrubjay.ask.template_file import write_template

    checked_name(name)
    spec = asking.models.vlm().spec
    if not spec.instructed:
        raise WrongUse(
            f"{spec.family} takes questions as they are, so no prompt can make it better; choose "
            f"a model that follows instructions, such as vlm=transformers vlm.source=FOLDER"
        )
    labelled = read_labelled(questions)

    def ask(template: Template, asked: Asked) -> str:
        answer = asking.with_template(template).ask(asked)
        return answer.text if answer.told else ""

    with progress_bar() as progress:
        found = optimise(labelled, ask=ask, prompts=asking.prompts, name=name, progress=progress)
    path = folder / f"{name}.yaml"
    write_template(path, replace(found.template, name=name), _said(found, questions, spec.name))
    if as_json:
        emit({**found.to_json(), "path": str(path)})
        return
    for line in report(found):
        sys.stdout.write(line + "\n")
    note(f"written to {path}; use it with prompt={name}")


def report(found: Optimised) -> list[str]:
    """What was tried and found, for a person."""
    lines = ["on the questions that chose:"]
    lines += [f"  {_score(score)}  {what}" for what, score in found.tried]
    lines += [
        "on the questions that were held out:",
        f"  {_score(found.plain)}  plain",
        f"  {_score(found.best)}  {found.template.name}",
        "it is shown to be better than plain"
        if found.shown_better
        else "it is not shown to be better than plain: give more questions to know",
    ]
    return lines


def _score(score: Score) -> str:
    low, high = score.interval
    n = len(score.right)
    return f"{score.share:6.1%} of {n} right (95%: {low:.1%} to {high:.1%})"


def _said(found: Optimised, questions: Path, model: str) -> str:
    return (
        f"Found by `scrubjay ask --optimise {questions.name}` for {model}.\n"
        f"Held out: {_score(found.best).strip()}; plain: {_score(found.plain).strip()}."
    )
