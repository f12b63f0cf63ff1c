"""What `scrubjay serve` may be told."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from scrubjay.core.errors import BadConfig

MIB = 1024 * 1024

_HOST_NAME = re.compile(r"\[[0-9a-fA-F:.]+\]|[0-9a-zA-Z_](?:[0-9a-zA-Z_.-]{0,253})")


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How the service listens and what its clients may cost.

    Attributes:
        host: address to listen on; off loopback a token is needed.
        port: 0 takes any free one.
        token: what every route but `/healthz` asks for; None asks for nothing.
        names: host names it is known by besides localhost, as browsers say them, without port.
        queue: texts, pictures or windows of sound that may wait for a tower.
        queue_bytes: memory that may wait for a tower, decoded.
        max_batch: most that a tower is given at once.
        max_inputs: most that one request may have embedded.
        max_body: bytes of a request's body.
        index_bytes: memory that the champion's vectors may take once they are too many to be all
            compared; more stay on the disk. Three times as much is taken while they are read.
        questions: that are answered at the same time; each keeps the models busy for seconds.
        questions_waiting: that may wait for their turn.
        warm_models: whether the models that answer are loaded before the first question.
        shutdown_s: how long requests that were accepted have to end.
        watch_s: how often a new champion is looked for; 0 never looks.
        versions_kept: versions besides the champion that stay loaded for `/v1/embeddings`.
        access_log: whether each request leaves a line of JSON on standard output.
        log_queries: whether such a line holds the query string, and so a page's search words.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = field(default=None, repr=False)
    names: tuple[str, ...] = ()
    queue: int = 1024
    queue_bytes: int = 256 * MIB
    max_batch: int = 32
    max_inputs: int = 2048
    max_body: int = 64 * MIB
    index_bytes: int = 1024 * MIB
    questions: int = 1
    questions_waiting: int = 16
    warm_models: bool = False
    shutdown_s: float = 30.0
    watch_s: float = 1.0
    versions_kept: int = 2
    access_log: bool = True
    log_queries: bool = False

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            BadConfig: one that cannot be; the message names it.
        """
        if not self.host.strip():
            raise BadConfig("serve.host is empty; give an address such as 127.0.0.1")
        _within("port", self.port, 0, 65_535)
        if self.token is not None and not self.token.strip():
            raise BadConfig("serve.token is empty; give a long random text, or none at all")
        _check_names(self.names)
        for name in ("queue", "queue_bytes", "max_batch", "max_inputs", "max_body", "questions"):
            _within(name, getattr(self, name), 1, math.inf)
        for name in ("index_bytes", "versions_kept", "questions_waiting"):
            _within(name, getattr(self, name), 0, math.inf)
        for name in ("shutdown_s", "watch_s"):
            _within(name, getattr(self, name), 0, 86_400)


def _within(name: str, value: float, least: float, most: float) -> None:
    if isinstance(value, bool) or not least <= value <= most:
        upto = f"from {least:g} to {most:g}" if most < math.inf else f"at least {least:g}"
        raise BadConfig(f"serve.{name} must be {upto}, not {value!r}")


def _check_names(names: tuple[str, ...]) -> None:
    for name in names:
        if not _HOST_NAME.fullmatch(name):
            raise BadConfig(
                f"serve.names holds {name!r}; give host names such as pictures.example.org, "
                f"without https:// and without a port"
            )
