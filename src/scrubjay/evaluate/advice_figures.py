"""What figures of a diagnosis say: for each rule of advice a sentence, or None."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Figures = Mapping[str, Any]
"""Section name -> its JSON, and `facts` of the version."""

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


_PLURAL: Final = {"image": "pictures", "speech": "recordings"}


def leaks(figures: Figures) -> str | None:
    """Held-out items that look like something trained on."""
    data = section_of(figures, "data")
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


def mislabelled(figures: Figures) -> str | None:
    """Captions that fit something else far better."""
    found = section_of(figures, "data").get("mislabelled", {})
    if found.get("found", 0) < 3 or found.get("share", 0.0) < MANY_WRONG:
        return None
    return (
        f"{found['found']} of {found['asked']} captions ({found['share']:.0%}) likely belong to "
        f"something else."
    )


def vague(figures: Figures) -> str | None:
    """Captions that describe nothing visible."""
    found = section_of(figures, "data").get("vague", {})
    if found.get("found", 0) < 3 or found.get("share", 0.0) < MANY_VAGUE:
        return None
    return (
        f"{found['found']} of {found['asked']} captions ({found['share']:.0%}) describe nothing "
        f"visible: there is nothing to learn from them."
    )


def probe_fails(kind: str) -> Callable[[Figures], str | None]:
    """Minimal pairs of a kind that are not told apart."""

    def applies(figures: Figures) -> str | None:
        for one in section_of(figures, "probes").get("figures", ()):  # the least passed first
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


def lost_in_noise(figures: Figures) -> str | None:
    """Speech that is not found through noise people hear through."""
    worst = None
    for direction in section_of(figures, "noise").get("directions", ()):
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


def language_worse(figures: Figures) -> str | None:
    """A language that is found less often."""
    return _worse_slice(figures, lambda about, name: about == "language", "The language {name}")


def rare_words_worse(figures: Figures) -> str | None:
    """Captions with rare words that are found less often."""
    return _worse_slice(
        figures,
        _rare,
        "What rare words name",
    )


def other_slice_worse(figures: Figures) -> str | None:
    """Any other part of the collection that is found less often; slices come the worst first."""
    return _worse_slice(
        figures,
        lambda about, name: about != "language" and not _rare(about, name),
        "What has {about}: {name}",
        whole=True,
    )


def _rare(about: str, name: str) -> bool:
    return about == "words" and name.startswith("rare")


def _worse_slice(
    figures: Figures, wanted: Callable[[str, str], bool], told: str, *, whole: bool = False
) -> str | None:
    """A sentence about the first slice that is shown to be worse and wanted.

    Args:
        whole: every name of the slice must be wanted, not one: several may have the same queries.
    """
    for direction in section_of(figures, "slices").get("directions", ()):
        for one in direction["slices"]:
            names = [(one["about"], one["name"])]
            names += [tuple(other.split(": ", 1)) for other in one.get("also", ())]
            fits = [pair for pair in names if wanted(*pair)]
            if one["worse"] and (fits == names if whole else fits):
                about, name = fits[0]
                return (
                    f"{told.format(about=about, name=name)} is found less often: "
                    f"{-100 * one['difference']['value']:.0f} points of recall below the rest "
                    f"({direction['name'].replace('->', ' to ')}, {one['n_queries']} queries)."
                )
    return None


def gap_and_low_recall(figures: Figures) -> str | None:
    """Two separate cones, and few answers found across them."""
    facts = section_of(figures, "facts")
    if "SigLIP" in str(facts.get("loss", "")):
        return None
    recall = facts.get("recall", {})
    for one in geometry_of(figures, "gap"):
        first, _, second = one["about"].partition(" and ")
        found = [recall.get(f"{a}->{b}") for a, b in ((first, second), (second, first))]
        low = [value for value in found if value is not None and value < LOW_RECALL]
        if one["concern"] and low:
            return (
                f"The centres of {one['about']} lie {one['value']:.2f} apart, and R@10 between "
                f"them is {min(low):.0%}."
            )
    return None


def wrong_temperature(figures: Figures) -> str | None:
    """Another temperature fits the held-out answers."""
    for one in geometry_of(figures, "scale"):
        if one["concern"] and abs(one["value"] - one["reference"]) > 1e-9:
            return (
                f"The version was taught with a logit scale of {one['value']:.0f} where "
                f"{one['reference']:.0f} fits its held-out answers ({one['about']})."
            )
    return None


def hubs(figures: Figures) -> str | None:
    """A few rows that answer far too much."""
    recall = section_of(figures, "facts").get("recall", {})
    worst = max(
        (
            one
            for one in geometry_of(figures, "hubness")
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


def text_behind(figures: Figures) -> str | None:
    """The picture tower tells things apart that the text tower does not."""
    facts = section_of(figures, "facts")
    recall = facts.get("recall", {})
    texts = recall.get("text->image")
    ranks = {one["about"]: one["value"] for one in geometry_of(figures, "rank")}
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


def few_data(figures: Figures) -> str | None:
    """A big encoder and few content groups."""
    facts = section_of(figures, "facts")
    size, groups = facts.get("parameters"), facts.get("train_groups")
    if size is None or groups is None or size < BIG or not 0 < groups < SMALL_DATA:
        return None
    if facts.get("tuned") == "lora":
        return None
    return (
        f"{groups:,} content groups are few for an encoder of {size / 1e6:.0f} million parameters: "
        f"trained as a whole it forgets what it knew."
    )


def slow(figures: Figures) -> str | None:
    """A picture takes long."""
    slow = section_of(figures, "facts").get("picture_ms")
    if slow is None or slow < SLOW_MS:
        return None
    return f"A picture takes {slow:.0f} ms to encode on this machine."


def curve_falls(figures: Figures) -> str | None:
    """More of the same still helps."""
    curve = _curve(figures, "falling")
    if curve is None:
        return None
    gain = curve["gain"]
    return (
        f"The learning curve still falls: one more month would take {100 * gain['value']:.1f} "
        f"points off the error ({100 * gain['low']:.1f} to {100 * gain['high']:.1f})."
    )


def curve_flat(figures: Figures) -> str | None:
    """More of the same does not help, though learning from it did."""
    curve = _curve(figures, "flat")
    brought = section_of(figures, "curve").get("brought")
    if curve is None or (brought is not None and brought["low"] <= 0):
        return None  # a recipe that teaches nothing says nothing of the data
    return (
        f"The learning curve is flat at an error of {curve['errors'][-1]['value']:.0%}: more data "
        f"of the same kind brings nothing."
    )


def _curve(figures: Figures, verdict: str) -> Mapping[str, Any] | None:
    curve = section_of(figures, "curve").get("outlook")
    return curve if curve and curve["verdict"] == verdict else None


def geometry_of(figures: Figures, kind: str) -> Iterator[Mapping[str, Any]]:
    """Figures of the space of one kind."""
    return (
        one for one in section_of(figures, "geometry").get("figures", ()) if one["kind"] == kind
    )


def section_of(figures: Figures, name: str) -> Mapping[str, Any]:
    """A section's JSON, empty where it is absent."""
    found = figures.get(name)
    return found if isinstance(found, Mapping) else {}
