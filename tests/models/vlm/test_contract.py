"""The promises of VisionLanguage in core/protocols.py, held by every family that there is.

A new family is found by itself. It needs one line in BUILDERS, so that the test knows how to make
a small one; without that line the last test fails and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from scrubjay.core.errors import BadMedia, UnknownName, WrongUse
from scrubjay.core.looking import Message, ModelSpec, Reply, ReplyStream, Role, Sampling
from scrubjay.core.protocols import VisionLanguage
from scrubjay.models.family import Room
from scrubjay.models.load import families, load_vlm
from tests.models.remote_server import MODEL, protocol_server
from tests.models.vlm.conversations import ONE, PICTURES, assistant, plain, system, user
from tests.models.vlm.small_models import SAVE, each_of

Builder = Callable[[pytest.FixtureRequest], VisionLanguage]


def small(kind: str) -> Builder:
    return lambda request: request.getfixturevalue("vlm")(kind)


BUILDERS: dict[str, dict[str, Builder]] = {
    "builtin": {"builtin": lambda _: load_vlm("builtin", threads=1)},
    "fake": {"fake": lambda _: load_vlm("fake")},
    "transformers": {kind: small(kind) for kind in SAVE},
    "blip2": {kind: small(kind) for kind in ("blip2", "blip2_t5")},
    "git": {"git": small("git")},
    "vilt": {"vilt": small("vilt")},
    "remote": {"remote": lambda request: request.getfixturevalue("elsewhere")},
}
"""Family -> the small models held to the contract, and how to make one."""

MADE = {name: made for small in BUILDERS.values() for name, made in small.items()}
FAMILY = {name: family for family, small in BUILDERS.items() for name in small}

each = pytest.mark.parametrize("name", each_of(MADE))

SHORT = Sampling(max_new_tokens=6)
DRAWN = Sampling(max_new_tokens=6, temperature=1.2, top_k=40, top_p=0.95, seed=7)
QUESTIONS = (
    ONE,
    (user("What colour is this?", PICTURES[1]),),
    (system("Answer briefly."), user(PICTURES[0], "How many are there?")),
    (user(plain(), "Which shape is it?"), assistant("a square"), user("What colour is it?")),
)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[VisionLanguage]:
    """The fake model behind a server on loopback."""
    with protocol_server() as server:
        yield load_vlm("remote", url=server.url, model=MODEL, retries=0)


@pytest.fixture
def model(request: pytest.FixtureRequest, name: str) -> VisionLanguage:
    return MADE[name](request)


@each
def test_the_spec_says_what_it_is(name: str, model: VisionLanguage) -> None:
    assert isinstance(model, VisionLanguage)
    spec = model.spec
    assert isinstance(spec, ModelSpec)
    assert spec == model.spec
    assert spec.family == FAMILY[name]
    assert spec.name
    assert len(spec.fingerprint) >= 16
    assert spec.max_pictures is None or spec.max_pictures >= 1
    assert set(spec.to_json()) == {"family", "name", "fingerprint"}


def assert_sound(reply: Reply) -> None:
    assert isinstance(reply, Reply)
    assert isinstance(reply.text, str)
    assert reply.text == reply.text.strip()
    assert reply.confidence is None or 0 <= reply.confidence <= 1
    assert reply.tokens_in is None or reply.tokens_in >= 0
    assert reply.tokens_out is None or reply.tokens_out >= 0
    assert reply.told or reply.text


@each
@pytest.mark.parametrize("sampling", [SHORT, DRAWN], ids=["likeliest", "drawn"])
def test_a_reply_is_sound_and_the_same_again(
    name: str, model: VisionLanguage, sampling: Sampling
) -> None:
    for messages in QUESTIONS:
        reply = model.reply(messages, sampling)
        assert_sound(reply)
        assert model.reply(messages, sampling) == reply


def streamed(stream: ReplyStream) -> tuple[list[str], Reply]:
    """The pieces of a stream, and the reply it ends with."""
    pieces: list[str] = []
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as ended:
            return pieces, ended.value


@each
@pytest.mark.parametrize("sampling", [SHORT, DRAWN], ids=["likeliest", "drawn"])
def test_the_pieces_of_a_stream_join_to_the_reply_it_ends_with(
    name: str, model: VisionLanguage, sampling: Sampling
) -> None:
    for messages in QUESTIONS:
        pieces, reply = streamed(model.stream(messages, sampling))
        assert all(isinstance(piece, str) for piece in pieces)
        assert "".join(pieces) == reply.text
        assert reply == model.reply(messages, sampling)


@each
def test_a_stream_may_be_left(name: str, model: VisionLanguage) -> None:
    pieces = model.stream(ONE, SHORT)
    next(pieces, None)
    del pieces
    assert_sound(model.reply(ONE, SHORT))


@each
def test_a_caption_is_sound(name: str, model: VisionLanguage) -> None:
    for picture in (*PICTURES[:2], plain(1)):
        reply = model.caption(picture, SHORT)
        assert_sound(reply)
        assert model.caption(picture, SHORT) == reply


@each
def test_a_cut_reply_is_short(name: str, model: VisionLanguage) -> None:
    reply = model.reply(ONE, Sampling(max_new_tokens=1))
    assert reply.tokens_out is None or reply.tokens_out <= 1


@each
def test_what_was_handed_over_is_left_as_it_was(name: str, model: VisionLanguage) -> None:
    picture = PICTURES[0].copy()
    messages = [user(picture, "What colour is this?")]
    model.reply(messages, SHORT)
    assert np.array_equal(picture, PICTURES[0])
    assert messages == [Message(Role.USER, (picture, "What colour is this?"))]


@each
def test_no_question_is_wrong_use(name: str, model: VisionLanguage) -> None:
    for messages in (
        (),
        (user(PICTURES[0]),),
        (user(PICTURES[0], "  \n"),),
        (*ONE, assistant("red")),
        (system("Answer briefly."),),
    ):
        with pytest.raises(WrongUse):
            model.reply(messages, SHORT)
        with pytest.raises(WrongUse):
            list(model.stream(messages, SHORT))


@each
def test_too_many_pictures_are_wrong_use(name: str, model: VisionLanguage) -> None:
    most = model.spec.max_pictures
    if most is None:
        reply = model.reply([user(*PICTURES[:3], "What are these?")], SHORT)
        assert_sound(reply)
    else:
        with pytest.raises(WrongUse, match=str(most)):
            model.reply([user(*[plain()] * (most + 1), "What are these?")], SHORT)


@each
def test_what_is_no_picture_is_refused(name: str, model: VisionLanguage) -> None:
    for wrong in (np.zeros((3, 3), np.uint8), np.zeros((4, 4, 3), np.float32)):
        with pytest.raises(BadMedia):
            model.reply([user(wrong, "What colour is this?")], SHORT)
        with pytest.raises(BadMedia):
            model.caption(wrong, SHORT)


@pytest.mark.parametrize("family", BUILDERS)
def test_an_unknown_option_is_named(family: str) -> None:
    with pytest.raises(UnknownName, match="colour_of_the_sky"):
        load_vlm(family, colour_of_the_sky="blue")


@pytest.mark.parametrize("family", families(Room.VLM))
def test_every_family_has_a_builder_here(family: str) -> None:
    assert family in BUILDERS, (
        f"the family {family!r} is not held to the contract: add a function that makes a small "
        f"one to BUILDERS in {__file__}"
    )


def test_no_builder_is_left_over() -> None:
    assert set(BUILDERS) <= set(families(Room.VLM))
