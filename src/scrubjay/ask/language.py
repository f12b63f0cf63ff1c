"""Which languages a question may be asked in with the models on hand."""

from __future__ import annotations

import re
from typing import Final

from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import ModelSpec
from scrubjay.models.family import Room

DEFAULT: Final = "en"

NAMES: Final = {
    "ar": "Arabic",
    "bn": "Bengali",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "gu": "Gujarati",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "kn": "Kannada",
    "ko": "Korean",
    "ml": "Malayalam",
    "mr": "Marathi",
    "nl": "Dutch",
    "no": "Norwegian",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
}

_DOES: Final = {Room.VLM: "answers", Room.ASR: "hears", Room.TTS: "speaks", Room.OCR: "reads"}
_BRING: Final = {
    Room.VLM: "vlm=transformers vlm.source=FOLDER, or a server that has one with vlm=remote",
    Room.ASR: "asr=faster_whisper or asr=whisper with asr.source=FOLDER, or asr=remote",
    Room.TTS: "tts=vits tts.source=FOLDER, or tts=remote",
    Room.OCR: "ocr=vlm",
}
_CODE: Final = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{2,8})*")


def language_code(given: str) -> str:
    """`de` of `de`, `DE` or `de-AT`.

    Raises:
        WrongUse: it is no code of a language.
    """
    found = _CODE.fullmatch(given.strip().lower())
    if found is None:
        raise WrongUse(
            f"{given[:40]!r} is no language; give its two-letter code, such as en, de or hi"
        )
    return found[1]


def language_name(code: str) -> str:
    """What a language is called in English; the code itself where we do not know."""
    return NAMES.get(code, code)


def unsure_of(spec: ModelSpec) -> str:
    """That a listener could not tell which language it heard, and what could."""
    known = ", ".join(language_name(one) for one in spec.languages) or language_name(DEFAULT)
    return (
        f"{spec.family} is not sure which language was spoken, and heard it as {known}; say it "
        f"again, type it, or bring a model that tells languages apart: {_BRING[Room.ASR]}"
    )


def cannot(spec: ModelSpec, room: Room, language: str) -> str | None:
    """Why a model cannot do a language and which would; None where it can or does not say."""
    if not spec.languages or language in spec.languages:
        return None
    known = ", ".join(language_name(one) for one in spec.languages[:8])
    more = f" and {len(spec.languages) - 8} more" if len(spec.languages) > 8 else ""
    return (
        f"{spec.family} {_DOES[room]} only {known}{more}; for {language_name(language)} bring a "
        f"model that knows it: {_BRING[room]}"
    )
