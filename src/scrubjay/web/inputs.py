"""What `/v1/embeddings` was given, read and decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia, UnsupportedModality, WrongUse
from scrubjay.core.types import EncoderSpec, Media, Modality
from scrubjay.search.decode import windows
from scrubjay.web.data_url import parse_data_url
from scrubjay.web.given import Given, checked_text

MAX_SOUND_S: Final = 600.0
"""Seconds of one recording; its vector is one, whatever its length."""

NAMED: Final = ("text", "image", "audio")
"""What an input that is an object has exactly one of."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Media by modality, and where each input's are.

    Attributes:
        media: modality -> what its tower encodes.
        places: of each input its modality and its rows there, several for a long recording.
    """

    media: Mapping[Modality, list[Media]]
    places: list[tuple[Modality, slice]] = field(default_factory=list)


def read_inputs(given: object, *, most: int) -> list[Given]:
    """The inputs of a request: one, or a list.

    Args:
        most: inputs that one request may have.

    Raises:
        WrongUse: something else, an empty text, too many; the message names the input.
        BadMedia: a data URL that cannot be read.
    """
    if not isinstance(given, list):
        return [_read(given, "input")]
    if not given:
        raise WrongUse("input is empty; give at least one text, picture or recording")
    if all(isinstance(one, int) for one in given):
        raise _tokens("input")
    if len(given) > most:
        raise WrongUse(f"input has {len(given)} entries; send at most {most} at once")
    return [_read(one, f"input[{at}]") for at, one in enumerate(given)]


def _read(given: object, name: str) -> Given:
    if isinstance(given, str):
        return Given(name, text=_text(given, name))
    if isinstance(given, Mapping):
        return _object(given, name)
    if isinstance(given, list) and given and all(isinstance(one, int) for one in given):
        raise _tokens(name)
    raise WrongUse(
        f'{name} must be a text, {{"image": "data:..."}} or {{"audio": "data:..."}}, '
        f"not {'null' if given is None else type(given).__name__}"
    )


def _object(given: Mapping[str, object], name: str) -> Given:
    (kind, value) = next(iter(given.items())) if len(given) == 1 else ("", None)
    if kind not in NAMED:
        raise WrongUse(f"{name} must have exactly one of {', '.join(NAMED)}")
    if not isinstance(value, str):
        raise WrongUse(f"{name}.{kind} must be a string")
    whole = f"{name}.{kind}"
    if kind == "text":
        return Given(whole, text=_text(value, whole))
    data = parse_data_url(value, expected=kind, name=whole).data
    return Given(whole, picture=data) if kind == "image" else Given(whole, sound=data)


def _text(text: str, name: str) -> str:
    if not text.strip():
        raise WrongUse(f"{name} is an empty text; there is nothing to embed")
    return checked_text(text, name)


def _tokens(name: str) -> WrongUse:
    return WrongUse(
        f"{name} is a list of token numbers, which mean something to one tokenizer only; send the "
        f"text itself (LangChain: check_embedding_ctx_length=False)"
    )


def decode_inputs(inputs: Sequence[Given], spec: EncoderSpec) -> Decoded:
    """Decode pictures and sounds as an encoder wants them; takes its time, in a thread.

    Raises:
        UnsupportedModality: the encoder has no tower for one of them.
        BadMedia: one cannot be read; the message names it.
    """
    media: dict[Modality, list[Media]] = {}
    decoded = Decoded(media)
    for one in inputs:
        modality, several = _decode(one, spec)
        if modality not in spec.modalities:
            raise UnsupportedModality(spec.version or spec.name, modality.value, spec.modalities)
        rows = media.setdefault(modality, [])
        decoded.places.append((modality, slice(len(rows), len(rows) + len(several))))
        rows.extend(several)
    return decoded


def _decode(one: Given, spec: EncoderSpec) -> tuple[Modality, list[Media]]:
    try:
        if one.picture is not None:
            from scrubjay.media.image import decode_picture

            return Modality.IMAGE, [decode_picture(one.picture, min_side=spec.image_size)]
        if one.sound is not None:
            from scrubjay.media.sandbox import decode_sound

            sound = decode_sound(one.sound, limits=MediaLimits(max_sound_s=MAX_SOUND_S))
            return Modality.SPEECH, [part.media for part in windows(sound, spec.speech_window_s)]
    except BadMedia as error:
        raise BadMedia(error.reason, one.name) from error
    return Modality.TEXT, [one.text or ""]
