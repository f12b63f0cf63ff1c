"""Moments of a video as a page shows them."""

from __future__ import annotations

import pytest

from scrubjay.core.types import Clue, Evidence, Hit, Item, Kind, Modality, Split
from scrubjay.search.item_moments import MomentPage
from scrubjay.store.rows import Span, StoredMoment
from scrubjay.web.pages.film import film_view
from scrubjay.web.pages.moments import LONGEST, SHOWN, Told, found_by, moments_view, part_of, when
from scrubjay.web.pages.things import of_hit, of_item

FILM = Item("f", Kind.VIDEO, ("/films/film.mp4",), "0" * 64, "f", Split.TRAIN, "2026-11", 9)


def a_hit(start_s: float | None, end_s: float | None, *evidence: Evidence) -> Hit:
    return Hit("f", Kind.VIDEO, "/films/film.mp4", 0.3, None, {}, start_s, end_s, evidence)


def test_a_hit_says_when_it_is_shows_that_moment_and_plays_from_there() -> None:
    said = Evidence("said", "the  red\napple", 65.0, 66.0, score=0.2)
    seen = Evidence("seen", None, 64.0, 68.0, score=0.3)
    thing = of_hit(a_hit(62.0, 70.4, said, seen, Evidence("heard", None, 65.0, 66.0), said))
    assert (thing.title, thing.moment) == ("film.mp4, 1:02-1:10", "1:02-1:10")
    assert thing.href == "/items/f?t=62,70.4"
    assert thing.picture == "/v1/items/f/thumb?at=66&size=384"
    assert thing.found_by == (Told("said", "the red apple"), Told("seen"), Told("heard"))
    assert thing.alike == "/?like=f"
    heard_alone = of_hit(a_hit(0.0, 3.0, Evidence("heard", None, 1.0, 2.0)))
    assert heard_alone.picture == "/v1/items/f/thumb?at=1.5&size=384"
    assert heard_alone.href == "/items/f?t=0,3"


def test_a_video_without_moments_is_shown_whole() -> None:
    thing = of_hit(a_hit(None, None))
    assert (thing.title, thing.href) == ("film.mp4", "/items/f")
    assert thing.picture == of_item(FILM).picture == "/v1/items/f/thumb?size=384"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("62,70", (62.0, 70.0)),
        ("62", (62.0, None)),
        ("npt:0.5,2", (0.5, 2.0)),
        ("70,62", (70.0, None)),
        ("0", (0.0, None)),
        ("", None),
        ("-1", None),
        ("1e3", None),
        ("nan", None),
        ("1:02", None),
        ("9" * 40, None),
        ("\u0661", None),
        ("1,2,3", None),
        ('5"><script>', None),
    ],
)
def test_an_address_names_seconds_or_nothing(
    text: str, part: tuple[float, float | None] | None
) -> None:
    assert part_of(text) == part


def test_when_is_said_once_for_what_is_over_at_once() -> None:
    assert when(62.0, 70.4) == "1:02-1:10"
    assert when(62.0, 62.3) == when(62.0, None) == "1:02"
    assert when(3599.0, 3605.0) == "59:59-1:00:05"


def test_evidence_that_is_no_clue_of_a_video_says_nothing() -> None:
    assert found_by([Evidence("image")]) == ()
    assert len(found_by([Evidence("said", "long " * 1000)])[0].text) == LONGEST


def pages(first: int, count: int, total: int) -> MomentPage:
    moments = []
    for at in range(first, first + count):
        part = (10.0 * at, 10.0 * at + 10)
        row = Span(Modality.TEXT, "v", *part, Clue.SAID, f"word {at}", part)
        seen = Span(Modality.IMAGE, "v", *part, Clue.SEEN, None, part)
        moments.append(StoredMoment(*part, (row, seen, row)))
    return MomentPage(FILM, tuple(moments), total, first)


def test_hundreds_of_moments_are_leafed_through() -> None:
    view = moments_view(pages(SHOWN, SHOWN, 400), "/items/f", "/thumb", asked=(255.0, None))
    assert view.said == f"Moments {SHOWN + 1} to {2 * SHOWN} of 400"
    assert (view.earlier, view.later) == ("/items/f?moments=1", "/items/f?moments=3")
    playing = [one for one in view.moments if one.playing]
    assert [(one.from_s, one.to_s) for one in playing] == [(250.0, 260.0)]
    assert playing[0].told == (Told("said", "word 25"),)
    last = moments_view(pages(384, 16, 400), "/items/f", "/thumb", asked=None)
    assert (last.earlier, last.later) == ("/items/f?moments=16", None)
    whole = moments_view(pages(0, 2, 2), "/items/f", "/thumb", asked=(5000.0, None))
    assert (whole.said, whole.earlier, whole.later) == ("2 moments", None, None)
    assert not any(one.playing for one in whole.moments)


def test_a_player_begins_where_it_was_asked_to() -> None:
    view = film_view(of_item(FILM), pages(0, 2, 2), (0.0, 10.0), plays=False)
    assert (view.fragment, view.when, view.fallback) == ("#t=0,10", "0:00-0:10", True)
    assert view.poster == "/v1/items/f/thumb?at=5&size=768"
    plain = film_view(of_item(FILM), pages(0, 2, 2), None, plays=True)
    assert (plain.fragment, plain.when, plain.fallback) == ("", "", False)
