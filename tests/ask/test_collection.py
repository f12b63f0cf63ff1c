"""Questions over everything that was put away: found, looked at, cited, or not told."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from scrubjay.ask.answer import Asked
from scrubjay.ask.finding import Collection, in_turn
from scrubjay.ask.gleaned import Gleaned
from scrubjay.ask.question import Question
from scrubjay.ask.settings import AskSettings
from scrubjay.ask.writing import cited
from scrubjay.core.errors import BadFilter, NotReady, WrongUse
from scrubjay.core.hearing import Heard
from scrubjay.core.looking import Reply
from scrubjay.core.types import SAMPLE_RATE, Hit, Kind, Modality
from scrubjay.models.load import load_asr, load_ocr
from scrubjay.search.cutoff import Judged
from scrubjay.services import open_asking, open_home
from tests.ask.conftest import (
    BLUE,
    FAKE,
    FAKES,
    AskedHome,
    Scripted,
    asking_with,
    fill,
    picture,
    spoken,
)


class Nothing:
    """A cutoff that finds nothing close, of some kinds."""

    def __init__(self, *kinds):
        self.kinds = frozenset(kinds or Kind)

    def judge(self, asked, vector, *, kinds=None, where=None):
        return Judged(far=self.kinds)


class WordsFar:
    """A cutoff to which nothing is close to words, and all to sounds."""

    def judge(self, asked, vector, *, kinds=None, where=None):
        return Judged(far=frozenset(Kind) if asked is Modality.TEXT else frozenset())


class Counting:
    """A model that counts how often it is asked."""

    def __init__(self, model):
        self.model, self.times = model, 0

    @property
    def spec(self):
        return self.model.spec

    def read(self, picture):
        self.times += 1
        return self.model.read(picture)

    def transcribe(self, *args, **kwargs):
        self.times += 1
        return self.model.transcribe(*args, **kwargs)


@pytest.fixture
def own_home(asked_home, tmp_path):
    shutil.copytree(asked_home.path, tmp_path / "home")
    return AskedHome(tmp_path / "home", asked_home.version)


def over(home, *, cutoff=None, settings=FAKES, gleaned=None, **models):
    opened = home.open()
    finder = Collection(opened, lambda: home.searcher(opened, cutoff))
    return asking_with(settings, finder=finder, gleaned=gleaned, **models)


def test_an_answer_cites_what_it_rests_on(asked_home):
    model = Scripted([Reply("It is EXIT [1].", confidence=0.8)])
    answer = over(asked_home, vlm=model).ask(Asked("what does the red sign say?"))
    assert answer.told
    assert answer.text == "It is EXIT [1]."
    assert answer.sources[0].name == "red.png"
    assert answer.sources[0].id is not None
    assert answer.sources[0].caption == "a red thing"
    assert answer.sources[0].score is not None
    assert [step.name for step in answer.steps] == ["find", "read", "listen", "answer"]
    told = model.heard[0]
    assert "cite the number of the source" in told[0].text
    assert "[1] written: EXIT 42" in told[-1].text
    numbers = {one.number for one in answer.sources}
    assert all(clue.source in numbers for clue in answer.clues)


def test_recordings_are_heard_and_their_words_are_evidence(asked_home):
    model = Scripted([Reply("On Monday [1]")])
    asked = Asked("when is the dentist?", kinds=frozenset({Kind.SPEECH}))
    answer = over(asked_home, vlm=model).ask(asked)
    said = [clue for clue in answer.clues if clue.kind == "speech"]
    assert {clue.text for clue in said} == {"the dentist is on Monday at nine", "buy two lemons"}
    assert all(clue.end_s > clue.start_s >= 0 for clue in said)
    assert "heard at 0." in model.heard[0][-1].text


def test_a_model_that_only_looks_is_asked_about_each_and_recordings_are_quoted(asked_home):
    model = Scripted([Reply("I can't tell", told=False)], instructed=False, max_pictures=1)
    answer = over(asked_home, vlm=model).ask(Asked("when is the dentist?"))
    assert answer.told
    assert "“the dentist is on Monday at nine”" in answer.text
    (number,) = cited(answer.text)
    (source,) = [one for one in answer.sources if one.number == number]
    assert source.name == "memo.wav"


def test_what_no_item_supports_is_not_told(asked_home):
    model = Scripted([Reply("I can't tell", told=False)], instructed=False, max_pictures=1)
    answer = over(asked_home, vlm=model).ask(Asked("who won the cup?"))
    assert not answer.told
    assert answer.text == "I can't tell: nothing that was looked at answers the question"
    assert answer.sources, "what was looked at is named"


def test_a_claim_that_cites_nothing_is_asked_again_source_by_source(asked_home):
    model = Scripted([Reply("It is blue."), *[Reply("I can't tell")] * 10])
    answer = over(asked_home, vlm=model).ask(Asked("what colour is the sea?", k=3))
    assert not answer.told
    assert len(model.heard) == 4
    model = Scripted([Reply("It is blue [9]."), Reply("blue"), Reply("I can't tell")])
    answer = over(asked_home, vlm=model).ask(Asked("what colour is the sea?", k=3))
    assert answer.told
    assert answer.text == "blue [1]"


def test_nothing_close_is_said_and_nothing_is_looked_at(asked_home):
    model = Scripted([Reply("never")])
    answer = over(asked_home, vlm=model, cutoff=Nothing()).ask(Asked("where is the unicorn?"))
    assert answer.text == "I can't tell: nothing in the collection is close enough to the question"
    assert (answer.told, answer.sources, model.heard) == (False, (), [])


def test_a_model_that_knows_what_it_sees_is_asked_although_the_search_finds_nothing_close(
    asked_home,
):
    looks = Scripted([Reply("red", confidence=0.9)], instructed=False, max_pictures=1)
    asked = Asked("what colour is the thing?", kinds=frozenset({Kind.IMAGE}), k=1)
    answer = over(asked_home, vlm=looks, cutoff=Nothing()).ask(asked)
    assert answer.text == "red [1]"
    silent = Scripted([Reply("I can't tell", told=False)], instructed=False, max_pictures=1)
    assert not over(asked_home, vlm=silent, cutoff=Nothing()).ask(asked).told


@pytest.mark.parametrize(
    ("question", "said"), [("is there a cup?", "no"), ("how many cups are there?", "0")]
)
def test_that_none_of_the_nearest_has_it_does_not_say_that_none_has(asked_home, question, said):
    looks = Scripted([Reply(said, confidence=0.9)], instructed=False, max_pictures=1)
    answer = over(asked_home, vlm=looks).ask(Asked(question, kinds=frozenset({Kind.IMAGE})))
    assert answer.text == "I can't tell: none of the nearest items shows it"


def test_kinds_that_are_not_close_to_the_words_do_not_come_back_by_the_sound(asked_home):
    far = Nothing(Kind.IMAGE)
    model = Scripted([Reply("x [1]")])
    answer = over(asked_home, vlm=model, cutoff=far).ask(Asked(sound=spoken("a red thing")))
    assert {one.kind for one in answer.sources} == {Kind.SPEECH}


def test_where_and_kinds_narrow_what_is_looked_at(asked_home):
    model = Scripted([Reply("x [1]")])
    asking = over(asked_home, vlm=model)
    answer = asking.ask(Asked("red or blue?", kinds=frozenset({Kind.IMAGE}), k=2))
    assert len(answer.sources) == 2
    assert {one.kind for one in answer.sources} == {Kind.IMAGE}
    none = asking.ask(Asked("red?", where="month = '1999-01'"))
    assert not none.told
    assert "holds nothing" in none.text
    with pytest.raises(BadFilter):
        asking.ask(Asked("red?", where="nonsense !!"))
    for k in (0, 101, -1):
        with pytest.raises(WrongUse, match="k must be from 1 to 100"):
            asking.ask(Asked("red?", k=k))


def test_a_spoken_question_is_searched_by_sound_and_words(asked_home):
    model = Scripted([Reply("red [1]")])
    answer = over(asked_home, vlm=model).ask(Asked(sound=spoken("what colour is the red thing?")))
    assert answer.question == "what colour is the red thing?"
    assert answer.sources[0].name == "red.png"
    assert [step.name for step in answer.steps][:2] == ["listen", "find"]


def test_a_spoken_question_in_a_language_nobody_hears_still_finds_what_is_near(asked_home):
    class English:
        spec = Scripted(languages=("en",)).spec

        def transcribe(self, *args, **kwargs):
            raise AssertionError("it is not asked")

    asked = Asked(sound=spoken("wo ist es?"), language="de")
    answer = over(asked_home, asr=English()).ask(asked)
    assert not answer.told
    assert "for German bring" in answer.text
    assert answer.sources, "found by the sound alone"


def test_a_second_question_reads_and_hears_nothing_again(own_home):
    reader, listener = Counting(load_ocr("fake")), Counting(load_asr("fake"))
    home = own_home.open()
    model = Scripted([Reply("x [1]")])
    asking = over(own_home, vlm=model, ocr=reader, asr=listener, gleaned=Gleaned(home.gleanings))
    first = asking.ask(Asked("red?"))
    assert (reader.times, listener.times) == (3, 2)
    assert len(list(home.gleanings.folder.iterdir())) == 5
    again = asking.ask(Asked("blue?"))
    assert (reader.times, listener.times) == (3, 2)
    assert {clue.text for clue in first.clues} == {clue.text for clue in again.clues}


def test_of_a_long_recording_what_is_around_the_find_is_heard(asked_home, monkeypatch):
    from dataclasses import replace

    from scrubjay.ask import steps

    monkeypatch.setattr(steps, "LONGEST_HEARD_S", 1)
    home = asked_home.open()
    finder = Collection(home, lambda: asked_home.searcher(home))
    found = finder.find(Question("memo", "en"), k=9, where=None, kinds=frozenset({Kind.SPEECH}))
    (memo,) = [one for one in found.near if one.item.uri.endswith("memo.wav")]
    sound = np.zeros(3 * SAMPLE_RATE, np.float32)
    long_one = replace(memo, item=replace(memo.item, duration_s=3.0))
    heard = []

    class Long:
        def find(self, *args, **kwargs):
            return replace(found, near=(replace(long_one, start_s=0.6, end_s=1.8),))

        def sound(self, item):
            return sound

    class Hears(Counting):
        def transcribe(self, sound, **kwargs):
            heard.append(len(sound))
            return replace(self.model.transcribe(sound, **kwargs), segments=(Heard("a", 0.1, 0.2),))

    model = Scripted([Reply("x [1]")])
    asking = asking_with(finder=Long(), vlm=model, asr=Hears(load_asr("fake")))
    answer = asking.ask(Asked("when?"))
    assert heard == [SAMPLE_RATE]
    (clue,) = [one for one in answer.clues if one.kind == "speech"]
    assert (clue.start_s, clue.end_s) == (1.1, 1.2)
    assert answer.notes == ("of memo.wav only 1 to 2 s were heard",)


def test_another_model_is_not_answered_with_what_this_one_read(own_home):
    from dataclasses import replace

    class Other(Counting):
        @property
        def spec(self):
            return replace(self.model.spec, fingerprint="other")

    home = own_home.open()
    gleaned = Gleaned(home.gleanings)
    model = Scripted([Reply("x [1]")])
    over(own_home, vlm=model, gleaned=gleaned).ask(Asked("red?"))
    other = Other(load_ocr("fake"))
    over(own_home, vlm=model, ocr=other, gleaned=gleaned).ask(Asked("red?"))
    assert other.times == 3


def test_an_item_forgotten_while_a_model_is_at_it_leaves_nothing_behind(own_home):
    home = own_home.open()
    gleaned = Gleaned(home.gleanings, still_here=lambda item: False)
    over(own_home, vlm=Scripted([Reply("x [1]")]), gleaned=gleaned).ask(Asked("red?"))
    assert not any(home.gleanings.folder.rglob("*.json"))


def test_a_home_that_cannot_be_written_to_is_no_reason_not_to_answer(own_home, monkeypatch):
    home = own_home.open()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(home.gleanings, "put", full)
    asking = over(own_home, vlm=Scripted([Reply("x [1]")]), gleaned=Gleaned(home.gleanings))
    assert asking.ask(Asked("red?")).told


def test_a_picture_that_is_gone_is_noted_and_the_others_are_looked_at(tmp_path):
    own_home = fill(tmp_path)
    (tmp_path / "media" / "red.png").unlink()
    model = Scripted([Reply("green [1]")])
    answer = over(own_home, vlm=model).ask(Asked("red?", kinds=frozenset({Kind.IMAGE})))
    assert {one.name for one in answer.sources} == {"green.png", "blue.png"}
    assert [one.number for one in answer.sources] == [1, 2]
    assert any("red.png" in note for note in answer.notes)


def test_which_ones_are_named_where_the_model_only_says_yes_or_no(asked_home):
    class Blue(Scripted):
        def reply(self, messages, sampling):
            self.heard.append(messages)
            blue = messages[-1].pictures[0][30, 120, 2] == BLUE[2]
            return Reply("yes" if blue else "no", confidence=0.9)

    model = Blue([], instructed=False, max_pictures=1)
    kinds = frozenset({Kind.IMAGE})
    answer = over(asked_home, vlm=model).ask(
        Asked("which picture shows a blue thing?", kinds=kinds)
    )
    assert answer.told
    assert answer.text.startswith("blue.png [")
    assert model.heard[0][-1].text == "is there a blue thing?"
    assert picture(BLUE).shape


def test_yes_of_one_item_is_not_outvoted_by_those_without_it(asked_home):
    model = Scripted(
        [Reply("no", confidence=0.99), Reply("yes", confidence=0.8), Reply("no", confidence=0.99)],
        instructed=False,
        max_pictures=1,
    )
    kinds = frozenset({Kind.IMAGE})
    answer = over(asked_home, vlm=model).ask(Asked("is there a cup?", kinds=kinds))
    assert answer.text == "yes [2]"


def test_least_confidence_holds_back_in_a_collection_too(asked_home):
    settings = AskSettings(vlm=FAKE, ocr=FAKE, asr=FAKE, tts=FAKE, least_confidence=0.9)
    model = Scripted([Reply("blue", confidence=0.5)], instructed=False, max_pictures=1)
    answer = over(asked_home, vlm=model, settings=settings).ask(Asked("what is this shape?"))
    assert not answer.told
    assert "50% sure" in answer.text


def test_a_home_that_serves_nothing_says_what_to_do(tmp_path):
    asking = open_asking(open_home(tmp_path / "home", builtin=False), FAKES)
    with pytest.raises(NotReady, match="scrubjay add"):
        asking.ask(Asked("what is there?"))
    assert not (tmp_path / "home").exists()


def test_a_home_is_asked_by_its_champion(asked_home, monkeypatch):
    from tests.ask.conftest import Registered

    monkeypatch.setattr(
        "scrubjay.models.load.load_version",
        lambda folder, *, version="", threads=0: Registered(version),
    )
    asking = open_asking(asked_home.open(), FAKES)
    answer = asking.ask(
        Asked("what colour is the green thing?", kinds=frozenset({Kind.IMAGE}), k=1)
    )
    assert answer.text == "green [1]"
    assert asking.ask(Asked("what colour is the blue thing?", k=1)).text == "blue [1]"


def hit(name, score):
    return Hit(name, Kind.IMAGE, name, score, None)


def test_two_rankings_are_taken_in_turn_each_item_once():
    words = [hit("a", 0.9), hit("b", 0.8), hit("c", 0.7)]
    sound = [hit("c", 0.3), hit("b", 0.95), hit("d", 0.1), hit("e", 0.05)]
    got = in_turn(words, sound)
    assert [one.id for one in got] == ["a", "c", "b", "d", "e"]
    assert [one.score for one in got] == [0.9, 0.7, 0.95, 0.1, 0.05]
    assert in_turn(words, []) == in_turn([], words) == tuple(words)


def test_words_that_were_hardly_heard_neither_go_first_nor_rule_anything_out(asked_home):
    home = asked_home.open()

    def found(confidence, cutoff=None):
        finder = Collection(home, lambda: asked_home.searcher(home, cutoff))
        question = Question("a blue thing", "en", spoken("buy two lemons"), confidence)
        return finder.find(question, k=5, where=None, kinds=None).near

    assert found(0.9)[0].item.uri.endswith("blue.png")
    assert found(0.1)[0].item.uri.endswith("call.wav")
    assert found(0.9, Nothing()) == ()
    only_words = WordsFar()
    assert found(0.9, only_words) == ()
    assert found(0.1, only_words) != ()
