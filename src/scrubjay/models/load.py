"""The one door to every model: encoders, what looks, reads, hears and speaks; by name, lazily."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from scrubjay.core.config import serving_precision
from scrubjay.core.errors import ModelNotFound, WrongUse
from scrubjay.core.protocols import (
    Encoder,
    SpeechToText,
    TextReader,
    TrainableEncoder,
    VisionLanguage,
    Voice,
)
from scrubjay.models import family as door
from scrubjay.models.family import Room

EXPORT_FOLDER = "export"


def families(room: Room = Room.ENCODERS) -> tuple[str, ...]:
    """Names of every family of a room on this machine, sorted; none is imported."""
    return door.families(room)


def load_encoder(family: str, **options: Any) -> Encoder:  # noqa: ANN401 - each family's own
    """An encoder of a family.

    Raises:
        UnknownName: no such family, or it has no such option.
        WrongUse: an option it needs is missing.
        MissingExtra: what it needs is not installed.
        ModelNotFound: what it should load is not on this machine.
    """
    return cast("Encoder", door.load(Room.ENCODERS, family, options))


def load_vlm(family: str, **options: Any) -> VisionLanguage:  # noqa: ANN401 - each family's own
    """What looks at pictures and answers; raises as `load_encoder`."""
    return cast("VisionLanguage", door.load(Room.VLM, family, options))


def load_chat(family: str, **options: Any) -> VisionLanguage:  # noqa: ANN401 - each family's own
    """What is talked to and shown no pictures (`spec.max_pictures` is 0); as `load_encoder`."""
    return cast("VisionLanguage", door.load(Room.CHAT, family, options))


def load_ocr(family: str, **options: Any) -> TextReader:  # noqa: ANN401 - each family's own
    """What reads text in pictures; raises as `load_encoder`."""
    return cast("TextReader", door.load(Room.OCR, family, options))


def load_asr(family: str, **options: Any) -> SpeechToText:  # noqa: ANN401 - each family's own
    """What hears speech; raises as `load_encoder`."""
    return cast("SpeechToText", door.load(Room.ASR, family, options))


def load_tts(family: str, **options: Any) -> Voice:  # noqa: ANN401 - each family's own
    """What speaks; raises as `load_encoder`."""
    return cast("Voice", door.load(Room.TTS, family, options))


def load_trainable(family: str, **options: Any) -> TrainableEncoder:  # noqa: ANN401
    """An encoder of a family that can be trained.

    Raises:
        WrongUse: the family only encodes; otherwise as `load_encoder`.
    """
    encoder = load_encoder(family, **options)
    if not isinstance(encoder, TrainableEncoder):
        raise WrongUse(
            f"encoders of the family {family!r} cannot be trained; load what it was exported from"
        )
    return encoder


def load_version(folder: Path, *, version: str = "", threads: int = 0) -> Encoder:
    """A registered version, ready to serve without torch, in $SCRUBJAY_PRECISION.

    Args:
        folder: of the version; its graphs are in `export` below it.
        version: id its vectors are to carry.
        threads: inference threads; 0 means one per available core.

    Raises:
        ModelNotFound: the folder holds no exported encoder.
        Damaged: what it holds is not what was written.
        WrongUse: $SCRUBJAY_PRECISION is none.
    """
    export = folder / EXPORT_FOLDER
    if not export.is_dir():
        raise ModelNotFound(f"{folder} was registered without an export; train or export it again")
    return load_encoder(
        "exported",
        source=export,
        version=version,
        threads=threads,
        precision=serving_precision(),
    )
