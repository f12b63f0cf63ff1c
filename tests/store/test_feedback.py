"""What people say of hits and captions: kept, changed, taken back, and gone with its item."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from scrubjay.core.errors import Damaged, WrongUse
from scrubjay.store.feedback import CaptionFix, Feedback, Judgement, RightHit, WrongHit
from scrubjay.store.feedback_words import MAX_CAPTION, MAX_QUERY
from tests.store.killing import killed, run
from tests.store.made import names_in


def feedback(folder: Path) -> Feedback:
    return Feedback(folder / "feedback")


def test_nothing_is_said_at_first_and_nothing_is_written_by_looking(tmp_path: Path) -> None:
    one = feedback(tmp_path)
    assert (one.judgements(), one.captions(), one.wrong(), one.right()) == ([], {}, [], [])
    assert (one.mended(), one.newest(), one.purge(["a"])) == ({}, 0, 0)
    assert names_in(tmp_path) == []


def test_what_is_said_is_read_back_by_whoever_opens_the_home_next(tmp_path: Path) -> None:
    at = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
    said = Judgement("a red star", "item-1", right=False, version="v1", at=at)
    assert feedback(tmp_path).say(said)
    feedback(tmp_path).say(Judgement("a red star", "item-2", right=True))
    feedback(tmp_path).fix(CaptionFix("item-3", ("a blue star",), "a green star", at))
    later = feedback(tmp_path)
    first = later.judgements()[0]
    assert (first.query, first.item, first.right, first.version, first.at) == (
        *("a red star", "item-1", False, "v1", at),
    )
    assert later.wrong() == [WrongHit("a red star", "item-1")]
    assert later.right() == [RightHit("a red star", "item-2")]
    assert later.of_query("  a red\nstar ") == {"item-1": False, "item-2": True}
    assert later.captions() == {"item-3": "a green star"}
    assert names_in(tmp_path / "feedback") == [
        *("000001-hit.json", "000002-hit.json", "000003-caption.json"),
    ]


def test_the_newest_counts_and_everything_can_be_taken_back(tmp_path: Path) -> None:
    one = feedback(tmp_path)
    assert one.say(Judgement("a star", "x", right=True))
    assert not one.say(Judgement("a  star", "x", right=True)), "said already"
    assert one.say(Judgement("a star", "x", right=False))
    assert one.wrong() == [WrongHit("a star", "x")]
    assert one.unsay("a star", "x")
    assert not one.unsay("a star", "x")
    assert one.judgements() == []
    assert one.fix(CaptionFix("x", ("a",), "b"))
    assert not one.fix(CaptionFix("x", ("a",), " b"))
    assert one.fix(CaptionFix("x", ("b",), "c"))
    assert one.captions() == {"x": "c"}
    assert one.unfix("x")
    assert not one.unfix("x")
    assert one.captions() == {}
    assert one.mended()["x"].told(["c"]) == ("a",), "what it said before all fixes"


@pytest.mark.parametrize(
    ("comes", "told"),
    [
        (("old", "older"), ("new",)),
        (("older",), ("new",)),
        ((), ("new",)),
        (("new",), ("new",)),
        (("new", "of another name"), ("new", "of another name")),
        (("old", "changed at the source"), None),
    ],
)
def test_captions_that_were_known_give_way_to_the_fix_and_newer_ones_do_not(
    tmp_path: Path, comes: tuple[str, ...], told: tuple[str, ...] | None
) -> None:
    one = feedback(tmp_path)
    one.fix(CaptionFix("x", ("old", "older"), "new"))
    assert one.mended()["x"].told(comes) == told


def test_a_fix_that_its_source_overtook_counts_no_more(tmp_path: Path) -> None:
    one = feedback(tmp_path)
    one.fix(CaptionFix("x", ("a",), "b"))
    one.overtaken(["x", "never fixed"])
    assert (one.captions(), one.mended()) == ({}, {})
    one.fix(CaptionFix("x", ("d",), "e"))
    assert one.mended()["x"].told(("a",)) is None, "that is news again"
    one.fix(CaptionFix("x", ("changed meanwhile",), "f"))
    mended = one.mended()["x"]
    assert (mended.before, mended.told(("d",))) == (("changed meanwhile",), None)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (" \n ", "is empty"),
        ("a" * (MAX_QUERY + 1), f"at most {MAX_QUERY}"),
        ("a\x00b", r"U\+0000"),
        ("a\x1b[31mb", r"U\+001B"),
        ("a\u202eb", r"U\+202E"),
        ("a\ud800b", r"U\+D800"),
    ],
)
def test_words_that_nobody_types_are_refused(tmp_path: Path, words: str, why: str) -> None:
    one = feedback(tmp_path)
    with pytest.raises(WrongUse, match=why):
        one.say(Judgement(words, "x", right=True))
    caption = words * 4 if len(words) > MAX_QUERY else words
    why = f"at most {MAX_CAPTION}" if len(caption) > MAX_CAPTION else why
    with pytest.raises(WrongUse, match=why):
        one.fix(CaptionFix("x", (), caption))
    for bad in ("", "a" * 600, "a\nb"):
        with pytest.raises(WrongUse, match="no id of an item"):
            one.say(Judgement("a star", bad, right=True))
    assert names_in(tmp_path) == []


def test_what_names_an_item_is_purged_and_numbers_only_rise(tmp_path: Path) -> None:
    one = feedback(tmp_path)
    one.say(Judgement("the blue parrot", "x", right=True))
    one.say(Judgement("the blue parrot", "y", right=False))
    one.say(Judgement("a dog", "y", right=False))
    one.fix(CaptionFix("x", ("before",), "after"))
    assert one.texts_of(["x"]) == {"the blue parrot", "before", "after"}
    assert one.purge(["x"], ["blue parrot"]) == 3
    left = b"".join(path.read_bytes() for path in (tmp_path / "feedback").iterdir())
    for word in (b"parrot", b'"x"', b"before", b"after"):
        assert word not in left
    assert one.wrong() == [WrongHit("a dog", "y")]
    one.say(Judgement("a cat", "y", right=True))
    assert [judgement.number for judgement in feedback(tmp_path).judgements()] == [3, 5]
    assert one.purge(["x"], ["blue parrot"]) == 0


def test_damage_is_named_with_what_to_do(tmp_path: Path) -> None:
    one = feedback(tmp_path)
    one.say(Judgement("a dog", "y", right=False))
    (tmp_path / "feedback" / "000001-hit.json").write_text('{"at": "2026-11-22T00:00:00"}')
    with pytest.raises(Damaged, match=r"000001-hit\.json cannot be read.*backup"):
        feedback(tmp_path).judgements()


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["judge", "fix_a_caption"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_it_is_said_it_is_whole_or_absent(
    tmp_path: Path, scenario: str, side: str
) -> None:
    assert killed(scenario, tmp_path, f"feedback.{side}_create")
    one = feedback(tmp_path)
    assert len([*one.wrong(), *one.captions()]) == (side == "after")
    assert run(scenario, tmp_path) == 0
    assert len([*one.wrong(), *one.captions()]) == 1
    assert one.newest() == 1


@pytest.mark.slow
@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_purging_the_same_call_again_finishes(tmp_path: Path, side: str) -> None:
    one = feedback(tmp_path)
    one.say(Judgement("a star", "item-1", right=True))
    one.say(Judgement("a star", "item-2", right=True))
    assert killed("purge_feedback", tmp_path, f"feedback.{side}_create")
    assert feedback(tmp_path).right()[-1] == RightHit("a star", "item-2")
    (tmp_path / "feedback" / ".000003-hit.json.77-aa.part").write_bytes(b"a star")
    assert run("purge_feedback", tmp_path) == 0
    assert names_in(tmp_path / "feedback") == ["000001-gone.json", "000002-hit.json"]
    assert feedback(tmp_path).right() == [RightHit("a star", "item-2")]
