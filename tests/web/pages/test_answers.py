"""Answers as a page shows them: words, sources, frames, moments; whatever is in them."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.ask.answer import Answer, Clue, Source, Step
from scrubjay.ask.chart import Chart, Series
from scrubjay.ask.reading import ChartRead, PageRead, ReadOut
from scrubjay.core.errors import BadMedia, MissingExtra, NotReady, ScrubjayError, WrongUse
from scrubjay.core.reading import Reading, TextLine
from scrubjay.core.types import Kind
from scrubjay.web.asking import QuestionsBusy
from scrubjay.web.pages.answers import Piece, answer_view, problem_view, read_view
from scrubjay.web.pages.questions import Look, What
from scrubjay.web.pages.sources import MOST_PLAYERS

LOOKS = (Look("image.jpg", "data:one"), Look("image.jpg", "/v1/items/a/thumb", "/items/a"))


def answered(text: str = "two", **more: object) -> Answer:
    return Answer(**{"question": "how many?", "text": text, "told": True, **more})  # type: ignore[arg-type]


def line(text: str, y: float, sure: float | None = 0.9) -> TextLine:
    return TextLine(text, sure, ((0.1, y), (0.9, y), (0.9, y + 0.1), (0.1, y + 0.1)))


def test_what_is_handed_over_is_shown_by_its_number_not_its_name() -> None:
    sources = (Source(1, "image.jpg", Kind.IMAGE), Source(2, "image.jpg", Kind.IMAGE))
    view = answer_view(answered(sources=sources), What.ASK, LOOKS)
    assert [(one.src, one.href) for one in view.sources] == [
        ("data:one", None),
        ("/v1/items/a/thumb", "/items/a"),
    ]


def test_an_item_leads_to_its_page_and_shows_its_picture() -> None:
    source = Source(1, "a b.png", Kind.IMAGE, id="x/1", caption="a jay", score=0.31)
    view = answer_view(answered(sources=(source,)), What.ASK, ()).sources[0]
    assert (view.title, view.caption, view.score) == ("a jay", None, 0.31)
    assert view.href == "/items/x%2F1"
    assert view.src is not None
    assert view.src.startswith("/v1/items/x%2F1/thumb?")
    assert view.media is None


def test_clues_are_numbered_where_they_have_a_place() -> None:
    clues = (
        Clue(1, "caption", "a desk"),
        Clue(1, "seen", "a cup", 0.8, (0.0, 0.0, 0.2, 0.2)),
        Clue(1, "text", "EXIT", None, (0.8, 0.8, 1.0, 1.0)),
        Clue(1, "seen", "off the picture", 0.7, (2.0, 2.0, 3.0, 3.0)),
        Clue(2, "seen", "of another", 0.7, (0.0, 0.0, 0.2, 0.2)),
    )
    sources = (Source(1, "image.jpg", Kind.IMAGE), Source(2, "image.jpg", Kind.IMAGE))
    first, second = answer_view(answered(sources=sources, clues=clues), What.ASK, LOOKS).sources
    assert [(one.how, one.number, one.where, one.sure) for one in first.marks] == [
        ("Its caption", None, "", ""),
        ("Seen", 1, "upper left", "very sure, 80%"),
        ("Read", 2, "lower right", ""),
        ("Seen", None, "", "fairly sure, 70%"),
    ]
    assert [one.number for one in first.drawn] == [1, 2]
    assert [one.number for one in second.drawn] == [1]


def test_moments_play_from_where_they_begin() -> None:
    source = Source(1, "talk.ogg", Kind.SPEECH, id="t")
    clues = [
        Clue(1, "speech", f"word {at}", 0.9, start_s=at * 10.0, end_s=at * 10.0 + 2.5)
        for at in range(MOST_PLAYERS + 2)
    ]
    view = answer_view(answered(sources=(source,), clues=tuple(clues)), What.ASK, ()).sources[0]
    assert view.media == "/v1/items/t/media"
    moments = [one.moment for one in view.marks if one.moment]
    assert [one.when for one in moments][:2] == ["0:00 to 0:02", "0:10 to 0:12"]
    assert moments[0].src == "/v1/items/t/media#t=0,2.5"
    assert moments[1].src == "/v1/items/t/media#t=10,12.5"
    assert [one.src is None for one in moments] == [False] * MOST_PLAYERS + [True] * 2
    assert moments[-1].when == "1:30 to 1:32"


def test_citations_lead_to_sources_that_there_are() -> None:
    sources = (Source(1, "image.jpg", Kind.IMAGE), Source(2, "image.jpg", Kind.IMAGE))
    text = "Two cups [1], one of them red [1, 2]; see [7]."
    view = answer_view(answered(text, sources=sources), What.ASK, LOOKS)
    assert "".join(one.text for one in view.pieces) == (
        "Two cups [1], one of them red [1][2]; see [7]."
    )
    assert [one for one in view.pieces if one.cites] == [
        Piece("[1]", 1),
        Piece("[1]", 1),
        Piece("[2]", 2),
    ]
    assert view.speech == "Two cups, one of them red; see."


@pytest.mark.parametrize("told", [True, False])
def test_what_cannot_be_told_is_an_answer_without_a_share(told: bool) -> None:
    view = answer_view(
        answered("I can't tell: it is dark", told=told, confidence=0.2), What.ASK, ()
    )
    assert view.told == told
    assert bool(view.sure) == told
    assert view.said.startswith("I can't tell: it is dark")


def test_how_sure_it_is_is_said_aloud_too() -> None:
    assert answer_view(answered("red", confidence=0.9), What.ASK, ()).said == (
        "red. Very sure, 90%."
    )
    assert answer_view(answered("red"), What.ASK, ()).said == "red"


def test_steps_are_told_with_their_seconds() -> None:
    steps = (Step("listen", 0.25, "pocketsphinx"), Step("answer", 1.5, "builtin"))
    view = answer_view(answered(steps=steps), What.ASK, ())
    assert view.steps == (
        ("Listening", "0.25 s", "pocketsphinx"),
        ("Answering", "1.50 s", "builtin"),
    )
    assert view.took == "1.8 s"


def test_a_description_shows_its_parts_but_not_its_summary_twice() -> None:
    parts = {"summary": "a desk", "caption": "a desk", "text": "EXIT\nNOW", "uncertain": " "}
    view = answer_view(answered("a desk", parts=parts), What.DESCRIBE, ())
    assert view.heading == "What the picture shows"
    assert view.parts == (("Text in it", "EXIT\nNOW"),)
    assert view.question == ""


def test_pages_are_read_line_by_line_with_places() -> None:
    reading = Reading((line("MENU", 0.0), line("Soup", 0.8, None)), 100, 100, "a reader")
    read = ReadOut(pages=(PageRead("image.jpg", 1, reading),), steps=(Step("read", 0.1, "x"),))
    view = read_view(read, What.READ, LOOKS, language="en")
    assert view.told
    assert view.pieces == (Piece("MENU\nSoup"),)
    assert view.speech == view.said == "MENU\nSoup"
    assert [(one.text, one.where, one.sure) for one in view.sources[0].marks] == [
        ("MENU", "across the top", "very sure, 90%"),
        ("Soup", "across the bottom", ""),
    ]
    assert view.sources[0].src == "data:one"


def test_a_page_without_text_is_a_normal_answer() -> None:
    empty = ReadOut(pages=(PageRead("image.jpg", 1, Reading((), 9, 9, "r")),))
    view = read_view(empty, What.READ, LOOKS, language="en")
    assert not view.told
    assert view.text == view.speech == "No text was found."
    assert read_view(empty, What.CHART, LOOKS, language="en").text == "No chart was found."


def test_a_chart_is_a_table_and_is_read_out_row_by_row() -> None:
    chart = Chart(
        kind="bar",
        title="Cups sold",
        x_label="day",
        y_label="cups",
        categories=("Mon", "Tue"),
        series=(Series("tea", (3.0, None)), Series("coffee", (5.0, 6.0))),
        confidence=0.7,
    )
    read = ReadOut(
        pages=(PageRead("image.jpg", 1, Reading((line("Mon", 0.5),), 9, 9, "r")),),
        charts=(ChartRead("image.jpg", 1, chart),),
    )
    view = read_view(read, What.CHART, LOOKS, language="en")
    (table,) = view.tables
    assert table.rows == (("day", "tea", "coffee"), ("Mon", "3", "5"), ("Tue", "", "6"))
    assert view.speech == ("Cups sold. Mon: tea 3, coffee 5. Tue: tea not known, coffee 6.")


@pytest.mark.parametrize(
    ("error", "title", "retry"),
    [
        (QuestionsBusy(2.0), "Too many questions at once", True),
        (NotReady("no model yet"), "Not ready yet", True),
        (BadMedia("is no picture", "my file.txt"), "This file cannot be used", False),
        (MissingExtra("reading", "ocr"), "A part is not installed", False),
        (WrongUse("there is no question"), "This cannot be answered", False),
    ],
)
def test_a_problem_is_named_and_says_whether_to_try_again(
    error: ScrubjayError, title: str, retry: bool
) -> None:
    view = problem_view(error, str(error))
    assert (view.title, view.retry) == (title, retry)
    assert view.message.endswith((".", "!"))
    if isinstance(error, BadMedia):
        assert view.message.startswith("my file.txt")


def test_a_float_from_numpy_is_shown_as_any_other() -> None:
    view = answer_view(answered("x", confidence=float(np.float32(0.5))), What.ASK, ())
    assert view.sure == "not very sure, 50%"


def test_moments_of_a_video_play_on_its_own_page_from_there() -> None:
    clues = (
        Clue(1, "said", "hand me the apple", 0.9, None, 62.0, 70.4),
        Clue(1, "seen", "an apple", 0.9, (0.1, 0.1, 0.2, 0.2), 3.0, None),
    )
    source = Source(1, "/films/kitchen.mp4", Kind.VIDEO, "film")
    view = answer_view(answered(sources=(source,), clues=clues), What.ASK, ())
    (shown,) = view.sources
    assert (shown.src, shown.media) == (None, "/v1/items/film/media")
    assert shown.poster is not None
    assert shown.poster.startswith("/v1/items/film/thumb")
    said, seen = shown.marks
    assert (said.how, said.moment and said.moment.when) == ("Said", "1:02 to 1:10")
    assert said.moment is not None
    assert said.moment.href == "/items/film?t=62,70.4"
    assert said.moment.picture == "/v1/items/film/thumb?at=66.2&size=384"
    assert said.moment.src is None
    assert (seen.number, seen.frame) == (None, None)
    assert seen.moment is not None
    assert seen.moment.href == "/items/film?t=3"
