"""A model on another server that looks at pictures: `/v1/chat/completions` of any server.

vLLM, Ollama, llama.cpp and hosted services speak this protocol, and Scrubjay's own server does.
Pictures travel inside the request; where many are asked about, this is how a model scales out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scrubjay.core.looking import Message, ModelSpec, Reply, ReplyStream, Role, Sampling
from scrubjay.core.types import Picture
from scrubjay.models.conversation import checked
from scrubjay.models.picture_bytes import PictureFormat, as_data_url, checked_format
from scrubjay.models.remote_client import RemoteRefused, RemoteServer, first_of

ROUTE: Final = "/chat/completions"
CAPTION: Final = "Say in one sentence what this picture shows."
CANNOT_TELL: Final = "I can't tell"
EXTRAS: Final = ("stream_options", "logprobs")
"""What is asked for but not needed."""


def load(
    *,
    url: str,
    model: str,
    key_variable: str | None = None,
    timeout_s: float = 120.0,
    retries: int = 2,
    proxy_variable: str | None = None,
    max_pictures: int | None = None,
    picture_format: str = "png",
    caption: str = CAPTION,
) -> RemoteVisionLanguage:
    """A model that looks, on a server that speaks OpenAI's protocol.

    Args:
        url: where its API begins, as `http://localhost:8000/v1`.
        model: as the server names it.
        key_variable: NAME of the environment variable that holds the key, never the key.
        timeout_s: longest silence of the server.
        retries: how often what may succeed later is tried again.
        proxy_variable: name of the environment variable with a proxy's address.
        max_pictures: pictures it may be shown at once; None: the server decides.
        picture_format: `png` keeps every pixel, `jpeg` sends less.
        caption: what is asked for a picture's caption.

    Raises:
        BadConfig: an option that cannot be used.
        MissingExtra: the `openai` client is not installed.
    """
    server = RemoteServer(
        url,
        model,
        key_variable=key_variable,
        timeout_s=timeout_s,
        retries=retries,
        proxy_variable=proxy_variable,
    )
    return RemoteVisionLanguage(
        server,
        max_pictures=max_pictures,
        picture_format=checked_format(picture_format),
        caption=caption,
    )


class RemoteVisionLanguage:
    """A VisionLanguage elsewhere. What its server does not know is left out, once it said so."""

    def __init__(
        self,
        server: RemoteServer,
        *,
        max_pictures: int | None,
        picture_format: PictureFormat,
        caption: str,
    ) -> None:
        self._server = server
        self._format = picture_format
        self._caption = caption
        self._refused: frozenset[str] = frozenset()
        self._spec = server.spec("vlm", max_pictures=max_pictures)

    @property
    def spec(self) -> ModelSpec:
        """Family `remote`, the model and where it is."""
        return self._spec

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Continue a conversation.

        `confidence` is the server's own (Scrubjay's), else the geometric mean of the tokens'
        probabilities, else None.

        Raises:
            WrongUse: more pictures than it can be shown, or no question.
            ModelNotFound, RemoteFailed: as `RemoteServer.post`.
        """
        body = {**self._body(messages, sampling), "logprobs": True}
        return self._read(self._post(body))

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> ReplyStream:
        """The text of `reply`, as it comes; raises as it does, also while it comes."""
        counted = {"logprobs": True, "stream_options": {"include_usage": True}}
        return self._pieces({**self._body(messages, sampling), **counted})

    def caption(self, picture: Picture, sampling: Sampling) -> Reply:
        """Say in a sentence what a picture shows; raises as `reply`."""
        return self.reply([Message(Role.USER, (picture, self._caption))], sampling)

    def _body(self, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._server.model,
            "messages": [self._said(one) for one in checked(messages, self._spec)],
            "max_tokens": sampling.max_new_tokens,
            "temperature": sampling.temperature,
        }
        if sampling.top_p is not None:
            body["top_p"] = sampling.top_p
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        if sampling.top_k is not None:
            body["top_k"] = sampling.top_k
        if sampling.repetition_penalty != 1.0:
            # vLLM and Hugging Face name it one way, llama.cpp and Ollama the other.
            body["repetition_penalty"] = body["repeat_penalty"] = sampling.repetition_penalty
        return body

    def _said(self, message: Message) -> dict[str, Any]:
        if not message.pictures:
            return {"role": message.role.value, "content": message.text}
        parts = [
            {"type": "text", "text": part}
            if isinstance(part, str)
            else {"type": "image_url", "image_url": {"url": as_data_url(part, self._format)}}
            for part in message.parts
        ]
        return {"role": message.role.value, "content": parts}

    def _post(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        while True:
            sent = self._without_refused(body)
            try:
                return self._server.post(ROUTE, sent)
            except RemoteRefused as refused:
                self._learn(refused, sent)

    def _without_refused(self, body: Mapping[str, Any]) -> dict[str, Any]:
        sent = {name: value for name, value in body.items() if name not in self._refused}
        if "max_tokens" in self._refused:
            sent["max_completion_tokens"] = body["max_tokens"]
        return sent

    def _learn(self, refused: RemoteRefused, sent: Mapping[str, Any]) -> None:
        """Remember what a server knows under another name, or not at all.

        Raises:
            RemoteRefused: it refuses something else.
        """
        if "max_completion_tokens" in refused.says and "max_tokens" in sent:
            self._refused |= {"max_tokens"}
        elif name := next((one for one in EXTRAS if one in refused.says and one in sent), None):
            self._refused |= {name}
        else:
            raise refused

    def _pieces(self, body: Mapping[str, Any]) -> ReplyStream:
        said: list[str] = []
        while True:
            sent, end = self._without_refused(body), _End()
            try:
                for piece in _trimmed(self._streamed(sent, end)):
                    said.append(piece)
                    yield piece
            except RemoteRefused as refused:
                if said:
                    raise
                self._learn(refused, sent)
            else:
                break
        if not said:
            yield CANNOT_TELL
        return self._read(end.answer("".join(said)))

    def _streamed(self, body: Mapping[str, Any], end: _End) -> Iterator[str]:
        for event in self._server.stream(ROUTE, body):
            choice = first_of(event, "choices")
            end.note(event, choice)
            delta = choice.get("delta")
            text = _text(delta.get("content")) if isinstance(delta, Mapping) else ""
            if text:
                yield text
        if end.reason is None:
            raise self._server.unreadable("a stream that broke off before the answer's end")

    def _read(self, answer: Mapping[str, Any]) -> Reply:
        choice = first_of(answer, "choices")
        message = choice.get("message")
        if not isinstance(message, Mapping):
            raise self._server.unreadable("no message")
        content = _text(message.get("content")).strip()
        text = content or _text(message.get("refusal")).strip()
        ours = answer.get("scrubjay")
        ours = ours if isinstance(ours, Mapping) else {}
        usage = answer.get("usage")
        usage = usage if isinstance(usage, Mapping) else {}
        told = bool(content) and ours.get("told") is not False
        confidence = _chance(ours.get("confidence"))
        return Reply(
            text=text or CANNOT_TELL,
            told=told,
            confidence=_mean_chance(choice.get("logprobs")) if confidence is None else confidence,
            tokens_in=_count(usage.get("prompt_tokens")),
            tokens_out=_count(usage.get("completion_tokens")),
            finished=choice.get("finish_reason") != "length",
        )


@dataclass(slots=True)
class _End:
    """What the events of a stream say besides its text.

    Attributes:
        reason: why it ended; None: it has not.
        logprobs: of all tokens, as far as they were given.
        whole: fields that belong to the whole answer.
    """

    reason: object = None
    logprobs: list[object] = field(default_factory=list)
    whole: dict[str, object] = field(default_factory=dict)

    def note(self, event: Mapping[str, Any], choice: Mapping[str, Any]) -> None:
        """Take in an event and the choice in it."""
        reason, given = choice.get("finish_reason"), choice.get("logprobs")
        self.reason = self.reason if reason is None else reason
        content = given.get("content") if isinstance(given, Mapping) else None
        self.logprobs += content if isinstance(content, list) else []
        self.whole |= {name: event[name] for name in ("usage", "scrubjay") if event.get(name)}

    def answer(self, text: str) -> dict[str, object]:
        """The same as an answer that came at once."""
        choice = {
            "message": {"content": text},
            "finish_reason": self.reason,
            "logprobs": {"content": self.logprobs},
        }
        return {**self.whole, "choices": [choice]}


def _text(content: object) -> str:
    """A message's text; some servers give it in parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = (one.get("text") for one in content if isinstance(one, Mapping))
        return "".join(one for one in texts if isinstance(one, str))
    return ""


def _trimmed(pieces: Iterator[str]) -> Iterator[str]:
    """The same text without space around it; space is held back until more follows."""
    held, begun = "", False
    for piece in pieces:
        text = held + piece if begun else piece.lstrip()
        kept = text.rstrip()
        held = text[len(kept) :]
        if kept:
            begun = True
            yield kept


def _chance(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known and 0 <= value <= 1 else None  # type: ignore[arg-type, operator]


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _mean_chance(logprobs: object) -> float | None:
    """The geometric mean of the tokens' probabilities; None where they are not given."""
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    if not isinstance(content, list) or not content:
        return None
    known = [one.get("logprob") for one in content if isinstance(one, Mapping)]
    numbers = [float(one) for one in known if isinstance(one, int | float)]
    if len(numbers) != len(content) or not all(map(math.isfinite, numbers)):
        return None
    return min(1.0, math.exp(sum(numbers) / len(numbers)))
