from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from scrubjay.core.errors import BadMedia, UnknownName, WrongUse
from scrubjay.core.looking import Message, ModelSpec, Reply, Sampling
from scrubjay.core.protocols import TextReader
from scrubjay.models.load import load_ocr
from scrubjay.models.ocr.vlm import INSTRUCTION, TASK, LookingReader

PICTURE = np.full((30, 80, 3), 250, np.uint8)


class Copying:
    """A model that looks, says what it was told to, and remembers what it was asked."""

    def __init__(self, reply: Reply, *, instructed: bool) -> None:
        self.said = reply
        self.asked: list[tuple[Sequence[Message], Sampling]] = []
        self.spec = ModelSpec("copying", "copier", "f00", instructed=instructed, languages=("en",))

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        self.asked.append((messages, sampling))
        return self.said

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[str]:
        yield self.reply(messages, sampling).text

    def caption(self, picture: np.ndarray, sampling: Sampling) -> Reply:
        return self.said


def reader(text: str, *, told: bool = True, instructed: bool = True, prompt: str | None = None):
    model = Copying(Reply(text, told=told, confidence=0.7), instructed=instructed)
    return model, LookingReader(model, prompt, Sampling(max_new_tokens=77))


def test_every_line_of_the_reply_is_a_line_with_the_models_confidence() -> None:
    _, reads = reader("WAY OUT\n\n  mind the step \n")
    reading = reads.read(PICTURE)
    assert [line.text for line in reading.lines] == ["WAY OUT", "mind the step"]
    assert {line.confidence for line in reading.lines} == {0.7}
    assert {line.box for line in reading.lines} == {(0.0, 0.0, 1.0, 1.0)}
    assert (reading.width, reading.height, reading.reader) == (80, 30, "copying copier")


def test_a_model_that_cannot_tell_read_nothing() -> None:
    _, reads = reader("I can't tell", told=False)
    assert reads.read(PICTURE).lines == ()


@pytest.mark.parametrize(
    ("instructed", "prompt", "asked"),
    [(True, None, INSTRUCTION), (False, None, TASK), (False, "ocr\n", "ocr\n")],
)
def test_the_model_is_asked_as_its_kind_understands(instructed, prompt, asked) -> None:
    model, reads = reader("x", instructed=instructed, prompt=prompt)
    reads.read(PICTURE)
    ((message,), sampling), = model.asked  # fmt: skip
    assert message.text == asked
    assert np.array_equal(message.pictures[0], PICTURE)
    assert (sampling.max_new_tokens, sampling.temperature) == (77, 0.0)


def test_another_prompt_is_another_reader() -> None:
    assert reader("x")[1].spec.fingerprint != reader("x", prompt="text?")[1].spec.fingerprint


def test_it_is_loaded_by_name_with_the_models_own_options() -> None:
    reads = load_ocr("vlm", vlm="fake", prompt="repeat: PLATFORM 9")
    assert isinstance(reads, TextReader)
    assert reads.read(PICTURE).text == "PLATFORM 9"
    with pytest.raises(UnknownName, match="sauce"):
        load_ocr("vlm", vlm="fake", sauce="x")
    with pytest.raises(UnknownName, match="fake"):
        load_ocr("vlm", vlm="fakee")
    with pytest.raises(WrongUse, match="max_new_tokens"):
        load_ocr("vlm", vlm="fake", max_new_tokens=0)


def test_a_server_elsewhere_can_read() -> None:
    pytest.importorskip("openai", reason="a server's model needs the extra: scrubjay[remote]")
    reads = load_ocr("vlm", vlm="remote", url="http://127.0.0.1:9/v1", model="reads-well")
    assert reads.spec.name


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(BadMedia):
        reader("x")[1].read(np.zeros((4, 4), np.uint8))
