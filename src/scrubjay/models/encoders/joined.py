"""Towers of different encoders that share one space, as one encoder.

A picture tower with another encoder's text tower: a locked ViT with a text tower that is new, or a
small student with its teacher's text tower. Its native format is `joined.json` and a folder a part,
each in the part's own format; what it exports is one encoder like any other.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadConfig, Damaged, ModelNotFound, UnsupportedModality
from scrubjay.core.protocols import Preprocess, TrainableEncoder
from scrubjay.core.types import EncoderSpec, Media, Modality
from scrubjay.models.export import join_exports
from scrubjay.models.load import load_trainable

if TYPE_CHECKING:
    from torch import nn

FAMILY = "joined"
JOINED_FILE = "joined.json"
OPTIONS_FILE = "scrubjay.json"
FORMAT = 1
ORDER = (Modality.IMAGE, Modality.TEXT, Modality.SPEECH)


def load(
    *,
    source: str | Path | None = None,
    image: Mapping[str, Any] | TrainableEncoder | None = None,
    text: Mapping[str, Any] | TrainableEncoder | None = None,
    speech: Mapping[str, Any] | TrainableEncoder | None = None,
) -> JoinedEncoder:
    """The parts in a folder, or encoders to take a tower each from.

    Args:
        source: folder that `save_pretrained` wrote; then nothing else is given.
        image: where the tower for pictures comes from: an encoder, or `family` and its options.
        text: the tower for texts, likewise.
        speech: the tower for sounds, likewise; the same encoder may give several.

    Raises:
        BadConfig: both a source and parts or neither, or parts of different width.
        UnsupportedModality: a part without the tower that is asked of it.
        ModelNotFound: the source holds no joined encoder.
        Damaged: it does, but cannot be read.
    """
    asked = {Modality.IMAGE: image, Modality.TEXT: text, Modality.SPEECH: speech}
    given = {modality: part for modality, part in asked.items() if part is not None}
    if (source is None) == (not given):
        raise BadConfig(
            "a joined encoder is encoder.source=FOLDER of one, or a part a tower: "
            "encoder.image={family: ...} and encoder.text={family: ...}"
        )
    if source is not None:
        return JoinedEncoder(_read(Path(source)))
    return JoinedEncoder({modality: _part(part) for modality, part in given.items()})


class JoinedEncoder:
    """A TrainableEncoder that takes each tower from an encoder of its own."""

    def __init__(self, parts: Mapping[Modality, TrainableEncoder]) -> None:
        """Take the encoders by the tower each gives.

        Raises:
            BadConfig: their vectors differ in length.
            UnsupportedModality: one lacks its tower.
        """
        self._parts = {modality: parts[modality] for modality in ORDER if modality in parts}
        for modality, part in self._parts.items():
            if modality not in part.spec.modalities:
                raise UnsupportedModality(part.spec.name, modality, part.spec.modalities)
        widths = {modality.value: part.spec.dim for modality, part in self._parts.items()}
        if len(set(widths.values())) > 1:
            told = ", ".join(f"{name} {width}" for name, width in widths.items())
            raise BadConfig(
                f"joined towers make vectors of one length, these of {told}; give a new part the "
                f"other's: encoder.text.dim={next(iter(widths.values()))}"
            )

    @property
    def spec(self) -> EncoderSpec:
        """Width and towers; the fingerprint follows those of the parts."""
        digest = hashlib.sha256()
        for modality, part in self._parts.items():
            digest.update(f"{modality.value} {part.spec.fingerprint}\n".encode())
        image, speech = self._parts.get(Modality.IMAGE), self._parts.get(Modality.SPEECH)
        return EncoderSpec(
            name=FAMILY,
            version="",
            dim=next(iter(self._parts.values())).spec.dim,
            modalities=frozenset(self._parts),
            fingerprint=digest.hexdigest(),
            image_size=image.spec.image_size if image else None,
            speech_window_s=speech.spec.speech_window_s if speech else None,
        )

    def encode(self, modality: Modality, batch: Sequence[Media]) -> NDArray[np.float32]:
        """(n, dim) float32 unit rows of the part that has the tower."""
        return self._of(modality).encode(modality, batch)

    def tower(self, modality: Modality) -> nn.Module:
        """The part's own.

        Raises:
            UnsupportedModality: no part gives it.
        """
        tower: nn.Module = self._of(modality).tower(modality)
        return tower

    def preprocess(self, modality: Modality, *, train: bool) -> Preprocess:
        """The part's own."""
        return self._of(modality).preprocess(modality, train=train)

    def logit_scale_init(self) -> tuple[float, float]:
        """That of the picture part, else of the first there is."""
        return next(iter(self._parts.values())).logit_scale_init()

    def save_pretrained(self, folder: Path) -> None:
        """Write every part into a folder of its own, and `joined.json`, which names them."""
        described = []
        for name, (part, modalities) in self._folders().items():
            (folder / name).mkdir()
            part.save_pretrained(folder / name)
            towers = [modality.value for modality in modalities]
            described.append({"folder": name, "family": part.spec.name, "modalities": towers})
        values = {"family": FAMILY, "format": FORMAT, "parts": described}
        text = json.dumps(values, indent=2)
        (folder / JOINED_FILE).write_text(text + "\n", encoding="utf-8")

    def export(self, folder: Path) -> None:
        """Write one graph a tower and one `encoder.json`."""
        with tempfile.TemporaryDirectory(dir=folder, prefix="part-") as aside:
            exports: dict[Modality, Path] = {}
            for name, (part, modalities) in self._folders().items():
                (Path(aside) / name).mkdir()
                part.export(Path(aside) / name)
                exports |= dict.fromkeys(modalities, Path(aside) / name)
            join_exports(folder, spec=self.spec, parts=exports)

    def _folders(self) -> dict[str, tuple[TrainableEncoder, list[Modality]]]:
        """Each part once, by the name of its folder: `image`, or `text-speech` for one of two."""
        shared: dict[int, tuple[TrainableEncoder, list[Modality]]] = {}
        for modality, part in self._parts.items():
            shared.setdefault(id(part), (part, []))[1].append(modality)
        return {
            "-".join(one.value for one in modalities): (part, modalities)
            for part, modalities in shared.values()
        }

    def _of(self, modality: Modality) -> TrainableEncoder:
        if modality not in self._parts:
            raise UnsupportedModality(FAMILY, modality, self._parts)
        return self._parts[modality]


def _part(given: object) -> TrainableEncoder:
    if isinstance(given, TrainableEncoder):
        return given
    if not isinstance(given, Mapping) or "family" not in given:
        raise BadConfig(
            "a part of a joined encoder names its family: encoder.text={family: builtin}"
        )
    return load_trainable(**{str(name): value for name, value in given.items()})


def _read(folder: Path) -> dict[Modality, TrainableEncoder]:
    path = folder / JOINED_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["family"] != FAMILY or values["format"] != FORMAT:
            raise Damaged(f"{path} is not of family {FAMILY!r}, format {FORMAT}; save it again")
        described = [
            (
                str(one["family"]),
                _own(one["folder"]),
                [Modality(name) for name in one["modalities"]],
            )
            for one in values["parts"]
        ]
    except FileNotFoundError as error:
        raise ModelNotFound(
            f"{folder} holds no joined encoder ({JOINED_FILE} is missing); give "
            f"encoder.source=FOLDER of one, or its parts"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{path} does not describe a joined encoder: {error!r}") from error
    parts: dict[Modality, TrainableEncoder] = {}
    for family, name, modalities in described:
        part = load_trainable(family, source=folder / name, **_options(folder / name))
        parts |= dict.fromkeys(modalities, part)
    return parts


def _options(folder: Path) -> dict[str, Any]:
    """What a part's own format does not keep, where it wrote such."""
    path = folder / OPTIONS_FILE
    try:
        options = json.loads(path.read_text(encoding="utf-8"))["options"]
        return {str(name): value for name, value in options.items() if name != "source"}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{path} does not say how its part is loaded: {error!r}") from error


def _own(name: Any) -> str:  # noqa: ANN401 - JSON
    if Path(str(name)).name != name:
        raise ValueError(f"{name!r} is not a folder of its own")
    return str(name)
