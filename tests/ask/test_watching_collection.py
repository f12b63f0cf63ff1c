"""Moments of videos are sources like any other item, cited by when they are."""

from __future__ import annotations

import pytest

from scrubjay.ask.answer import Asked
from scrubjay.ask.clip import item_clip
from scrubjay.ask.finding import Collection
from scrubjay.ask.gleaned import Gleaned
from scrubjay.ask.question import Question
from scrubjay.core.config import Settings
from scrubjay.core.errors import BadMedia
from scrubjay.core.looking import Reply
from scrubjay.core.types import Kind
from scrubjay.models.colours import main_colour
from scrubjay.models.load import load_asr, load_ocr
from scrubjay.search.film_models import LazyModels
from scrubjay.search.film_sound import Loudness
from scrubjay.search.films import films_of
from scrubjay.search.ingest import ingest
from scrubjay.store.home import Home
from tests.ask import conftest
from tests.ask.clips import said_at, write_clip
from tests.ask.conftest import BLUE, GREEN, RED, AskedHome, Scripted, asking_with
from tests.search.conftest import Shelf

COLOUR = "what colour is the blue thing?"


def plain(colour, text=""):
    return conftest.picture(colour, text, (54, 96))


EAR = ("scrubjay.search.film_passes.activity_here", lambda: (Loudness(), "loudness", None))
"""What the fake voice says is no speech to the network that knows some."""


@pytest.fixture(autouse=True)
def tones_are_speech(monkeypatch):
    monkeypatch.setattr(*EAR)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A home of one film: red with a sign, green in which is spoken, blue; and a green picture."""
    root = tmp_path_factory.mktemp("filmed")
    folder = root / "media"
    folder.mkdir()
    shelf = Shelf(folder)
    shots = [(plain(RED, "EXIT 42"), 2), (plain(GREEN), 2), (plain(BLUE), 2)]
    said = {2.2: conftest.spoken("the dentist is on Monday")}
    film = write_clip(folder / "film.mkv", shots, sound=said_at(said, 6))
    shelf.put("film.mkv", film.read_bytes(), Kind.VIDEO)
    home = Home(Settings(home=root / "home", threads=1))
    home.catalog.upsert(shelf.items)
    generation = home.generations.create("v", dim=64, attribute_types={})
    models = LazyModels(lambda: load_asr("fake"), lambda: load_ocr("fake"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(*EAR)
        ingest(
            home.catalog.items(),
            generation,
            conftest.Registered("v"),
            read=shelf.read,
            threads=1,
            films=films_of(home, models),
        )
    return AskedHome(root / "home", "v")


def asking(filmed, **models):
    home = filmed.open()
    return asking_with(finder=Collection(home, lambda: filmed.searcher(home)), **models)


def test_a_moment_is_looked_at_where_it_is_and_cited_by_its_time(filmed):
    model = Scripted([Reply("blue [1]", confidence=0.9)])
    answer = asking(filmed, vlm=model).ask(Asked(COLOUR, k=3))
    assert answer.told
    asked = model.heard[0][-1]
    assert len(asked.pictures) == 9, "three frames of each moment"
    first = answer.sources[0]
    assert first.kind is Kind.VIDEO
    assert first.name.startswith("film.mkv 0:0")
    assert {(one.start_s, one.end_s) for one in answer.sources} == {(0, 2), (2, 4), (4, 6)}
    (clue,) = [one for one in answer.clues if one.kind == "seen"]
    assert (clue.start_s, clue.end_s) == (first.start_s, first.end_s)


def test_a_model_of_one_picture_is_shown_each_moment(filmed):
    class Looks(Scripted):
        def reply(self, messages, sampling):
            colour = main_colour(messages[-1].pictures[0])
            return Reply(colour, told=colour == "blue", confidence=0.9)

    model = Looks(instructed=False, max_pictures=1)
    answer = asking(filmed, vlm=model).ask(Asked(COLOUR, k=3))
    assert answer.text.startswith("blue [")
    (clue,) = [one for one in answer.clues if one.kind == "seen"]
    assert (clue.start_s, clue.end_s) == (4, 6)


def test_what_is_said_and_written_in_a_moment_is_known_from_the_index(filmed):
    model = Scripted([Reply("no", told=False)], instructed=False, max_pictures=1)
    asks = asking(filmed, vlm=model)
    answer = asks.ask(Asked("what is said about the dentist?", k=3))
    assert answer.text.startswith("“the dentist is on Monday” [")
    (heard,) = [one for one in answer.clues if one.kind == "speech"]
    assert round(heard.start_s, 1) == 2.2
    answer = asks.ask(Asked("what is written on the exit?", k=3))
    assert "EXIT 42" in answer.text


def test_a_search_puts_the_moments_of_one_video_in_order(filmed):
    home = filmed.open()
    finder = Collection(home, lambda: filmed.searcher(home))
    (item,) = home.catalog.items()
    moments = finder.moments(item, Question("the dentist is on Monday", "en"))
    assert moments[0] == (2, 4)
    assert sorted(moments) == [(0, 2), (2, 4), (4, 6)]


def test_an_item_is_watched_with_what_its_indexing_found_out(filmed):
    home = filmed.open()
    (item,) = home.catalog.items()
    clip = item_clip(item, home.originals.path(item))
    model = Scripted([Reply("no", told=False)], instructed=False, max_pictures=1)

    class Deaf:
        spec = load_asr("fake").spec

        def transcribe(self, *given, **named):
            raise AssertionError("it was heard before")

    asks = asking_with(vlm=model, asr=Deaf(), gleaned=Gleaned(home.gleanings))
    answer = asks.watch(clip, Asked("what is said about the dentist?"))
    assert answer.text == "“the dentist is on Monday” [2]"
    assert answer.sources[0].id == item.id


def test_a_film_that_is_gone_is_noted_and_left_out(filmed):
    home = filmed.open()

    class Gone(Collection):
        def film(self, item):
            raise BadMedia("file is gone", item.uri)

    asks = asking_with(finder=Gone(home, lambda: filmed.searcher(home)))
    answer = asks.ask(Asked(COLOUR, k=3))
    assert any("not looked at" in one and "gone" in one for one in answer.notes)
