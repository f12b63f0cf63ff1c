"""A Whisper of the transformers library from a directory: many languages, as it was trained.

Radford et al. (2022), "Robust Speech Recognition via Large-Scale Weak Supervision". The likeliest
token is always taken. The same model converted to CTranslate2 is several times as fast on a CPU
(`faster_whisper`).
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scrubjay.core.errors import WrongUse
from scrubjay.core.hearing import Transcript
from scrubjay.core.looking import ModelSpec
from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.models.fingerprint import ModuleFingerprint
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

if TYPE_CHECKING:
    from torch import Tensor, nn

FAMILY: Final = "whisper"
ENGLISH: Final = "en"


def load(*, source: str | Path, device: str = "auto", vad: bool = True) -> Whisper:
    """A transformers Whisper.

    Args:
        source: a directory that save_pretrained wrote, else a hub id that is in the hub's cache.
        device: `auto`, `cpu`, `cuda` or `cuda:1`.
        vad: hear only where somebody speaks.

    Raises:
        MissingExtra: torch, transformers or the voice activity's network are not installed.
        ModelNotFound: the model is not on this machine, or is no Whisper.
        Damaged: some of its weights are missing.
        WrongUse: a device this machine does not have.
    """
    from scrubjay.models.pretrained.source import find_model
    from scrubjay.models.pretrained.whole import libraries, load_with_reader

    libraries("the whisper listener")
    import torch

    folder = find_model(source)
    found = device
    if device == "auto":
        found = "cuda" if torch.cuda.is_available() else "cpu"
    model, processor = load_with_reader(
        folder,
        kind="whisper",
        called="Whisper",
        made_by="WhisperForConditionalGeneration",
        read_by="WhisperProcessor",
    )
    try:
        model = model.to(found)
    except (RuntimeError, AssertionError) as error:
        raise WrongUse(f"this machine has no device {device!r}: {error}") from error
    return Whisper(model, processor, folder.name, VoiceActivity() if vad else None)


class Whisper:
    """A SpeechToText around a transformers Whisper; one sound at a time is heard."""

    def __init__(
        self,
        model: nn.Module,
        processor: Any,  # noqa: ANN401 - a WhisperProcessor
        name: str,
        activity: VoiceActivity | None,
    ) -> None:
        self._model: Any = model.eval()
        self._processor = processor
        self._name = name
        self._activity = activity
        self._window_s = float(processor.feature_extractor.chunk_length)
        self._frames = int(processor.feature_extractor.nb_max_frames)
        self._lock = threading.Lock()
        self._fingerprint = ModuleFingerprint(model, {"vad": activity is not None})
        known = getattr(self._model.generation_config, "lang_to_id", None) or {}
        self._languages: dict[str, int] = {token[2:-2]: int(at) for token, at in known.items()}

    @property
    def spec(self) -> ModelSpec:
        """Family `whisper`; the fingerprint follows the weights."""
        return ModelSpec(
            FAMILY,
            self._name,
            str(self._fingerprint),
            languages=tuple(sorted(self._languages)) or (ENGLISH,),
        )

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
        found = known_language(self._name, language, self._languages or (ENGLISH,))
        if not self._languages:
            found = ENGLISH
        wanted = None if words is None else checked_words(words)

        def hear(piece: Sound, language: str | None) -> Window:
            inputs, chance = self._inputs(piece), None
            if language is None:
                language, chance = self._identified(inputs["input_features"])
            return Window(self._said(inputs, language, wanted), language, chance)

        with self._lock:
            spans = windows(heard, self._activity, window_s=self._window_s)
            return heard_in(heard, spans, hear, language=found, listener=f"whisper {self._name}")

    def _inputs(self, piece: Sound) -> dict[str, Tensor]:
        how: dict[str, Any] = {}
        if len(piece) > self._window_s * SAMPLE_RATE:
            how = {"truncation": False, "padding": "longest"}
        made = self._processor.feature_extractor(
            piece,
            sampling_rate=SAMPLE_RATE,
            return_tensors="pt",
            return_attention_mask=True,
            **how,
        )
        device = next(self._model.parameters()).device
        return {name: tensor.to(device) for name, tensor in made.items()}

    def _identified(self, features: Tensor) -> tuple[str, float]:
        """The likeliest language of the first window, and its probability among all."""
        import torch

        start = self._model.generation_config.decoder_start_token_id
        with torch.inference_mode():
            logits = self._model(
                input_features=features[:, :, : self._frames],
                decoder_input_ids=torch.full((1, 1), start, device=features.device),
                use_cache=False,
            ).logits[0, -1]
        codes = sorted(self._languages)
        chances = torch.softmax(logits[[self._languages[code] for code in codes]].float(), 0)
        best = int(chances.argmax())
        return codes[best], float(chances[best])

    def _said(
        self, inputs: dict[str, Tensor], language: str, words: tuple[str, ...] | None
    ) -> Iterator[Said]:
        """What is said in a window; times from its beginning."""
        import torch

        from scrubjay.models.pretrained.quiet import quiet_transformers

        settings = copy.deepcopy(self._model.generation_config)
        settings.output_scores = settings.return_dict_in_generate = True
        if words is not None:
            settings.suppress_tokens = self._all_but(words)
        asked = {"language": language, "task": "transcribe"} if self._languages else {}
        with quiet_transformers(), torch.inference_mode():
            made = self._model.generate(
                **inputs,
                generation_config=settings,
                return_timestamps=True,
                return_segments=True,
                condition_on_prev_tokens=False,
                **asked,
            )
        for one in made["segments"][0]:
            text = self._processor.tokenizer.decode(one["tokens"], skip_special_tokens=True)
            yield Said(text, float(one["start"]), float(one["end"]), _mean_log(one))

    def _all_but(self, words: tuple[str, ...]) -> list[int]:
        tokenizer = self._processor.tokenizer

        def encode(text: str) -> list[int]:
            return list(tokenizer.encode(text, add_special_tokens=False))

        return tokens_but(words, encode, letters=self._model.config.eos_token_id)


def _mean_log(segment: dict[str, Any]) -> float:
    """Mean logarithm of the probabilities of a segment's tokens, as they were chosen."""
    import torch

    result, (first, end) = segment["result"], segment["idxs"]
    sequence, scores = result["sequences"], result["scores"]
    prompt = len(sequence) - len(scores)
    chosen = [
        torch.log_softmax(scores[at - prompt].float(), -1)[sequence[at]]
        for at in range(max(first, prompt), min(end, len(sequence)))
    ]
    return float(torch.stack(chosen).mean()) if chosen else 0.0
