"""Whether classes moved: equal to a plain permutation test, honest about chance, and in words."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.core.types import Kind
from scrubjay.retrain.validation import shift as module
from scrubjay.retrain.validation.settings import ValidateSettings
from scrubjay.retrain.validation.shift import shift, shift_findings
from tests.retrain.made import item

TAGS = ValidateSettings(class_columns=("tags",))


def tagged(tags, *, first=0, per_group=1):
    return [
        item(
            first + n,
            tags=(tag,) if isinstance(tag, str) else tag,
            group=f"{first}-{n // per_group}",
        )
        for n, tag in enumerate(tags)
    ]


def drawn(rng, n, shares, **more):
    names = [f"class {k}" for k in range(len(shares))]
    return tagged([str(one) for one in rng.choice(names, n, p=shares)], **more)


def test_the_distance_is_half_the_sum_of_the_changes():
    before = tagged(["a"] * 50 + ["b"] * 30 + ["c"] * 20)
    new = tagged(["a"] * 10 + ["b"] * 30 + ["d"] * 60, first=1000)
    found = shift(new, before, "tags")
    assert found.distance == pytest.approx((0.4 + 0.0 + 0.2 + 0.6) / 2)
    assert found.moved[0] == ("d", pytest.approx(0.6))
    assert found.p == 1 / 1000


def test_the_same_shares_are_no_distance():
    before, new = tagged(["a", "b"] * 50), tagged(["b", "a"] * 20, first=1000)
    found = shift(new, before, "tags")
    assert found.distance == pytest.approx(0)
    assert found.p == 1.0


def test_no_class_in_common_is_the_largest_distance():
    assert shift(tagged(["a"] * 30, first=99), tagged(["b"] * 30), "tags").distance == 1.0


def test_an_item_with_several_tags_counts_a_part_for_each():
    found = shift(tagged([("a", "b")] * 30, first=99), tagged(["a", "b"] * 15), "tags")
    assert found.distance == pytest.approx(0)
    assert sum(found.now.values()) == pytest.approx(1)


def test_lost_tags_are_a_class_of_their_own():
    found = shift(tagged([()] * 30, first=99), tagged(["a"] * 30), "tags")
    assert found.now == {"a": 0.0, "(none)": 1.0}


def test_the_p_and_the_chance_are_those_of_drawing_groups_one_by_one():
    rng = np.random.default_rng(0)
    before = drawn(rng, 160, [0.5, 0.3, 0.2], per_group=2)
    new = drawn(rng, 60, [0.3, 0.4, 0.3], first=1000, per_group=3)
    found = shift(new, before, "tags")
    names = sorted({one.tags[0] for one in (*before, *new)})

    def rows(items):
        groups = {}
        for one in items:
            groups.setdefault(one.group, np.zeros(len(names)))[names.index(one.tags[0])] += 1
        return list(groups.values())

    pooled = np.array([*rows(new), *rows(before)])
    n_new = len(rows(new))

    def distance(order):
        left, right = pooled[order[:n_new]].sum(0), pooled[order[n_new:]].sum(0)
        return np.abs(left / left.sum() - right / right.sum()).sum() / 2

    null = [distance(rng.permutation(len(pooled))) for _ in range(5000)]
    observed = distance(np.arange(len(pooled)))
    assert found.distance == pytest.approx(observed)
    assert found.by_chance == pytest.approx(np.mean(null), rel=0.05)
    assert found.p == pytest.approx(np.mean(np.array(null) >= observed - 1e-12), abs=0.04)


def test_without_a_shift_a_p_below_alpha_is_as_rare_as_alpha():
    rng = np.random.default_rng(1)
    shares = [0.4, 0.3, 0.2, 0.1]
    ps = [
        shift(drawn(rng, 60, shares, first=1000), drawn(rng, 200, shares), "tags").p
        for _ in range(200)
    ]
    # 99.9% of such counts are at most 21 where one in twenty is expected.
    assert np.count_nonzero(np.array(ps) <= 0.05) <= 21
    assert 0.4 < np.mean(ps) < 0.6


def test_items_of_one_group_do_not_pass_for_independent_ones():
    rng = np.random.default_rng(2)

    def one_side(n, first):
        return tagged(
            [f"class {k}" for k in rng.integers(0, 4, n) for _ in range(5)],
            first=first,
            per_group=5,
        )

    sides = [(one_side(20, 1000), one_side(60, 0)) for _ in range(100)]
    honest = [shift(new, before, "tags").p for new, before in sides]
    assert np.count_nonzero(np.array(honest) <= 0.05) <= 13
    fooled = [
        shift(
            [item(n, tags=one.tags) for n, one in enumerate(new)],
            [item(n, tags=one.tags) for n, one in enumerate(before)],
            "tags",
        ).p
        for new, before in sides[:40]
    ]
    assert np.count_nonzero(np.array(fooled) <= 0.05) >= 15


def test_a_new_kind_of_thing_is_noticed_nearly_always():
    rng = np.random.default_rng(3)
    warned = 0
    for _ in range(50):
        new = drawn(rng, 100, [0.1, 0.2, 0.1, 0.6], first=1000)
        before = drawn(rng, 300, [0.4, 0.4, 0.2, 0.0])
        warned += any(one.warns for one in shift_findings(new, before, TAGS))
    assert warned >= 48


def test_many_classes_and_few_items_are_far_apart_by_chance_and_do_not_warn():
    rng = np.random.default_rng(4)
    shares = [1 / 100] * 100
    warned = 0
    for _ in range(20):
        finding = shift_findings(drawn(rng, 30, shares, first=1000), drawn(rng, 300, shares), TAGS)[
            0
        ]
        assert finding.figures["distance"] > TAGS.max_shift
        warned += finding.warns
    assert warned == 0


@pytest.mark.parametrize(("moved", "broken"), [(5, False), (70, True)])
def test_small_shifts_pass_large_ones_warn_and_only_stop_where_asked(moved, broken):
    before = tagged(["a"] * 200)
    new = tagged(["a"] * (100 - moved) + ["b"] * moved, first=1000)
    finding = shift_findings(new, before, TAGS)[0]
    assert (finding.warns, finding.stops) == (broken, False)
    asked = ValidateSettings(class_columns=("tags",), stop_on=("shift",))
    finding = shift_findings(new, before, asked)[0]
    assert (finding.warns, finding.stops) == (False, broken)


def test_the_largest_shift_allowed_is_beyond_chance():
    before, new = tagged(["a"] * 200), tagged(["a"] * 60 + ["b"] * 40, first=1000)
    found = shift(new, before, "tags")
    beyond = found.distance - found.by_chance
    for limit, warns in ((beyond - 1e-9, True), (beyond, False)):
        settings = ValidateSettings(class_columns=("tags",), max_shift=limit)
        assert shift_findings(new, before, settings)[0].warns is warns


def test_the_statement_names_what_moved_most():
    finding = shift_findings(tagged(["b"] * 50, first=1000), tagged(["a"] * 100), TAGS)[0]
    assert finding.statement.startswith("tags: shares moved by 100.0% against the last snapshot")
    assert finding.statement.endswith(": a 100.0% to 0.0%, b 0.0% to 100.0%")


@pytest.mark.parametrize(("n", "judged"), [(19, False), (20, True)])
def test_few_items_are_not_judged(n, judged):
    many = tagged(["a"] * 100)
    few = tagged(["b"] * n, first=1000)
    assert shift_findings(few, many, TAGS)[0].judged is judged
    assert shift_findings(many, few, TAGS)[0].judged is judged


def test_columns_are_those_some_item_has():
    before = [item(n, attributes={"label": n % 3, "price": n}) for n in range(60)]
    new = [item(n + 100, attributes={"label": n % 3}) for n in range(60)]
    columns = [one.figures["column"] for one in shift_findings(new, before, ValidateSettings())]
    assert columns == ["kind", "label"]
    lost = shift_findings([item(n + 100) for n in range(60)], before, ValidateSettings())
    assert [one.figures["column"] for one in lost if one.warns] == ["label"]


def test_values_of_any_type_are_classes():
    values = (True, 3, 2.5, "x", ("p", "q"), None)
    before = [item(n, attributes={"label": values[n % 5]}) for n in range(50)]
    new = [item(n + 100, kind=Kind.SPEECH, attributes={"label": values[n % 5]}) for n in range(50)]
    assert shift(new, before, "label").distance == pytest.approx(0)
    assert shift(new, before, "kind").distance == 1.0


def test_nothing_to_compare_is_said():
    assert "no snapshot yet" in shift_findings(tagged(["a"] * 50), [], TAGS)[0].statement
    bare = [item(n) for n in range(50)]
    assert "no column" in shift_findings(bare, bare, TAGS)[0].statement


def test_rare_classes_are_one_beyond_the_most_told_apart(monkeypatch):
    monkeypatch.setattr(module, "MOST_CLASSES", 3)
    before = tagged(["a"] * 40 + ["b"] * 30 + [f"rare {n}" for n in range(30)])
    new = tagged(["a"] * 40 + ["b"] * 30 + [f"other {n}" for n in range(30)], first=1000)
    found = shift(new, before, "tags")
    assert set(found.now) == {"a", "b", "(other)"}
    assert found.distance == pytest.approx(0)


def test_of_many_groups_some_are_drawn_whole_and_the_same_ones_every_time(monkeypatch):
    monkeypatch.setattr(module, "MOST_GROUPS", 50)
    before = tagged(["a", "b"] * 300, per_group=2)
    new = tagged(["a", "b"] * 200, first=5000, per_group=2)
    one, other = (shift_findings(new, before, TAGS)[0] for _ in range(2))
    assert one == other
    assert (one.figures["new"], one.figures["before"]) == (100, 100)
    assert one.figures["distance"] == pytest.approx(0)
