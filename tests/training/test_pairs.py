"""Which views belong together, and what an epoch visits."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.training.pairs import anchors_of, draw, epoch_batches, group_items
from scrubjay.training.views import views_of

ALL = frozenset(Modality)


def item(name: str, kind: Kind, group: str, *captions: str) -> Item:
    return Item(name, kind, (name,), name, group, Split.TRAIN, "2026-11", 1, captions=captions)


def spoken_captions() -> list[Item]:
    """A picture with five captions, each spoken once: the Flickr audio layout."""
    picture = item("p", Kind.IMAGE, "g", *(f"caption {n}" for n in range(5)))
    return [picture, *(item(f"r{n}", Kind.SPEECH, "g", f"caption {n}") for n in range(5))]


def test_items_of_one_content_group_come_together_in_order_of_appearance() -> None:
    items = [
        item("b1", Kind.IMAGE, "b", "bee"),
        item("a1", Kind.SPEECH, "a", "ay"),
        item("b2", Kind.SPEECH, "b", "bee", "", "buzz"),
    ]
    groups = group_items(items, ALL)
    assert [(group.number, group.id) for group in groups] == [(0, "b"), (1, "a")]
    assert [one.id for one in groups[0].pictures] == ["b1"]
    assert [one.id for one in groups[0].recordings] == ["b2"]
    assert groups[0].captions == ("bee", "buzz"), "each caption once, empty ones never"


def test_views_an_encoder_has_no_tower_for_do_not_count() -> None:
    groups = group_items(spoken_captions(), frozenset({Modality.IMAGE, Modality.TEXT}))
    assert groups[0].modalities() == {Modality.IMAGE, Modality.TEXT}
    assert group_items([item("v", Kind.VIDEO, "g")], ALL) == []


def test_a_video_and_what_is_said_of_it_make_no_pair() -> None:
    items = [item("v", Kind.VIDEO, "g", "a whole afternoon"), item("p", Kind.IMAGE, "g")]
    (group,) = group_items(items, ALL)
    assert group.modalities() == {Modality.IMAGE}
    assert anchors_of([group]) == []


def test_an_epoch_visits_the_more_numerous_medium_once_each() -> None:
    assert [anchor.item.id for anchor in anchors_of(group_items(spoken_captions(), ALL))] == [
        "r0",
        "r1",
        "r2",
        "r3",
        "r4",
    ]


def test_a_group_with_views_of_one_modality_only_is_not_visited() -> None:
    alone = [item("p1", Kind.IMAGE, "g"), item("p2", Kind.IMAGE, "g")]
    assert anchors_of(group_items(alone, ALL)) == []


def test_a_recording_comes_with_its_own_caption() -> None:
    for anchor in anchors_of(group_items(spoken_captions(), ALL)):
        for seed in range(20):
            drawn = draw(anchor, np.random.default_rng(seed))
            assert drawn.picture is not None
            assert (drawn.picture.id, drawn.recording) == ("p", anchor.item)
            assert (drawn.caption,) == anchor.item.captions


def test_partners_and_captions_vary_from_draw_to_draw() -> None:
    items = [item(f"p{n}", Kind.IMAGE, "g") for n in range(4)]
    items += [item("r0", Kind.SPEECH, "g"), item("r1", Kind.SPEECH, "g", "one", "two")]
    (anchor, *_) = anchors_of(group_items(items, ALL))
    draws = [draw(anchor, np.random.default_rng(seed)) for seed in range(60)]
    assert {one.recording.id for one in draws if one.recording} == {"r0", "r1"}
    assert {one.caption for one in draws} == {"one", "two"}
    assert {one.picture.id for one in draws if one.picture} == {"p0"}, "the anchor itself"


def test_equal_draws_from_equal_seeds() -> None:
    (anchor, *_) = anchors_of(group_items(spoken_captions(), ALL))
    assert draw(anchor, np.random.default_rng(3)) == draw(anchor, np.random.default_rng(3))


@given(
    n=st.integers(1, 200), size=st.integers(1, 70), seed=st.integers(0, 9), epoch=st.integers(0, 9)
)
def test_every_anchor_is_in_exactly_one_batch_and_batches_are_even(n, size, seed, epoch) -> None:
    batches = epoch_batches(n, size, seed=seed, epoch=epoch)
    assert sorted(np.concatenate(batches).tolist()) == list(range(n))
    sizes = {len(batch) for batch in batches}
    assert max(sizes) <= size
    assert max(sizes) - min(sizes) <= 1


def test_each_epoch_has_an_order_of_its_own() -> None:
    first, again, second = (
        np.concatenate(epoch_batches(50, 8, seed=1, epoch=epoch)).tolist() for epoch in (0, 0, 1)
    )
    assert first == again
    assert first != second


@given(n=st.integers(1, 30), limit=st.integers(1, 40))
def test_a_cut_of_the_held_out_views_keeps_right_answers(n: int, limit: int) -> None:
    items = [
        item(f"p{g}-{j}", Kind.IMAGE, f"g{g}", f"c{g}") for g in range(n) for j in range(g % 3 + 1)
    ]
    views = views_of(group_items(items, ALL), limit=limit)
    groups = {
        modality: {view.group for view in views if view.modality is modality}
        for modality in (Modality.IMAGE, Modality.TEXT)
    }
    assert groups[Modality.IMAGE] == groups[Modality.TEXT], "no caption whose picture was cut"
    assert sum(view.modality is Modality.IMAGE for view in views) == min(limit, len(items))
