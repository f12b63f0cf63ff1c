"""Parts of what is kept in memory, compared with Starlette's own answers for a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from httpx import Response
from starlette.responses import FileResponse
from starlette.testclient import TestClient

from scrubjay.web.byte_range import ranged

DATA = bytes(range(100))


def of_a_file(path: Path, wanted: str | None) -> Response:
    client = TestClient(FileResponse(path))
    return client.get("/", headers={"Range": wanted} if wanted else {})


@pytest.mark.parametrize(
    "wanted",
    [None, "bytes=0-", "bytes=0-0", "bytes=10-19", "bytes=90-200", "bytes=-7", "bytes=-100"],
)
def test_a_range_is_what_a_file_would_answer(tmp_path: Path, wanted: str | None) -> None:
    path = tmp_path / "sound.wav"
    path.write_bytes(DATA)
    right = of_a_file(path, wanted)
    own = ranged(DATA, wanted, "audio/wav")
    assert (own.status_code, bytes(own.body)) == (right.status_code, right.content)
    for name in ("content-range", "content-length", "accept-ranges"):
        assert own.headers.get(name) == right.headers.get(name), name


@pytest.mark.parametrize("wanted", ["bytes=100-", "bytes=500-600", "bytes=9-3"])
def test_a_range_outside_is_refused_with_the_length(wanted: str) -> None:
    own = ranged(DATA, wanted, "audio/wav")
    assert own.status_code == 416
    assert own.headers["content-range"] == "bytes */100"


@pytest.mark.parametrize("wanted", ["", "bytes", "bytes=-", "lines=1-2", "bytes=0-1,3-4", "x" * 99])
def test_what_is_not_understood_is_answered_with_all(wanted: str) -> None:
    own = ranged(DATA, wanted, "audio/wav")
    assert (own.status_code, bytes(own.body)) == (200, DATA)
