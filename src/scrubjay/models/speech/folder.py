"""The folder a speech tower is saved in, and the encoder below it that it was put on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged, ModelNotFound, WrongUse
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.models.load import load_trainable
from scrubjay.models.pretrained.files import read_json

CONFIG = "speech_tower.json"
BASE = "base"
SPEECH = "speech"
HEAD = "head.safetensors"
FORMAT = 1

OPTIONS_FILE = "scrubjay.json"
"""Beside a base's weights: its family, and options of it that its own format does not keep."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What `speech_tower.json` says.

    Attributes:
        base: the family of the encoder in `base/`.
        window_s: longest sound in seconds.
        head: sizes of the head.
    """

    base: str
    window_s: float
    head: Mapping[str, Any]


def read_config(folder: Path, *, family: str) -> Saved:
    """What was saved in a folder.

    Raises:
        ModelNotFound: nothing of this family.
        Damaged: it cannot be believed.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise ModelNotFound(
            f"{folder} holds no speech tower ({CONFIG} is missing); give encoder.source=FOLDER of "
            f"one, or encoder.base.family, encoder.base.source and encoder.speech to begin one"
        )
    values = read_json(path)
    if values.get("family") != family or values.get("format") != FORMAT:
        raise Damaged(
            f"{path} is of family {values.get('family')!r}, format {values.get('format')!r}; this "
            f"reads {family!r}, format {FORMAT}"
        )
    try:
        return Saved(str(values["base"]), float(values["window_s"]), dict(values["head"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"{path} does not describe a speech tower: {error!r}") from error


def load_base(base: Mapping[str, Any]) -> tuple[str, TrainableEncoder]:
    """(family, encoder) of a base's description: `family` and that family's own options.

    Raises:
        WrongUse: it names no family, or one whose encoders cannot be trained.
    """
    options = {str(name): value for name, value in base.items()}
    family = options.pop("family", None)
    if not isinstance(family, str):
        raise WrongUse(
            "the encoder that a speech tower is put on has a family: give encoder.base.family=..., "
            "such as transformers or builtin"
        )
    return family, load_trainable(family, **options)


def saved_options(folder: Path, family: str) -> dict[str, Any]:
    """Options of an encoder that its own format does not keep, as it wrote them beside itself.

    Raises:
        Damaged: they are another family's, or no options.
    """
    path = folder / OPTIONS_FILE
    if not path.is_file():
        return {}
    values = read_json(path)
    options = values.get("options")
    if values.get("family") != family or not isinstance(options, dict):
        raise Damaged(
            f"{path} does not say how a {family!r} encoder is loaded; restore the folder it is in"
        )
    return {name: value for name, value in options.items() if name != "source"}
