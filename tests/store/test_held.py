"""Held drops: what is held stays held through restarts, until released or accepted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import Damaged, WrongUse
from scrubjay.store.held import Held


def held(folder: Path) -> Held:
    return Held(folder / "held")


def test_nothing_is_held_at_first_and_nothing_is_written_by_looking(tmp_path: Path) -> None:
    assert held(tmp_path).ids() == frozenset()
    assert list(tmp_path.iterdir()) == []


def test_a_drop_is_held_once_however_often_it_is_said(tmp_path: Path) -> None:
    for _ in range(3):
        held(tmp_path).hold(run="r1", month="2026-03", reason="no gain", ids=["a", "b"])
    (drop,) = held(tmp_path).drops()
    assert (drop.run, drop.month, drop.reason, drop.ids) == (
        "r1",
        "2026-03",
        "no gain",
        frozenset("ab"),
    )
    assert len(list((tmp_path / "held").glob("*.json"))) == 1


def test_accepting_a_month_frees_all_its_drops_and_no_other(tmp_path: Path) -> None:
    one = held(tmp_path)
    one.hold(run="r1", month="2026-03", reason="x", ids=["a", "b"])
    one.hold(run="r2", month="2026-03", reason="x", ids=["c"])
    one.hold(run="r3", month="2026-04", reason="x", ids=["d"])
    assert one.accept("2026-03") == 3
    assert held(tmp_path).ids() == frozenset("d")


def test_what_was_accepted_may_be_held_again_and_accepted_again(tmp_path: Path) -> None:
    one = held(tmp_path)
    one.hold(run="r1", month="2026-03", reason="x", ids=["a"])
    one.accept("2026-03")
    one.hold(run="r2", month="2026-03", reason="worse", ids=["a"])
    assert one.ids() == frozenset("a")
    assert one.accept("2026-03") == 1
    assert one.ids() == frozenset()


def test_what_a_later_run_brings_anew_is_released(tmp_path: Path) -> None:
    one = held(tmp_path)
    one.hold(run="r1", month="2026-03", reason="x", ids=["a", "b"])
    one.release(run="r2", ids=["b", "zzz"])
    assert one.ids() == frozenset("a")
    one.release(run="r3", ids=["zzz"])
    assert len(list((tmp_path / "held").glob("*.json"))) == 2, "nothing to release, nothing said"


def test_only_what_was_judged_and_refused_is_vouched_for_by_accepting_it(tmp_path: Path) -> None:
    one = held(tmp_path)
    one.hold(run="r1", month="2026-03", reason="no gain", ids=["a", "b"], judged=True)
    one.hold(run="r2", month="2026-04", reason="many are bad", ids=["c"])
    assert one.vouched_for() == frozenset()
    one.accept("2026-03")
    one.accept("2026-04")
    assert one.vouched_for() == frozenset("ab")
    one.release(run="r3", ids=["a"])
    assert held(tmp_path).vouched_for() == frozenset("b"), "another description came"
    one.hold(run="r4", month="2026-05", reason="worse", ids=["b"], judged=True)
    assert one.vouched_for() == frozenset()
    one.accept("2026-05")
    assert one.vouched_for() == frozenset("b")


def test_accepting_what_is_not_held_says_what_is(tmp_path: Path) -> None:
    one = held(tmp_path)
    with pytest.raises(WrongUse, match="nothing is held at all"):
        one.accept("2026-03")
    one.hold(run="r1", month="2026-04", reason="x", ids=["a"])
    with pytest.raises(WrongUse, match="held are 2026-04"):
        one.accept("2026-03")


def test_an_event_that_cannot_be_read_is_an_error_not_a_release(tmp_path: Path) -> None:
    one = held(tmp_path)
    one.hold(run="r1", month="2026-04", reason="x", ids=["a"])
    (path,) = (tmp_path / "held").glob("*.json")
    path.write_text("{")
    with pytest.raises(Damaged, match="backup"):
        one.ids()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["hold", "release", "accept"]), st.sets(st.sampled_from("abcd"))),
        max_size=8,
    )
)
def test_it_is_a_set_with_a_history(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, set[str]]]
) -> None:
    one, now = held(tmp_path_factory.mktemp("held")), set[str]()
    for number, (what, ids) in enumerate(events):
        if what == "hold":
            one.hold(run=f"r{number}", month="2026-03", reason="x", ids=ids)
            now |= ids
        elif what == "release":
            one.release(run=f"r{number}", ids=ids)
            now -= ids
        elif now:
            one.accept("2026-03")
            now = set()
        assert one.ids() == now
