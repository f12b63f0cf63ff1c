"""A decoder's parent: what it hands over, what it believes, and what it says of an ending."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from scrubjay.core.errors import BadMedia
from scrubjay.media.confined import AskedOnce, asked, decoder_environment, ending

ECHO = "data = sys.stdin.buffer.read(); sys.stdout.buffer.write(data)"


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A decoder that runs the given lines."""

    def write(code: str) -> str:
        path = tmp_path / "decoder"
        path.write_text(f"#!{sys.executable}\nimport os, sys\n{code}\n")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", os.fspath(path))
        return "any.module"

    return write


def listening(process, *, stall_s: float = 10.0) -> AskedOnce:
    return AskedOnce(process, "a.bin", "decoding", 3 * 1024**2, 7.0, stall_s)


def test_a_file_larger_than_the_pipe_arrives_behind_its_request(program) -> None:
    data = os.urandom(3 << 20)
    with asked(program(ECHO), {"size": len(data)}, data=data) as process:
        line = b'{"size": 3145728}\n'
        decoder = listening(process)
        assert decoder.read(len(line)) == line
        assert decoder.read(len(data)) == data
        assert decoder.read(0) == b""
        with pytest.raises(BadMedia, match=r"a\.bin: its decoder ended early \(exit code 0\)"):
            decoder.read(1)
    assert process.returncode is not None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("sys.exit(3)", r"ended early \(exit code 3\)"),
        ("os.kill(os.getpid(), 11)", r"ended early \(SIGSEGV\)"),
        (f"os.kill(os.getpid(), {int(signal.SIGXCPU)})", "decoding it takes more than 7 s of"),
        ("os.write(1, b'ab'); sys.exit(4)", r"ended early \(exit code 4\)"),
    ],
)
def test_a_decoder_that_ends_early_says_how(program, code: str, reason: str) -> None:
    with (
        asked(program(code), {}, data=bytes(1 << 20)) as process,
        pytest.raises(BadMedia, match=reason),
    ):
        listening(process).read(3)


def test_an_inherited_descriptor_is_open_there(program, tmp_path) -> None:
    (tmp_path / "a").write_bytes(b"the file")
    descriptor = os.open(tmp_path / "a", os.O_RDONLY)
    try:
        code = f"sys.stdout.buffer.write(os.read({descriptor}, 8))"
        with asked(program(code), {}, inherited=(descriptor,)) as process:
            assert listening(process).read(8) == b"the file"
    finally:
        os.close(descriptor)


def test_a_silent_decoder_is_given_up_and_gone(program) -> None:
    with asked(program("import time; time.sleep(60)"), {}) as process:
        with pytest.raises(BadMedia, match=r"said nothing for 0\.2 s"):
            listening(process, stall_s=0.2).read(1)
        assert process.poll() is None
    assert process.returncode == -signal.SIGKILL


def test_reasons_are_plain_text(program) -> None:
    with asked(program(ECHO), {}) as process:
        decoder = listening(process)
        shown = decoder.refused(b"too\x1b[31m \xff red\n", otherwise="damaged")
        assert shown.reason == "too[31m \N{REPLACEMENT CHARACTER} red"
        assert decoder.refused(b"\x00\x07", otherwise="damaged").reason == "damaged"
        assert decoder.out_of_memory().reason == "decoding it takes more than 3 MB of memory"


def test_every_ending_has_words() -> None:
    assert [ending(code) for code in (0, 3, -9, -200)] == [
        "exit code 0",
        "exit code 3",
        "SIGKILL",
        "signal 200",
    ]


def test_a_decoder_gets_no_secrets(monkeypatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("LANG", "C.UTF-8")
    variables = decoder_environment()
    assert "AWS_SECRET_ACCESS_KEY" not in variables
    assert variables["LANG"] == "C.UTF-8"
