"""An answer of another server ends: in size and in time, whatever the server sends."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from typing import Any, Final

from scrubjay.core.errors import RemoteFailed

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of an answer; what somebody says in a minute is a hundredth of it."""


def keep_within(
    response: Any,  # noqa: ANN401 - the HTTP library is the client's choice
    url: str,
    most_bytes: int,
    deadline: float,
) -> None:
    """Let the body of a response, which is not read yet, end in an error where it is too much.

    Args:
        response: of httpx or httpx2.
        url: for messages.
        deadline: of `time.monotonic`.

    Raises:
        RemoteFailed: it comes compressed, though nobody asked for that.
    """
    encoding = response.headers.get("content-encoding", "identity")
    if encoding.strip().lower() not in {"", "identity"}:
        raise RemoteFailed(f"{url} answers compressed ({encoding[:20]!r}), which was not asked for")
    library = importlib.import_module(type(response).__module__.partition(".")[0])
    whole = response.stream

    class Bounded(library.SyncByteStream):  # type: ignore[misc, name-defined]
        """The same body, counted."""

        def __iter__(self) -> Iterator[bytes]:
            left = most_bytes
            for piece in whole:
                left -= len(piece)
                if left < 0:
                    raise RemoteFailed(f"{url} answers with more than {most_bytes:,} bytes")
                if time.monotonic() > deadline:
                    raise RemoteFailed(f"{url} takes too long to end its answer")
                yield piece

        def close(self) -> None:
            whole.close()

    response.stream = Bounded()
