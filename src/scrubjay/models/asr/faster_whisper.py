"""A Whisper converted to CTranslate2, from a directory: many languages, fast on a CPU.

Such a directory is what `ct2-transformers-converter` writes, or a download of one; nothing is ever
fetched here. Radford et al. (2022), "Robust Speech Recognition via Large-Scale Weak Supervision".
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

from scrubjay.core.errors import MissingExtra, ModelNotFound, WrongUse
from scrubjay.core.hearing import Transcript
from scrubjay.core.looking import ModelSpec
from scrubjay.core.types import Sound
from scrubjay.models.speech_input import as_sound
from scrubjay.models.spoken_language import checked_words
from scrubjay.models.voice_activity import VoiceActivity
from scrubjay.models.whisper_words import (
    Said,
    Window,
    heard_in,
    known_language,
    tokens_but,
    windows,
)

FAMILY: Final = "faster_whisper"
WEIGHTS: Final = "model.bin"
NEEDED: Final = (WEIGHTS, "config.json", "tokenizer.json")
"""Without a tokenizer the library would fetch one."""
SHARED: Final = ("vocabulary.json", "vocabulary.txt")


def load(
    *,
    source: str | Path,
    device: str = "auto",
    compute_type: str = "default",
    threads: int = 0,
    beam: int = 5,
    vad: bool = True,
) -> FasterWhisper:
    """A CTranslate2 Whisper.

    Args:
        source: its directory.
        device: `auto`, `cpu` or `cuda`.
        compute_type: `default` as it was converted, `int8`, `int8_float32`, `float32`, `float16`,
            `bfloat16` and others (opennmt.net/CTranslate2/quantization.html).
        threads: of the processor; 0 is one a core.
        beam: hypotheses that are followed at once.
        vad: hear only where somebody speaks.

    Raises:
        MissingExtra: faster-whisper is not installed.
        ModelNotFound: there is no such model in the directory.
        WrongUse: a device or type this machine cannot compute with.
    """
    folder = _checked(Path(source).expanduser())
    if not 1 <= beam <= 100:
        raise WrongUse(f"beam must be from 1 to 100, not {beam}")
    try:
        import ctranslate2
        import faster_whisper
    except ImportError as error:
        raise MissingExtra("hearing with faster-whisper", "speech") from error
    found = device
    if device == "auto":
        found = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    try:
        model = faster_whisper.WhisperModel(
            str(folder),
            device=found,
            compute_type=compute_type,
            cpu_threads=threads,
            local_files_only=True,
        )
    except ValueError as error:
        raise WrongUse(f"{folder} cannot be computed so: {error}") from error
    except (RuntimeError, OSError, KeyError) as error:
        raise ModelNotFound(f"{folder} cannot be loaded by CTranslate2: {error}") from error
    return FasterWhisper(model, folder, beam, compute_type, VoiceActivity() if vad else None)


def _checked(folder: Path) -> Path:
    if not folder.is_dir():
        raise ModelNotFound(
            f"there is no directory {str(folder)!r}; give asr.source=a folder with a Whisper "
            f"converted to CTranslate2"
        )
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if WEIGHTS in missing and any(folder.glob("*.safetensors")):
        raise ModelNotFound(
            f"{folder} holds a transformers model; load it with asr=whisper, or convert it: "
            f"ct2-transformers-converter --model {folder} --output_dir OTHER --copy_files "
            f"tokenizer.json"
        )
    if missing:
        raise ModelNotFound(f"{folder} is no CTranslate2 Whisper: {', '.join(missing)} missing")
    return folder


class FasterWhisper:
    """A SpeechToText around faster-whisper; one sound at a time is heard."""

    def __init__(
        self,
        model: Any,  # noqa: ANN401 - a faster_whisper.WhisperModel
        folder: Path,
        beam: int,
        compute_type: str,
        activity: VoiceActivity | None,
    ) -> None:
        self._model = model
        self._folder = folder
        self._beam = beam
        self._compute_type = compute_type
        self._activity = activity
        self._lock = threading.Lock()

    @cached_property
    def spec(self) -> ModelSpec:
        """Family `faster_whisper`; the fingerprint is of the weights and the options."""
        options = f"{self._beam} {self._compute_type} vad={self._activity is not None}"
        digest = hashlib.sha256(options.encode())
        for name in (*NEEDED, *SHARED):
            path = self._folder / name
            if path.is_file():
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return ModelSpec(
            FAMILY, self._folder.name, digest.hexdigest(), languages=tuple(self._languages)
        )

    @property
    def _languages(self) -> list[str]:
        return sorted(self._model.supported_languages)

    def transcribe(
        self, sound: Sound, *, language: str | None = None, words: Sequence[str] | None = None
    ) -> Transcript:
        """What is said; the language is identified in the first stretch of speech.

        Args:
            sound: (samples,) mono at 16 kHz.
            language: two-letter code; None: it is identified.
            words: only pieces of these are written.

        Raises:
            BadMedia: it is no sound.
            WrongUse: a language the model does not know.
        """
        heard = as_sound(sound)
        given = known_language(self._folder.name, language, self._languages)
        options: dict[str, Any] = {}
        if words is not None:
            options["suppress_tokens"] = self._all_but(checked_words(words))
        listener = f"whisper {self._folder.name}"
        with self._lock:
            spans = windows(heard, self._activity)
            hear = partial(self._hear, options)
            return heard_in(heard, spans, hear, language=given, listener=listener)

    def _hear(self, options: Mapping[str, Any], piece: Sound, language: str | None) -> Window:
        segments, info = self._model.transcribe(
            piece,
            language=language,
            beam_size=self._beam,
            # Above 0 it would draw words at random, other ones every time.
            temperature=0.0,
            condition_on_previous_text=self._activity is None,
            **options,
        )
        said = (
            Said(one.text, float(one.start), float(one.end), one.avg_logprob) for one in segments
        )
        return Window(said, info.language, float(info.language_probability))

    def _all_but(self, words: tuple[str, ...]) -> list[int]:
        tokenizer = self._model.hf_tokenizer

        def encode(text: str) -> list[int]:
            return list(tokenizer.encode(text, add_special_tokens=False).ids)

        return tokens_but(words, encode, letters=tokenizer.token_to_id("<|endoftext|>"))
