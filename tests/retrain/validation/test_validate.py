"""A month's verdict: what is bad, what share of what that is, and what stops the run."""

from __future__ import annotations

import io
import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from scrubjay.core.config import Settings
from scrubjay.core.known import FORGOTTEN
from scrubjay.media.layout import Problem
from scrubjay.retrain.validation.validate import ValidateSettings, validate
from scrubjay.search.drop import look, take
from scrubjay.store.home import Home
from tests.retrain.made import ENGLISH, GERMAN, drop, item

NOTHING = ValidateSettings()


def rule(verdict, name):
    return next(one for one in verdict.findings if one.rule == name)


@pytest.mark.parametrize(("unreadable", "stopped"), [(0, False), (5, False), (6, True), (30, True)])
def test_more_than_five_of_a_hundred_bad_objects_stop_the_run(unreadable, stopped):
    verdict = validate(drop(100 - unreadable, unreadable=unreadable), before=(), settings=NOTHING)
    assert verdict.n_new == 100
    assert verdict.share_bad == unreadable / 100
    assert verdict.stopped is stopped
    assert bool(verdict.reasons) is stopped
    assert len(verdict.bad) == unreadable


@given(
    good=st.integers(0, 60),
    unreadable=st.integers(0, 60),
    limit=st.integers(0, 100),
)
def test_the_limit_is_the_last_share_allowed(good, unreadable, limit):
    settings = ValidateSettings(max_bad=limit / 100)
    verdict = validate(drop(good, unreadable=unreadable), before=(), settings=settings)
    assert verdict.stopped is (100 * unreadable > limit * (good + unreadable))


def test_a_bad_share_only_warns_where_the_owner_says_so():
    settings = ValidateSettings(stop_on=())
    verdict = validate(drop(1, unreadable=9), before=(), settings=settings)
    assert not verdict.stopped
    assert "9 of 10 new objects are bad (90.0%; 5.0% are allowed)" in verdict.warnings[0]
    assert not verdict.reasons


def test_no_new_object_is_no_bad_one():
    verdict = validate(drop(), before=[item(1)], settings=NOTHING)
    assert (verdict.bad, verdict.n_new, verdict.share_bad, verdict.stopped) == ((), 0, 0.0, False)


def test_bad_items_and_unreadable_files_count_together():
    wrong = [item(n, captions=(" ",)) for n in range(100, 103)]
    verdict = validate(drop(94, unreadable=3, added=wrong), before=(), settings=NOTHING)
    assert verdict.share_bad == 0.06
    assert verdict.stopped
    assert verdict.without == {one.id for one in wrong}
    assert {one.path for one in verdict.problems} == {one.uri for one in wrong}
    reasons = rule(verdict, "bad rows").figures["reasons"]
    assert reasons == {"truncated picture": 3, "an empty description": 3}


def test_an_object_with_two_problems_is_one_bad_object():
    problems = (Problem("a.jpg", "no entry in x.csv"), Problem("a.jpg", "truncated picture"))
    verdict = validate(drop(19, new_problems=problems, looked_at=20), before=(), settings=NOTHING)
    assert verdict.share_bad == 0.05
    assert [row.reason for row in verdict.bad] == ["no entry in x.csv; truncated picture"]
    assert not verdict.stopped


def test_rows_that_name_no_file_are_objects_although_none_was_looked_at():
    problems = tuple(Problem(f"{n}.jpg", "no such file (named in x.csv)") for n in range(10))
    verdict = validate(drop(10, new_problems=problems, looked_at=10), before=(), settings=NOTHING)
    assert (verdict.n_new, verdict.share_bad) == (20, 0.5)


def test_words_changed_for_the_worse_are_bad_although_no_file_was_looked_at():
    changed = tuple(item(n, captions=("-",)) for n in range(5))
    verdict = validate(
        drop(changed=changed, looked_at=0),
        before=[item(n) for n in range(200)],
        settings=NOTHING,
    )
    assert (verdict.n_new, verdict.share_bad, verdict.stopped) == (5, 1.0, True)


def test_copies_count_as_the_objects_they_are():
    copied = item(1, uris=tuple(f"/pictures/{n}.jpg" for n in range(19)))
    verdict = validate(
        drop(unreadable=1, added=(copied,), looked_at=20), before=(), settings=NOTHING
    )
    assert (verdict.n_new, verdict.share_bad) == (20, 0.05)


def test_what_was_forgotten_is_neither_bad_nor_new():
    problems = tuple(Problem(f"{n}.jpg", f"{FORGOTTEN}; allow it") for n in range(50))
    verdict = validate(drop(10, new_problems=problems, looked_at=60), before=(), settings=NOTHING)
    assert (verdict.bad, verdict.n_new, verdict.stopped) == ((), 10, False)
    one_more = (*problems, Problem("x.jpg", "truncated picture"))
    verdict = validate(drop(10, new_problems=one_more, looked_at=61), before=(), settings=NOTHING)
    assert (verdict.n_new, verdict.share_bad, verdict.stopped) == (11, 1 / 11, True)


def test_empty_descriptions_are_bad_where_a_file_speaks_for_all_and_missing_ones_are_not():
    silent = [item(n + 200, captions=()) for n in range(4)]
    for layout, bad in (("descriptions", 4), ("manifest", 0), ("tree", 0)):
        verdict = validate(drop(96, added=silent, layout=layout), before=(), settings=NOTHING)
        assert verdict.share_bad == bad / 100
        assert {row.reason for row in verdict.bad} == ({"an empty description"} if bad else set())


def test_batch_rules_look_at_good_rows_only():
    settings = ValidateSettings(languages=("en",), max_bad=1.0)
    wrong = [item(n, captions=(GERMAN, "-")) for n in range(1000, 1040)]
    verdict = validate(drop(40, added=wrong), before=(), settings=settings)
    assert rule(verdict, "language").figures["judged"] == 40
    assert not verdict.stopped


def test_two_rules_may_stop_one_run_and_each_says_why():
    settings = ValidateSettings(languages=("de",))
    verdict = validate(drop(30, unreadable=10), before=(), settings=settings)
    assert verdict.stopped
    assert [one.rule for one in verdict.findings if one.stops] == ["bad rows", "language"]
    assert "30 of 30 descriptions are not in de" in verdict.reasons[1]


def test_descriptions_exchanged_between_pictures_cannot_be_seen_in_rows():
    said = [f"{ENGLISH} Number {n}." for n in range(60)]
    straight = [item(n, captions=(said[n],)) for n in range(60)]
    random.Random(0).shuffle(said)
    exchanged = [item(n, captions=(said[n],)) for n in range(60)]
    settings = ValidateSettings(languages=("en",))
    before = [item(n) for n in range(100, 300)]
    one = validate(drop(added=straight), before=before, settings=settings)
    other = validate(drop(added=exchanged), before=before, settings=settings)
    assert one.to_json() == other.to_json()
    assert not other.stopped


def test_older_states_of_new_items_are_not_compared_with_them():
    again = [item(n, phash=n << 20, tags=("new",)) for n in range(40)]
    older = [item(n, phash=n << 20, tags=("old",)) for n in range(40)]
    verdict = validate(drop(added=again), before=older, settings=NOTHING)
    assert not rule(verdict, "shift").judged
    assert rule(verdict, "shift").statement.startswith("nothing to compare")


def test_items_catalogued_before_the_run_are_new_all_the_same():
    copies = [item(n, phash=7) for n in range(40)]
    verdict = validate(
        drop(added=copies, layout="catalog"),
        before=[*copies, *(item(n) for n in range(100, 140))],
        settings=NOTHING,
    )
    assert rule(verdict, "duplicates").figures["near"] == 39
    assert rule(verdict, "duplicates").warns


def test_the_verdict_does_not_depend_on_the_order_of_what_is_new():
    items = [item(n, captions=("x" * (4990 + n),), tags=("a", "b")[: n % 3]) for n in range(20)]
    problems = [Problem(f"{n}.jpg", f"reason {n % 2}") for n in range(5)]
    before = [item(n, tags=("a",)) for n in range(100, 140)]
    verdicts = []
    for seed in range(3):
        random.Random(seed).shuffle(items)
        random.Random(seed).shuffle(problems)
        made = drop(added=items, new_problems=tuple(problems), looked_at=25)
        verdicts.append(validate(made, before=before, settings=NOTHING).to_json())
    assert verdicts[0] == verdicts[1] == verdicts[2]


def picture(seed):
    out = io.BytesIO()
    rng = np.random.default_rng(seed)
    Image.fromarray(rng.integers(0, 255, (80, 80, 3), np.uint8)).save(out, "PNG")
    return out.getvalue()


def test_a_real_source_is_judged_by_what_is_new_and_what_was_refused_is_not_judged_again(tmp_path):
    home = Home(Settings(home=tmp_path / "home", threads=1))
    source = tmp_path / "source"
    source.mkdir()
    said = {}

    def put(name, words, data=None):
        said[name] = words
        (source / name).write_bytes(picture(int(name[:2])) if data is None else data)
        (source / "descriptions.json").write_text(json.dumps(said))

    def judged():
        drop = look(home, str(source), month="2026-11")
        before = list(home.catalog.items())
        verdict = validate(drop, before=before, settings=NOTHING)
        take(home, drop, without=verdict.without, refused=verdict.problems)
        return verdict

    for n in range(20):
        put(f"{n:02d}.png", f"a picture of thing number {n}")
    first = judged()
    assert (first.n_new, first.bad, first.stopped) == (20, (), False)

    for n in range(20, 27):
        put(f"{n}.png", "a new thing")
    put("27.png", "broken", picture(99)[:200])
    put("28.png", "")
    put("29.png", "...")
    second = judged()
    assert second.n_new == 10
    assert second.stopped
    assert second.share_bad == 0.3
    assert [row.path.rpartition("/")[2] for row in second.bad] == ["28.png", "29.png", "27.png"]
    names = {item.uri.rpartition("/")[2] for item in home.catalog.items()}
    assert names == {f"{n:02d}.png" for n in range(27)}
    set_aside = {one.path: one.reason for one in home.quarantine.all(root=str(source))}
    assert set_aside["28.png"] == set_aside["29.png"] == "an empty description"
    assert "27.png" in set_aside

    third = judged()
    assert (third.n_new, third.bad, third.stopped) == (0, (), False)
    assert {one.path for one in home.quarantine.all(root=str(source))} == set(set_aside)
    put("28.png", "described at last")
    fourth = judged()
    assert (fourth.n_new, fourth.bad) == (1, ())
    assert "28.png" in {item.uri.rpartition("/")[2] for item in home.catalog.items()}
