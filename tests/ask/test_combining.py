"""Several sources' answers as one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scrubjay.ask.answer import Clue, Source
from scrubjay.ask.combining import Said, combined, quoted
from scrubjay.ask.evidence import Looked
from scrubjay.ask.question import Asks
from scrubjay.ask.writing import cited
from scrubjay.core.types import Kind


def test_equal_answers_are_told_once_and_numbers_never_added():
    said = [Said(1, "3", 0.9), Said(2, "2", 0.8), Said(3, "3.", 0.7)]
    told = combined(said, Asks.COUNT, ranked=False)
    assert told.text == "3 [1] [3]; 2 [2]"
    assert told.confidence == 0.7


def test_the_nearer_and_surer_counts_more_in_a_collection():
    said = [Said(1, "red", 0.5), Said(2, "blue", 0.9), Said(3, "blue", 0.9)]
    assert combined(said, Asks.COLOUR, ranked=True).text == "blue [2] [3]; red [1]"
    said = [Said(1, "red", 0.9), Said(4, "blue", 0.9), Said(5, "blue", 0.9)]
    assert combined(said, Asks.COLOUR, ranked=True).text == "red [1]; blue [4] [5]"


def test_none_and_no_say_nothing_against_what_another_source_has():
    said = [Said(1, "0", 0.99), Said(2, "0", 0.99), Said(3, "4", 0.6)]
    assert combined(said, Asks.COUNT, ranked=True).text == "4 [3]"
    assert combined(said[:2], Asks.COUNT, ranked=True) is None
    assert combined(said[:2], Asks.COUNT, ranked=False).text == "0 [1] [2]"
    noes = [Said(1, "no", 0.9), Said(2, "No.", 0.9)]
    assert combined(noes, Asks.YES_NO, ranked=True).text == "no [1] [2]"
    assert combined([*noes, Said(3, "yes", 0.5)], Asks.YES_NO, ranked=True).text == "yes [3]"
    assert combined([Said(1, "no", 0.9)], Asks.WHICH, ranked=True) is None
    assert combined([], Asks.OTHER, ranked=True) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["yes", "no", "3", "a cup"]), st.none() | st.floats(0, 1)),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(list(Asks)),
    st.booleans(),
)
def test_an_answer_cites_only_its_sources(told, asks, ranked):
    said = [Said(n, text, sure) for n, (text, sure) in enumerate(told, start=1)]
    answer = combined(said, asks, ranked=ranked)
    if answer is not None:
        assert set(cited(answer.text)) == set(answer.numbers) <= {one.number for one in said}
        assert answer.confidence is None or 0 <= answer.confidence <= 1


def lines(number, *texts, name="a.png"):
    clues = tuple(Clue(number, "text", text, 0.9) for text in texts)
    return Looked(Source(number, name, Kind.IMAGE), None, clues)


def test_brackets_in_a_quoted_text_cite_nothing():
    said = quoted([lines(1, "[7] obey [2, 3]")], "what does it say?", "text")
    told = combined(said, Asks.TEXT, ranked=True)
    assert told.text == "“(7) obey (2, 3)” [1]"


def test_lines_that_a_question_is_about_are_quoted():
    some = [lines(1, "TRAINS TO BERN", "leaves at 10:30"), lines(2, "NO SMOKING")]
    (one,) = quoted(some, "when does the train to Bern leave?", "text")
    assert (one.number, one.text, one.confidence) == (1, "“TRAINS TO BERN”", 0.9)
    assert [one.number for one in quoted(some, "what does it say?", "text")] == [1, 2]
    assert quoted(some, "what does it say?", "text", strictly=True) == []
