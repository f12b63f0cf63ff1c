"""From the figures of a diagnosis to a recipe: rules of a few lines, each naming its figure.

A rule reads the JSON of the sections and of the facts about the version; what a section could not
measure is absent, and a rule that asks for it does not apply.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Figures = Mapping[str, Any]

FEW_GROUPS: Final = 20
"""Content groups below which a probe says too little to act on."""
WEAK: Final = 0.7
"""Share of probes; a kind that surely passes fewer is not learned."""
MANY_WRONG: Final = 0.03
MANY_VAGUE: Final = 0.1
LEAKING: Final = 0.01
LOW_RECALL: Final = 0.5
LOST_IN_NOISE: Final = 0.1
AUDIBLE_DB: Final = 5
"""Decibels above which people follow speech in noise without effort."""
BIG: Final = 20_000_000
"""Parameters from which few data are better learned by adapters."""
SMALL_DATA: Final = 5_000
GOOD_RECALL: Final = 0.9
SLOW_MS: Final = 40.0
"""Milliseconds a picture on this machine."""


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


_PLURAL: Final = {"image": "pictures", "speech": "recordings"}


def _leaks(figures: Figures) -> str | None:
    data = _section(figures, "data")
    found = data.get("duplicates", {})
    reasons = found.get("by_reason", {})
    same = sum(n for reason, n in reasons.items() if "same, word" not in reason)
    asked = found.get("asked", 0)
    if not asked or same < 2 or same / asked < LEAKING:
        return None
    return (
        f"{same} of {asked} held-out items look like something that was trained on: every figure "
        f"here is too good."
    )


def _mislabelled(figures: Figures) -> str | None:
    found = _section(figures, "data").get("mislabelled", {})
    if found.get("found", 0) < 3 or found.get("share", 0.0) < MANY_WRONG:
        return None
    return (
        f"{found['found']} of {found['asked']} captions ({found['share']:.0%}) are likely those of "
        f"something else."
    )


def _vague(figures: Figures) -> str | None:
    found = _section(figures, "data").get("vague", {})
    if found.get("found", 0) < 3 or found.get("share", 0.0) < MANY_VAGUE:
        return None
    return (
        f"{found['found']} of {found['asked']} captions ({found['share']:.0%}) describe nothing "
        f"visible: there is nothing to learn from them."
    )


def _probe(kind: str) -> Callable[[Figures], str | None]:
    def applies(figures: Figures) -> str | None:
        for one in _section(figures, "probes").get("figures", ()):  # the least passed first
            if one["kind"] != kind or one["n_groups"] < FEW_GROUPS:
                continue
            passed = one["accuracy"]
            if one["told"] != "above chance" or passed["high"] < WEAK:
                return (
                    f"{kind.capitalize()} probes of {_PLURAL[one['modality']]} are {one['told']}: "
                    f"{passed['value']:.0%} of {one['n']} pass ({passed['low']:.0%} to "
                    f"{passed['high']:.0%}), 50% would be guessing."
                )
        return None

    return applies


def _noisy(figures: Figures) -> str | None:
    worst = None
    for direction in _section(figures, "noise").get("directions", ()):
        for level in direction["levels"]:
            lost = level.get("lost")
            if lost is None or level["snr_db"] < AUDIBLE_DB or (level["p_adjusted"] or 1.0) >= 0.05:
                continue
            if -lost["value"] >= LOST_IN_NOISE and (worst is None or lost["value"] < worst[0]):
                worst = (lost["value"], direction["name"], level["noise"], level["snr_db"])
    if worst is None:
        return None
    value, name, noise, snr = worst
    return (
        f"Speech is lost in noise that people hear through: {-100 * value:.0f} points of recall at "
        f"{snr:g} dB of {noise} noise ({name.replace('->', ' to ')})."
    )


def _language(figures: Figures) -> str | None:
    return _worse_slice(figures, lambda about, name: about == "language", "The language {}")


def _rare(figures: Figures) -> str | None:
    return _worse_slice(
        figures,
        lambda about, name: about == "words" and name.startswith("rare"),
        "What rare words name",
    )


def _worse_slice(figures: Figures, wanted: Callable[[str, str], bool], told: str) -> str | None:
    for direction in _section(figures, "slices").get("directions", ()):
        for one in direction["slices"]:
            if one["worse"] and wanted(one["about"], one["name"]):
                return (
                    f"{told.format(one['name'])} is found less often: "
                    f"{-100 * one['difference']['value']:.0f} points of recall below the rest "
                    f"({direction['name'].replace('->', ' to ')}, {one['n_queries']} queries)."
                )
    return None


def _gap(figures: Figures) -> str | None:
    facts = _section(figures, "facts")
    if "SigLIP" in str(facts.get("loss", "")):
        return None
    recall = facts.get("recall", {})
    for one in _geometry(figures, "gap"):
        first, _, second = one["about"].partition(" and ")
        found = [recall.get(f"{a}->{b}") for a, b in ((first, second), (second, first))]
        low = [value for value in found if value is not None and value < LOW_RECALL]
        if one["concern"] and low:
            return (
                f"The centres of {one['about']} lie {one['value']:.2f} apart, and R@10 between "
                f"them is {min(low):.0%}."
            )
    return None


def _temperature(figures: Figures) -> str | None:
    for one in _geometry(figures, "scale"):
        if one["concern"] and abs(one["value"] - one["reference"]) > 1e-9:
            return (
                f"The version was taught with a logit scale of {one['value']:.0f} where "
                f"{one['reference']:.0f} fits its held-out answers ({one['about']})."
            )
    return None


def _hubs(figures: Figures) -> str | None:
    recall = _section(figures, "facts").get("recall", {})
    worst = max(
        (
            one
            for one in _geometry(figures, "hubness")
            if one["concern"] and recall.get(one["about"], 0.0) < GOOD_RECALL
        ),
        key=lambda one: float(one["value"]),
        default=None,
    )
    if worst is None:
        return None
    return (
        f"A few rows answer far too many questions: the skew of {worst['about']} is "
        f"{worst['value']:.1f}, by chance it would be {worst['reference']:.1f}."
    )


def _deaf_text(figures: Figures) -> str | None:
    """The picture tower tells things apart that the text tower does not."""
    facts = _section(figures, "facts")
    recall = facts.get("recall", {})
    texts = recall.get("text->image")
    ranks = {one["about"]: one["value"] for one in _geometry(figures, "rank")}
    if texts is None or texts >= WEAK or not {"image", "text"} <= ranks.keys():
        return None
    spoken = recall.get("speech->image")
    if spoken is not None and spoken - texts >= 0.15:
        return (
            f"Pictures are found by speech ({spoken:.0%} R@10) and not by words ({texts:.0%}): the "
            f"picture tower is good, the text tower is not."
        )
    if ranks["text"] > 0 and ranks["image"] / ranks["text"] >= 2.5:
        return (
            f"Pictures use {ranks['image']:.0f} dimensions, captions {ranks['text']:.0f}, and "
            f"words find their picture among the first ten {texts:.0%} of the time: the text tower "
            f"is behind."
        )
    return None


def _few_data(figures: Figures) -> str | None:
    facts = _section(figures, "facts")
    size, groups = facts.get("parameters"), facts.get("train_groups")
    if size is None or groups is None or size < BIG or not 0 < groups < SMALL_DATA:
        return None
    if facts.get("tuned") == "lora":
        return None
    return (
        f"{groups:,} content groups are few for an encoder of {size / 1e6:.0f} million parameters: "
        f"trained as a whole it forgets what it knew."
    )


def _slow(figures: Figures) -> str | None:
    slow = _section(figures, "facts").get("picture_ms")
    if slow is None or slow < SLOW_MS:
        return None
    return f"A picture takes {slow:.0f} ms to encode on this machine."


def _steep(figures: Figures) -> str | None:
    curve = _curve(figures, "falling")
    if curve is None:
        return None
    gain = curve["gain"]
    return (
        f"The learning curve still falls: one more month would take {100 * gain['value']:.1f} "
        f"points off the error ({100 * gain['low']:.1f} to {100 * gain['high']:.1f})."
    )


def _flat(figures: Figures) -> str | None:
    curve = _curve(figures, "flat")
    if curve is None:
        return None
    return (
        f"The learning curve is flat at an error of {curve['errors'][-1]['value']:.0%}: more data "
        f"of the same kind brings nothing."
    )


def _curve(figures: Figures, verdict: str) -> Mapping[str, Any] | None:
    curve = _section(figures, "curve").get("outlook")
    return curve if curve and curve["verdict"] == verdict else None


def _geometry(figures: Figures, kind: str) -> Iterator[Mapping[str, Any]]:
    return (one for one in _section(figures, "geometry").get("figures", ()) if one["kind"] == kind)


def _section(figures: Figures, name: str) -> Mapping[str, Any]:
    found = figures.get(name)
    return found if isinstance(found, Mapping) else {}


_ENCODERS: Final[Mapping[str, str]] = {
    "builtin": "builtin_folder",
    "transformers": "transformers",
    "open_clip": "open_clip",
}


def _encoder(figures: Figures) -> str:
    """Overrides that begin with this version's weights; with those in the box where none can."""
    group = _ENCODERS.get(str(_section(figures, "facts").get("family")))
    if group is None:
        return "encoder=builtin_shipped"
    return f"encoder={group} encoder.source={_folder(figures)}"


def _start(figures: Figures) -> str:
    """The same, and as gently as weights that know something want it."""
    family = str(_section(figures, "facts").get("family"))
    gently = "model=finetune" if family in {"transformers", "open_clip"} else "model.lr=0.00015"
    return f"{_encoder(figures)} {gently}"


def _folder(figures: Figures) -> str:
    return shlex.quote(str(_section(figures, "facts").get("folder") or "DIR"))


def _adapters(figures: Figures) -> str:
    family = _section(figures, "facts").get("family")
    known = family if family in _ENCODERS else "transformers"
    return (
        f"scrubjay train experiment=lora encoder.base.family={known} "
        f"encoder.base.source={_folder(figures)}"
    )


def _locked(figures: Figures) -> str:
    family = _section(figures, "facts").get("family")
    encoder = (
        _ENCODERS.get(str(family), "transformers") if family != "open_clip" else "transformers"
    )
    return f"scrubjay train experiment=lit encoder={encoder} encoder.source={_folder(figures)}"


def _hearing(figures: Figures) -> str:
    """More noise in training where the family mixes it in; else a tower that has heard more."""
    if _section(figures, "facts").get("family") == "builtin":
        louder = {"noise": 0.8, "snr": 3.0, "reverb": 0.5}
        spoken = " ".join(f"+encoder.inputs.speech.{name}={of}" for name, of in louder.items())
        return f"scrubjay train {_start(figures)} {spoken}"
    return (
        f"scrubjay train experiment=speech_tower encoder.base.source={_folder(figures)} "
        f"encoder.speech=DIR"
    )


def _cooler(figures: Figures) -> str:
    fits = next((one["reference"] for one in _geometry(figures, "scale") if one["concern"]), math.e)
    return f"scrubjay train {_start(figures)} loss.logit_scale={math.log(max(fits, 1.0)):.2f}"


def _harder(figures: Figures) -> str:
    facts = _section(figures, "facts")
    known = str(facts.get("family")) in _ENCODERS
    rate = "" if not known or facts.get("family") == "builtin" else " model.lr=0.000005"
    return f"scrubjay train experiment=hard_negatives {_encoder(figures)}{rate}"


def _about(kind: str) -> Callable[[Figures], str]:
    return lambda figures: f"{_harder(figures)} 'model.kinds=[{kind}]'"


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
        _leaks,
        "Give what belongs together one content group, and add the collection again; then measure "
        "anew before anything else.",
        _says("scrubjay add FOLDER"),
    ),
    Rule(
        "mislabelled",
        _mislabelled,
        "Fix captions on the review page first; the next training learns from what was fixed.",
        _says("scrubjay serve"),
    ),
    Rule(
        "vague",
        _vague,
        "Say what can be seen, on the review page or in the manifest.",
        _says("scrubjay serve"),
    ),
    *(
        Rule(
            f"probes_{kind}",
            _probe(kind),
            f"Learn from captions that have {what} wrong, and from pictures that look alike.",
            _about(kind),
        )
        for kind, what in _NAMES
    ),
    Rule(
        "noise",
        _noisy,
        "Train with more noise and echo, or on a speech tower that has heard more.",
        _hearing,
    ),
    Rule(
        "language",
        _language,
        "Add pairs in that language; a month replays the others, so that they are kept.",
        _says("scrubjay add FOLDER"),
    ),
    Rule(
        "rare_words",
        _rare,
        "Add more such pairs, and replay more of the old ones each month.",
        _says("scrubjay retrain fit.replay=3.0"),
    ),
    Rule(
        "gap",
        _gap,
        "The pairwise sigmoid loss, with a bias of its own, asks less for two separate cones.",
        lambda figures: f"scrubjay train {_start(figures)} loss=siglip",
    ),
    Rule(
        "temperature",
        _temperature,
        "Start with the scale that fits.",
        _cooler,
    ),
    Rule(
        "hubs",
        _hubs,
        "More negatives a step, and hard ones, push hubs away from what they are not.",
        lambda figures: f"{_harder(figures)} datamodule.batch_size=128",
    ),
    Rule(
        "text_behind",
        _deaf_text,
        "Lock the picture tower and teach the text tower to read it (LiT).",
        _locked,
    ),
    Rule(
        "few_data",
        _few_data,
        "Train adapters (LoRA) instead; they are merged on export.",
        _adapters,
    ),
    Rule(
        "slow",
        _slow,
        "Let it teach a small one on the same pictures.",
        lambda figures: f"scrubjay train experiment=distill teacher.source={_folder(figures)}",
    ),
    Rule(
        "more_data",
        _steep,
        "Add more of the same: nothing else is as sure.",
        _says("scrubjay add FOLDER"),
    ),
    Rule(
        "other_model",
        _flat,
        "Change the model instead: begin with one that has seen more, by adapters.",
        _says("scrubjay train experiment=lora encoder.base.source=DIR"),
    ),
)
