"""Another server that speaks OpenAI's protocol: vLLM, Ollama, llama.cpp, a hosted one, Scrubjay.

Built on the `openai` client, which retries what may succeed later and honours `Retry-After`. Beside
what a request is for, nothing leaves this machine: headers are a short list, proxies and other
settings of the environment count only where an option names them, a redirect is an error and not
followed, and the key never stands in a message. Answers end in size and in time.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from scrubjay.core.errors import BadConfig, MissingExtra, ModelNotFound, RemoteFailed
from scrubjay.core.looking import ModelSpec
from scrubjay.models.remote_bounds import MOST_BYTES, keep_within

if TYPE_CHECKING:
    import openai

SENT: Final = frozenset(
    {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "transfer-encoding",
    }
)
"""Headers that leave; `Authorization` and `User-Agent` are written here."""

USER_AGENT: Final = "scrubjay"
CONNECT_S: Final = 10.0
PATIENCE: Final = 10.0
"""An answer may take this many times `timeout_s` in all; in between nothing may take longer."""

SAID: Final = 300
"""Characters of a server's own words that a message repeats."""
MODELS_NAMED: Final = 10

File = tuple[str, bytes, str]
"""(name, bytes, media type)."""


class RemoteRefused(RemoteFailed):
    """The server understood the request and refuses it (400, 422); `says` holds its words."""

    def __init__(self, message: str, says: str) -> None:
        self.says = says
        super().__init__(message)


class RemoteServer:
    """One model of one server; threads may share it.

    Attributes:
        url: of the server, as `http://localhost:8000/v1`.
        model: as the server names it.
        name: of both, for people.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key_variable: str | None = None,
        timeout_s: float = 120.0,
        retries: int = 2,
        proxy_variable: str | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Nothing is sent yet.

        Args:
            key_variable: name of the environment variable that holds the key; None: no key.
            timeout_s: longest silence of the server; ten times as long may an answer take in all.
            retries: how often what may succeed later is tried again.
            proxy_variable: name of the environment variable with a proxy's address; None: no proxy.
            most_bytes: of an answer.

        Raises:
            BadConfig: an address, a number or a variable that cannot be used.
            MissingExtra: the `openai` client is not installed.
        """
        self.url, host = _checked_url(url)
        self.model = model
        self.name = f"{model} at {host}"
        if not model.strip():
            raise BadConfig(f"the model at {self.url} has no name; give model=NAME")
        if not (0 < timeout_s <= 86_400 and 0 <= retries <= 100):
            raise BadConfig(
                f"timeout_s must be above 0 and retries from 0 to 100, not {timeout_s} "
                f"and {retries}"
            )
        self._key = _from_environment(key_variable, "the key")
        self._most_bytes = most_bytes
        self._patience_s = PATIENCE * timeout_s
        self._client = self._opened(
            timeout_s, retries, _from_environment(proxy_variable, "the proxy's address")
        )

    def fingerprint(self, room: str) -> str:
        """Of a model of one room; the server may change what is behind a name unseen."""
        return hashlib.sha256(f"remote {room}\n{self.url}\n{self.model}".encode()).hexdigest()

    def spec(self, room: str, **known: Any) -> ModelSpec:  # noqa: ANN401 - a ModelSpec's own
        """Family `remote`, the model and where it is.

        Args:
            room: it is asked as, such as `vlm`.
            known: further attributes of a ModelSpec.
        """
        return ModelSpec(
            family="remote", name=self.name, fingerprint=self.fingerprint(room), **known
        )

    def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The JSON object that answers a JSON body.

        Raises:
            RemoteRefused: the server refuses the request.
            ModelNotFound: it does not have the model.
            RemoteFailed: it cannot be reached, takes too long, or answers what nobody can read.
        """
        with self._asking():
            return self._object(self._client.post(path, cast_to=bytes, body=dict(body)))

    def post_for_bytes(self, path: str, body: Mapping[str, Any]) -> bytes:
        """What answers a JSON body, as it is; raises as `post`."""
        with self._asking():
            return self._client.post(path, cast_to=bytes, body=dict(body))

    def post_form(
        self, path: str, fields: Mapping[str, Any], files: Mapping[str, File]
    ) -> Mapping[str, Any]:
        """The JSON object that answers a form with files; raises as `post`."""
        with self._asking():
            answer = self._client.post(
                path,
                cast_to=bytes,
                body=dict(fields),
                files=dict(files),
                options={"headers": {"Content-Type": "multipart/form-data"}},
            )
            return self._object(answer)

    def stream(self, path: str, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The JSON objects of a streamed answer, as they come; raises as `post`."""
        import openai

        with (
            self._asking(),
            self._client.post(
                path,
                cast_to=object,
                body={**body, "stream": True},
                stream=True,
                stream_cls=openai.Stream[object],
            ) as events,
        ):
            for event in events:
                if not isinstance(event, Mapping):
                    raise self.unreadable("an event that is no JSON object")
                yield event

    def models(self) -> tuple[str, ...]:
        """The models it offers, as it names them; none where it does not say."""
        import openai

        client = self._client.with_options(max_retries=0, timeout=CONNECT_S)
        try:
            listed = self._object(client.get("/models", cast_to=bytes)).get("data")
        except (openai.OpenAIError, RemoteFailed):
            return ()
        entries = listed if isinstance(listed, list) else []
        ids = (one.get("id") for one in entries if isinstance(one, Mapping))
        return tuple(self._plain(one) for one in ids if isinstance(one, str))

    def unreadable(self, what: str) -> RemoteFailed:
        """The error of an answer that is not what the protocol promises."""
        return RemoteFailed(
            f"{self.url} answered {self.model!r} with {what}; is it a server that speaks OpenAI's "
            f"protocol?"
        )

    def _opened(self, timeout_s: float, retries: int, proxy: str | None) -> openai.OpenAI:
        try:
            import openai
        except ModuleNotFoundError as error:
            raise MissingExtra("a model on another server", "remote") from error
        http = openai.DefaultHttpxClient(
            timeout=openai.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
            follow_redirects=False,
            trust_env=False,
            proxy=proxy,
            event_hooks={"request": [self._strip], "response": [self._bound]},
        )
        return openai.OpenAI(
            base_url=self.url, api_key=self._key or "none", max_retries=retries, http_client=http
        )

    def _strip(self, request: Any) -> None:  # noqa: ANN401 - httpx's or httpx2's
        """Leave of a request's headers what it needs: the client adds the environment's."""
        for name in [name for name in request.headers if name.lower() not in SENT]:
            del request.headers[name]
        request.headers["User-Agent"] = USER_AGENT
        request.headers["Accept-Encoding"] = "identity"
        if self._key is not None:
            request.headers["Authorization"] = f"Bearer {self._key}"

    def _bound(self, response: Any) -> None:  # noqa: ANN401 - httpx's or httpx2's
        keep_within(response, self.url, self._most_bytes, time.monotonic() + self._patience_s)

    def _object(self, answer: bytes) -> Mapping[str, Any]:
        try:
            made = json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise self.unreadable(f"what is no JSON: {self._plain(answer[:80])!r}") from error
        if not isinstance(made, Mapping):
            raise self.unreadable("JSON that is no object")
        return made

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Say in our words what the client raises."""
        import openai

        try:
            yield
        except openai.APITimeoutError as error:
            raise RemoteFailed(
                f"{self.url} was silent for too long while {self.model!r} was asked; try again, or "
                f"allow more with timeout_s"
            ) from error
        except openai.APIConnectionError as error:
            why = self._plain(error.__cause__ or error)
            raise RemoteFailed(
                f"{self.url} cannot be reached, or broke off ({why}); is the server up, and the "
                f"address right?"
            ) from error
        except openai.APIStatusError as error:
            raise self._status(error) from error
        except openai.OpenAIError as error:
            raise RemoteFailed(
                f"{self.url} answered {self.model!r} with an error: {self._plain(error)}"
            ) from error
        except ValueError as error:  # a streamed event's JSON or UTF-8
            raise self.unreadable(f"a broken event: {self._plain(error)}") from error

    def _status(self, error: openai.APIStatusError) -> RemoteFailed | ModelNotFound:
        status, says = error.status_code, self._plain(error)
        if status in {401, 403}:
            key = "the key it was sent" if self._key else "a request without a key"
            return RemoteFailed(
                f"{self.url} refuses {key} ({status}); name with key_variable the environment "
                f"variable that holds a key it accepts"
            )
        if 300 <= status < 400:
            to = urlsplit(error.response.headers.get("location", "")).hostname or "elsewhere"
            return RemoteFailed(
                f"{self.url} sends on to {to} ({status}), which is not followed, so that no key "
                f"and no picture goes where nobody meant it; give the address itself as url"
            )
        if status == 404:
            return self._no_such_model()
        if status in {400, 422}:
            return RemoteRefused(f"{self.url} refuses to ask {self.model!r}: {says}", says)
        if status == 413:
            return RemoteRefused(f"{self.url} takes no request as large as this ({says})", says)
        if status == 429:
            after = error.response.headers.get("retry-after")
            wait = f" for {self._plain(after)} s" if after else " for a moment"
            return RemoteFailed(f"{self.url} is asked too often (429); wait{wait}")
        return RemoteFailed(f"{self.url} failed to answer {self.model!r}: {says}")

    def _no_such_model(self) -> ModelNotFound:
        has = self.models()
        if not has:
            return ModelNotFound(
                f"{self.url} has no model {self.model!r}, or answers nothing there; does the "
                f"address end where its API begins, as in http://host:8000/v1?"
            )
        more = ", ..." if len(has) > MODELS_NAMED else ""
        return ModelNotFound(
            f"{self.url} has no model {self.model!r}; it has: {', '.join(has[:MODELS_NAMED])}{more}"
        )

    def _plain(self, says: object) -> str:
        """A stranger's words, in one short line, without the key."""
        text = says.decode("utf-8", "replace") if isinstance(says, bytes) else str(says)
        if self._key:
            text = text.replace(self._key, "***")
        text = " ".join("".join(one if one.isprintable() else " " for one in text).split())
        return text if len(text) <= SAID else f"{text[:SAID]}..."


def first_of(answer: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The first object of a list in an answer; empty where there is none."""
    entries = answer.get(key)
    first = entries[0] if isinstance(entries, Sequence) and entries else None
    return first if isinstance(first, Mapping) else {}


def _checked_url(url: str) -> tuple[str, str]:
    """(url without a slash at its end, host and port).

    Raises:
        BadConfig: it is none that can be asked; the message does not repeat what may be a secret.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadConfig(f"the url of a remote model cannot be read: {error}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise BadConfig(
            f"the url of a remote model must be as http://localhost:8000/v1, not {url[:80]!r}"
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise BadConfig(
            f"the url of the remote model at {host} must hold no key, user or query; name with "
            f"key_variable the environment variable that holds the key"
        )
    place = f"[{host}]" if ":" in host else host
    address = f"{place}:{port}" if port else place
    return f"{parts.scheme}://{address}{parts.path.rstrip('/')}", address


def _from_environment(variable: str | None, what: str) -> str | None:
    if variable is None:
        return None
    value = os.environ.get(variable, "").strip()
    if not value:
        raise BadConfig(f"the environment variable {variable!r} must hold {what}, and is empty")
    if not value.isascii() or not value.isprintable():
        raise BadConfig(f"the environment variable {variable!r} holds what cannot be {what}")
    return value
