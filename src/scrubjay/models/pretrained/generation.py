"""A reply written token by token: drawn, streamed, stopped, and how sure the model was of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, TypeAlias

from scrubjay.core.errors import ScrubjayError, WrongUse
from scrubjay.core.looking import Reply, ReplyStream, Sampling
from scrubjay.models.pretrained.failing import failing

if TYPE_CHECKING:
    from torch import Tensor

Inputs: TypeAlias = Mapping[str, Any]
"""What a processor makes of a conversation: `input_ids` (1, t), `pixel_values` and the like."""

KEPT = (
    "bad_words_ids",
    "begin_suppress_tokens",
    "bos_token_id",
    "decoder_start_token_id",
    "eos_token_id",
    "forced_bos_token_id",
    "no_repeat_ngram_size",
    "pad_token_id",
    "suppress_tokens",
)
"""What a model's own generation_config.json may say; the rest of it is the asker's to say."""

UNFINISHED = "\ufffd"
"""What the first bytes of a letter read as while the others are still to come."""


class Writer:
    """Writes the replies of one model, one at a time."""

    def __init__(self, model: Any, tokenizer: Any, *, name: str) -> None:  # noqa: ANN401
        """Take over how the model writes.

        Args:
            model: with `generate`, in evaluation mode.
            tokenizer: that reads its tokens back.
            name: of the model, for messages.
        """
        self._model = model
        self._tokenizer = tokenizer
        self._name = name
        self._lock = Lock()
        self._own = _own_settings(model, tokenizer)

    def write(
        self,
        inputs: Inputs,
        sampling: Sampling,
        *,
        say: Callable[[str], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Reply:
        """A reply.

        Args:
            inputs: of the model.
            sampling: how tokens are drawn.
            say: told each piece of the text; joined they are the text.
            cancelled: asked after each token whether to end early.

        Raises:
            WrongUse: the inputs leave no room for a reply.
            ScrubjayError: the model cannot work with them.
        """
        import torch
        from transformers import GenerationConfig

        read = int(inputs["input_ids"].shape[1]) if "input_ids" in inputs else 0
        room = self._room(read)
        text = _Text(self._tokenizer, sampling.stop, say)
        choice = _Choice(sampling, text, cancelled, ends=_as_set(self._own.get("eos_token_id")))
        settings = GenerationConfig(
            do_sample=False,
            num_beams=1,
            repetition_penalty=sampling.repetition_penalty,
            max_new_tokens=min(sampling.max_new_tokens, room),
            **self._own,
        )
        with self._lock, torch.inference_mode(), failing(self._name):
            self._model.generate(
                **inputs,
                generation_config=settings,
                logits_processor=[choice.choose],
                stopping_criteria=[choice.end],
            )
        return choice.reply(tokens_in=read)

    def stream(self, inputs: Inputs, sampling: Sampling) -> ReplyStream:
        """The text of `write`, piece by piece, and then what it gives.

        Closing the stream ends the writing after the token being written.
        """
        pieces: SimpleQueue[str | Reply | BaseException] = SimpleQueue()
        cancelled = Event()

        def work() -> None:
            try:
                pieces.put(self.write(inputs, sampling, say=pieces.put, cancelled=cancelled.is_set))
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                pieces.put(error)

        thread = Thread(target=work, name="writing", daemon=True)
        thread.start()
        try:
            while isinstance(piece := pieces.get(), str):
                yield piece
            if isinstance(piece, BaseException):
                raise piece
            return piece
        finally:
            cancelled.set()
            thread.join()

    def _room(self, read: int) -> int:
        """Tokens that may still be written after those that are read."""
        config = self._model.config
        if config.is_encoder_decoder:
            return 1_000_000
        positions = getattr(config.get_text_config(), "max_position_embeddings", None)
        if not isinstance(positions, int):
            return 1_000_000
        if read >= positions:
            raise WrongUse(
                f"{self._name} reads at most {positions} tokens; this conversation is {read} with "
                f"its pictures. Show fewer or smaller pictures, or say less"
            )
        return positions - read


@dataclass
class _Text:
    """The text of the tokens so far, told in pieces that are never taken back."""

    tokenizer: Any
    stops: tuple[str, ...]
    say: Callable[[str], None] | None
    said: str = ""
    stopped: bool = False

    def read(self, tokens: list[int], *, last: bool) -> None:
        """Tell what is new in the text of these tokens.

        Args:
            tokens: all of them so far.
            last: no more will come.
        """
        text: str = self.tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        text = text.lstrip()
        ends = [place for stop in self.stops if (place := text.find(stop)) >= 0]
        if ends:
            self.stopped = True
            text = text[: min(ends)]
        elif not last:
            text = text.rstrip(UNFINISHED)
            text = text[: len(text) - self._may_stop(text)]
        text = text.rstrip()
        if text.startswith(self.said) and len(text) > len(self.said):
            new, self.said = text[len(self.said) :], text
            if self.say is not None:
                self.say(new)

    def _may_stop(self, text: str) -> int:
        """Letters at the end that a stop text may begin with."""
        return max(
            (
                length
                for stop in self.stops
                for length in range(1, len(stop))
                if text.endswith(stop[:length])
            ),
            default=0,
        )


class _Choice:
    """Chooses each token, and knows how likely it was."""

    def __init__(
        self,
        sampling: Sampling,
        text: _Text,
        cancelled: Callable[[], bool] | None,
        *,
        ends: frozenset[int],
    ) -> None:
        self._draw = _draw(sampling)
        self._text = text
        self._cancelled = cancelled
        self._ends = ends
        self._tokens: list[int] = []
        self._log_likelihood = 0.0

    def choose(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """(1, words) scores that leave nothing but the token chosen."""
        import torch

        likely = torch.log_softmax(scores.float(), dim=-1)
        token = self._draw(input_ids, scores) if self._draw else int(scores.argmax())
        log_likelihood = float(likely[0, token])
        if math.isnan(log_likelihood):
            raise ScrubjayError(
                "the model's numbers overflow; give vlm.dtype=float32 or vlm.dtype=bfloat16"
            )
        self._tokens.append(token)
        self._log_likelihood += log_likelihood
        alone = torch.full_like(scores, -math.inf)
        alone[0, token] = 0.0
        return alone

    def end(self, input_ids: Tensor, scores: Any, **_: Any) -> Tensor:  # noqa: ANN401
        """(1,) whether that was the last token."""
        import torch

        if self._tokens[-1] not in self._ends:
            self._text.read(self._tokens, last=False)
        done = self._text.stopped or (self._cancelled is not None and self._cancelled())
        return torch.full((input_ids.shape[0],), done, dtype=torch.bool, device=input_ids.device)

    def reply(self, *, tokens_in: int) -> Reply:
        """What was written."""
        ended = bool(self._tokens) and self._tokens[-1] in self._ends
        self._text.read(self._tokens[:-1] if ended else self._tokens, last=True)
        count = len(self._tokens)
        return Reply(
            text=self._text.said,
            confidence=math.exp(self._log_likelihood / count) if count else None,
            tokens_in=tokens_in,
            tokens_out=count,
            finished=ended or self._text.stopped,
        )


def _draw(sampling: Sampling) -> Callable[[Tensor, Tensor], int] | None:
    """Draws a token from scores; None where the likeliest is taken.

    The generator is its own, so that replies written beside each other do not mix their draws.
    """
    if sampling.temperature == 0:
        return None
    import torch
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    steps: list[Callable[[Tensor, Tensor], Tensor]] = [
        TemperatureLogitsWarper(float(sampling.temperature))
    ]
    if sampling.top_k is not None:
        steps.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p is not None and sampling.top_p < 1:
        steps.append(TopPLogitsWarper(float(sampling.top_p)))
    generators: dict[torch.device, torch.Generator] = {}

    def drawn(input_ids: Tensor, scores: Tensor) -> int:
        for step in steps:
            scores = step(input_ids, scores)
        if scores.device not in generators:
            made = torch.Generator(scores.device)
            made.seed() if sampling.seed is None else made.manual_seed(sampling.seed)
            generators[scores.device] = made
        chances = torch.softmax(scores, dim=-1)
        return int(torch.multinomial(chances, 1, generator=generators[scores.device]))

    return drawn


def _own_settings(model: Any, tokenizer: Any) -> dict[str, Any]:  # noqa: ANN401
    """What is kept of the model's settings; what else its folder says no longer has effect."""
    from transformers import GenerationConfig

    # A model of two writes with the inner one's settings.
    inner = getattr(model, "language_model", None)
    models = [model, *([inner] if hasattr(inner, "generation_config") else [])]
    own: dict[str, Any] = {}
    for one in models:
        settings = one.generation_config
        own |= {
            name: value for name in KEPT if (value := getattr(settings, name, None)) is not None
        }
    if own.get("eos_token_id") is None:
        own["eos_token_id"] = tokenizer.eos_token_id
    if own.get("pad_token_id") is None:
        end = own["eos_token_id"]
        own["pad_token_id"] = end[0] if isinstance(end, list) else end
    own = {name: value for name, value in own.items() if value is not None}
    for one in models:
        one.generation_config = GenerationConfig(**own)
    return own


def _as_set(ids: int | list[int] | None) -> frozenset[int]:
    if ids is None:
        return frozenset()
    return frozenset([ids] if isinstance(ids, int) else ids)
