"""The text of a reply as it grows; whole models are held to it in tests/models/vlm."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scrubjay.models.pretrained.generation import UNFINISHED, _Text


class Bytes:
    """A tokenizer of single bytes, which cuts letters apart."""

    def decode(self, tokens, *, skip_special_tokens: bool, clean_up_tokenization_spaces: bool):
        return bytes(tokens).decode("utf-8", "replace")


def told(text: bytes, stops: tuple[str, ...] = ()) -> tuple[list[str], _Text]:
    """The pieces of a text written byte by byte until a stop."""
    pieces: list[str] = []
    growing = _Text(Bytes(), stops, pieces.append)
    for length in range(1, len(text) + 1):
        growing.read(list(text[:length]), last=False)
        if growing.stopped:
            return pieces, growing
    growing.read(list(text), last=True)
    return pieces, growing


@given(st.text(max_size=30))
def test_pieces_join_to_the_whole_text_without_its_margins(text: str) -> None:
    pieces, growing = told(text.encode())
    assert "".join(pieces) == growing.said == text.strip()
    assert all(pieces)


@given(
    st.text(alphabet="ab \u00e4\u2603", max_size=20),
    st.text(alphabet="ab ", min_size=1, max_size=3),
)
def test_nothing_of_a_stop_text_is_ever_told(text: str, stop: str) -> None:
    pieces, growing = told(text.encode(), (stop, "never said"))
    shown = text.lstrip()
    assert growing.stopped == (stop in shown)
    assert "".join(pieces) == growing.said == shown.split(stop, 1)[0].rstrip()


def test_half_a_letter_waits_for_its_other_half() -> None:
    assert told("a\u2603b".encode())[0] == ["a", "\u2603", "b"]


def test_bytes_that_never_become_a_letter_are_told_in_the_end() -> None:
    assert told(b"ab\xe2")[1].said == "ab" + UNFINISHED


def test_what_may_become_a_stop_text_waits() -> None:
    assert told(b"one#two##", ("##",))[0] == ["o", "n", "e", "#t", "w", "o"]
