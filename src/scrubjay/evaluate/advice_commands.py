"""The commands that advice names, made from the facts about a version."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Mapping
from typing import Final

from scrubjay.evaluate.advice_figures import Figures, geometry_of, section_of

_ENCODERS: Final[Mapping[str, str]] = {
    "builtin": "builtin_folder",
    "transformers": "transformers",
    "open_clip": "open_clip",
}


def encoder_of(figures: Figures) -> str:
    """Overrides that begin with this version's weights; with those in the box where none can."""
    group = _ENCODERS.get(str(section_of(figures, "facts").get("family")))
    if group is None:
        return "encoder=builtin_shipped"
    return f"encoder={group} encoder.source={folder_of(figures)}"


def start(figures: Figures) -> str:
    """The same, and as gently as weights that know something want it."""
    family = str(section_of(figures, "facts").get("family"))
    gently = "model=finetune" if family in {"transformers", "open_clip"} else "model.lr=0.00015"
    return f"{encoder_of(figures)} {gently}"


def folder_of(figures: Figures) -> str:
    """The version's own folder, quoted; DIR where it has none."""
    return shlex.quote(str(section_of(figures, "facts").get("folder") or "DIR"))


def adapters(figures: Figures) -> str:
    """Adapters on this version's own encoder."""
    family = section_of(figures, "facts").get("family")
    known = family if family in _ENCODERS else "transformers"
    return (
        f"scrubjay train experiment=lora encoder.base.family={known} "
        f"encoder.base.source={folder_of(figures)}"
    )


def locked(figures: Figures) -> str:
    """This version's picture tower, locked."""
    family = section_of(figures, "facts").get("family")
    encoder = (
        _ENCODERS.get(str(family), "transformers") if family != "open_clip" else "transformers"
    )
    return f"scrubjay train experiment=lit encoder={encoder} encoder.source={folder_of(figures)}"


def hearing(figures: Figures) -> str:
    """More noise in training where the family mixes it in; else a tower that has heard more."""
    if section_of(figures, "facts").get("family") == "builtin":
        louder = {"noise": 0.8, "snr": 3.0, "reverb": 0.5}
        spoken = " ".join(f"+encoder.inputs.speech.{name}={of}" for name, of in louder.items())
        return f"scrubjay train {start(figures)} {spoken}"
    return (
        f"scrubjay train experiment=speech_tower encoder.base.source={folder_of(figures)} "
        f"encoder.speech=DIR"
    )


def cooler(figures: Figures) -> str:
    """From this version, at the scale that fits."""
    fits = next(
        (one["reference"] for one in geometry_of(figures, "scale") if one["concern"]), math.e
    )
    return f"scrubjay train {start(figures)} loss.logit_scale={math.log(max(fits, 1.0)):.2f}"


def harder(figures: Figures) -> str:
    """From this version, with hard negatives."""
    facts = section_of(figures, "facts")
    known = str(facts.get("family")) in _ENCODERS
    rate = "" if not known or facts.get("family") == "builtin" else " model.lr=0.000005"
    return f"scrubjay train experiment=hard_negatives {encoder_of(figures)}{rate}"


def harder_about(kind: str) -> Callable[[Figures], str]:
    """The same, of one kind."""
    return lambda figures: f"{harder(figures)} 'model.kinds=[{kind}]'"
