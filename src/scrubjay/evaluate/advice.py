"""From the figures of a diagnosis to a recipe: rules of a few lines, each naming its figure.

A rule reads the JSON of the sections and of the facts about the version; what a section could not
measure is absent, and a rule that asks for it does not apply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scrubjay.evaluate import advice_figures as figures_of
from scrubjay.evaluate.advice_commands import (
    adapters,
    cooler,
    folder_of,
    harder,
    harder_about,
    hearing,
    locked,
    start,
)
from scrubjay.evaluate.advice_figures import Figures


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, and why.

    Attributes:
        rule: its name.
        because: the figure, in a sentence.
        recipe: what the command does, in a sentence.
        command: to copy; DIR, FOLDER and CAPTION stand for something of the owner's.
    """

    rule: str
    because: str
    recipe: str
    command: str

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "rule": self.rule,
            "because": self.because,
            "recipe": self.recipe,
            "command": self.command,
        }


@dataclass(frozen=True, slots=True)
class Rule:
    """One way from figures to a recipe.

    Attributes:
        applies: the sentence with the figure; None where there is nothing to say.
        command: made from the same figures.
    """

    name: str
    applies: Callable[[Figures], str | None]
    recipe: str
    command: Callable[[Figures], str]


def advise(figures: Figures) -> tuple[Advice, ...]:
    """What the rules say, in their order: wrong data first, since all else is measured with it.

    Args:
        figures: section name -> its JSON, and `facts` of the version: `version`, `family`,
            `folder`, `parameters`, `picture_ms`, `train_groups`, `recall` (direction -> R@10),
            `loss`. All of them may be missing.
    """
    return tuple(
        Advice(rule.name, because, rule.recipe, rule.command(figures))
        for rule in RULES
        if (because := rule.applies(figures)) is not None
    )


def _says(command: str) -> Callable[[Figures], str]:
    return lambda figures: command


_NAMES: Final[Sequence[tuple[str, str]]] = (
    ("attribute", "colours and other attributes"),
    ("relation", "where things are"),
    ("order", "what is where"),
    ("count", "how many there are"),
    ("object", "what is shown"),
)

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "duplicates",
        figures_of.leaks,
        "Give what belongs together one content group, and add the collection again; then measure "
        "anew before anything else.",
        _says("scrubjay add FOLDER"),
    ),
    Rule(
        "mislabelled",
        figures_of.mislabelled,
        "Fix captions on the review page first; the next training learns from what was fixed.",
        _says("scrubjay serve"),
    ),
    Rule(
        "vague",
        figures_of.vague,
        "Say what can be seen, on the review page or in the manifest.",
        _says("scrubjay serve"),
    ),
    *(
        Rule(
            f"probes_{kind}",
            figures_of.probe_fails(kind),
            f"Learn from captions that have {what} wrong, and from pictures that look alike.",
            harder_about(kind),
        )
        for kind, what in _NAMES
    ),
    Rule(
        "noise",
        figures_of.lost_in_noise,
        "Train with more noise and echo, or on a speech tower that has heard more.",
        hearing,
    ),
    Rule(
        "language",
        figures_of.language_worse,
        "Add pairs in that language; a month replays the others, so that they are kept.",
        _says("scrubjay add FOLDER"),
    ),
    Rule(
        "rare_words",
        figures_of.rare_words_worse,
        "Add more such pairs, and replay more of the old ones each month.",
        _says("scrubjay retrain fit.replay=3.0"),
    ),
    Rule(
        "slice",
        figures_of.other_slice_worse,
        "Add more such pairs, and learn from what looks like them and is not.",
        harder,
    ),
    Rule(
        "gap",
        figures_of.gap_and_low_recall,
        "The pairwise sigmoid loss, with a bias of its own, asks less for two separate cones.",
        lambda figures: f"scrubjay train {start(figures)} loss=siglip",
    ),
    Rule(
        "temperature",
        figures_of.wrong_temperature,
        "Start with the scale that fits.",
        cooler,
    ),
    Rule(
        "hubs",
        figures_of.hubs,
        "More negatives a step, and hard ones, push hubs away from what they are not.",
        lambda figures: f"{harder(figures)} datamodule.batch_size=128",
    ),
    Rule(
        "text_behind",
        figures_of.text_behind,
        "Lock the picture tower and teach the text tower to read it (LiT).",
        locked,
    ),
    Rule(
        "few_data",
        figures_of.few_data,
        "Train adapters (LoRA) instead; they are merged on export.",
        adapters,
    ),
    Rule(
        "slow",
        figures_of.slow,
        "Let it teach a small one on the same pictures.",
        lambda figures: f"scrubjay train experiment=distill teacher.source={folder_of(figures)}",
    ),
    Rule(
        "more_data",
        figures_of.curve_falls,
        "Add more of the same: nothing else is as sure.",
        _says("scrubjay add FOLDER"),
    ),
    Rule(
        "other_model",
        figures_of.curve_flat,
        "Change the model instead: begin with one that has seen more, by adapters.",
        _says("scrubjay train experiment=lora encoder.base.source=DIR"),
    ),
)
