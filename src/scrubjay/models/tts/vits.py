"""A VITS voice of the transformers library from a directory, as MMS-TTS has them.

Kim, Kong and Son (2021), "Conditional Variational Autoencoder with Adversarial Learning for
End-to-End Text-to-Speech". Such a voice draws its rhythm and its noise at random; they are drawn
from a fixed seed, so that a text always sounds the same.
"""

from __future__ import annotations

import importlib.util
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import NotReady, WrongUse
from scrubjay.core.hearing import Spoken
from scrubjay.core.looking import ModelSpec
from scrubjay.models.fingerprint import ModuleFingerprint
from scrubjay.models.spoken_language import check_speed, language_code, speakable

if TYPE_CHECKING:
    from torch import nn

FAMILY: Final = "vits"
CHARACTERS_AT_ONCE: Final = 300
"""Attention grows with the square of a text's length; a longer one is said sentence by sentence."""
PAUSE_S: Final = 0.15
SILENCE_S: Final = 0.1

_SENTENCE_END = re.compile(r"(?<=[.!?;:\u2026\u3002\uff01\uff1f\u0964])\s+")
_TWO_LETTERS = {
    "ara": "ar", "ben": "bn", "cat": "ca", "ces": "cs", "cmn": "zh", "dan": "da", "deu": "de",
    "ell": "el", "eng": "en", "fas": "fa", "fin": "fi", "fra": "fr", "guj": "gu", "hau": "ha",
    "heb": "he", "hin": "hi", "hun": "hu", "ind": "id", "isl": "is", "ita": "it", "jpn": "ja",
    "kan": "kn", "kaz": "kk", "khm": "km", "kor": "ko", "lao": "lo", "lav": "lv", "mal": "ml",
    "mar": "mr", "mon": "mn", "mya": "my", "nld": "nl", "nob": "nb", "nor": "no", "pan": "pa",
    "pol": "pl", "por": "pt", "ron": "ro", "rus": "ru", "som": "so", "spa": "es", "sqi": "sq",
    "swe": "sv", "swh": "sw", "tam": "ta", "tel": "te", "tgl": "tl", "tha": "th", "tur": "tr",
    "ukr": "uk", "urd": "ur", "vie": "vi", "yor": "yo", "zlm": "ms",
}  # fmt: skip
"""Codes of MMS (ISO 639-3) that have two letters too."""


def load(*, source: str | Path, language: str | None = None, seed: int = 0) -> Vits:
    """A VITS voice.

    Args:
        source: a directory that save_pretrained wrote, else a hub id that is in the hub's cache.
        language: the code it speaks; None: what its tokenizer says, else `en`.
        seed: of its rhythm and noise.

    Raises:
        MissingExtra: torch or transformers are not installed.
        ModelNotFound: the model is not on this machine, or is no VITS voice.
        Damaged: some of its weights are missing.
        NotReady: a package that spells its texts is missing.
        WrongUse: no code of a language.
    """
    from scrubjay.models.pretrained.source import find_model
    from scrubjay.models.pretrained.whole import libraries, load_with_reader

    libraries("the vits voice")
    given = None if language is None else language_code(language)
    folder = find_model(source)
    model, tokenizer = load_with_reader(
        folder, kind="vits", called="VITS voice", made_by="VitsModel", read_by="VitsTokenizer"
    )
    _check_parts(folder, tokenizer)
    told = str(getattr(tokenizer, "language", None) or "en")
    return Vits(model, tokenizer, folder.name, given or _TWO_LETTERS.get(told, told), seed)


class Vits:
    """A Voice around a transformers VitsModel."""

    def __init__(
        self,
        model: nn.Module,
        tokenizer: Any,  # noqa: ANN401 - a VitsTokenizer
        name: str,
        language: str,
        seed: int,
    ) -> None:
        self._model: Any = model.eval()
        self._tokenizer = tokenizer
        self._name = name
        self._language = language
        self._seed = seed
        self._lock = threading.Lock()
        self._fingerprint = ModuleFingerprint(model, {"seed": seed, "language": language})

    @property
    def spec(self) -> ModelSpec:
        """Family `vits`; the fingerprint follows the weights and the seed."""
        return ModelSpec(FAMILY, self._name, str(self._fingerprint), languages=(self._language,))

    def speak(self, text: str, *, language: str | None = None, speed: float = 1.0) -> Spoken:
        """A text as a sound, with as many samples a second as the model was trained on.

        Raises:
            WrongUse: another language than its own, or a text it has no letters for.
        """
        if language is not None and language_code(language) != self._language:
            raise WrongUse(
                f"the voice {self._name} speaks {self._language!r}, not {language[:20]!r}; choose "
                f"one that does with tts.source=..., or tts=espeak"
            )
        rate = int(self._model.config.sampling_rate)
        check_speed(speed)
        said = speakable(text)
        pieces = [self._say(piece, speed) for piece in _pieces(said)] if said else []
        if said and not any(len(piece) for piece in pieces):
            raise WrongUse(f"the voice {self._name} has no letters for this text")
        pause = np.zeros(round(PAUSE_S * rate), np.float32)
        joined = [part for piece in pieces for part in (pause, piece)][1:]
        samples = (
            np.concatenate(joined) if joined else np.zeros(round(SILENCE_S * rate), np.float32)
        )
        peak = float(np.abs(samples).max(initial=0.0))
        return Spoken(samples / np.float32(max(1.0, peak)), rate, self._language, self._name)

    def _say(self, text: str, speed: float) -> NDArray[np.float32]:
        import torch

        inputs = self._tokenizer(text, return_tensors="pt")
        if not inputs["input_ids"].numel():
            return np.zeros(0, np.float32)
        # A random state of its own: the process's is left as it was.
        with self._lock, torch.inference_mode(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed)
            made = self._model(**inputs, speaking_rate=self._model.config.speaking_rate * speed)
        wave: NDArray[np.float32] = made.waveform[0, : int(made.sequence_lengths[0])].numpy()
        return wave.astype(np.float32)


def _check_parts(folder: Path, tokenizer: Any) -> None:  # noqa: ANN401 - a VitsTokenizer
    """What a tokenizer spells its text with is another package, which it may need or not."""
    for needed, package in (
        (tokenizer.phonemize, "phonemizer"),
        (tokenizer.is_uroman, "uroman"),
    ):
        if needed and importlib.util.find_spec(package) is None:
            raise NotReady(
                f"the voice in {folder} spells texts with {package}: pip install {package}"
            )


def _pieces(text: str) -> list[str]:
    """Sentences, together as far as they fit; one that does not fit is cut between words."""
    pieces: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        for word in sentence.split():
            held = pieces[-1] if pieces else ""
            if held and len(held) + 1 + len(word) <= CHARACTERS_AT_ONCE:
                pieces[-1] = f"{held} {word}"
            else:
                pieces.extend(
                    word[at : at + CHARACTERS_AT_ONCE]
                    for at in range(0, len(word), CHARACTERS_AT_ONCE)
                )
    return pieces
