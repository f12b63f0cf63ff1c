"""A video is asked about: short ones whole, of long ones the shots that a question is about."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.ask.answer import Asked, Example, Shown
from scrubjay.ask.answering import UNCITED
from scrubjay.ask.chain import NOT_HEARD
from scrubjay.ask.clip import handed_over_clip, item_clip
from scrubjay.ask.evidence import BEGIN
from scrubjay.ask.gleaned import Gleaned
from scrubjay.ask.watching import NOTHING_TO_WATCH
from scrubjay.core.errors import BadMedia, MissingExtra, WrongUse
from scrubjay.core.looking import Reply, Role
from scrubjay.core.types import Item, Kind, Split
from scrubjay.models.colours import main_colour
from scrubjay.models.load import load_asr, load_ocr, load_vlm
from scrubjay.search.film_sound import Loudness
from scrubjay.store.gleanings import Gleanings
from tests.ask.clips import said_at, write_clip
from tests.ask.conftest import BLUE, GREEN, RED, Given, Scripted, asking_with, picture, spoken

SIZE = (54, 96)
COLOURS = {
    "red": RED,
    "green": GREEN,
    "blue": BLUE,
    "yellow": (235, 220, 40),
    "white": (245, 245, 245),
    "gray": (128, 128, 128),
}


def plain(colour, text=""):
    return picture(colour, text, SIZE)


def noted(clip):
    """The clip as an item of a collection."""
    item = Item("film", Kind.VIDEO, (str(clip.path),), clip.sha256, "g", Split.TRAIN, "2026-11", 1)
    return item_clip(item, clip.path)


@pytest.fixture(autouse=True)
def tones_are_speech(monkeypatch):
    """What the fake voice says is no speech to the network that knows some."""
    monkeypatch.setattr(
        "scrubjay.search.film_passes.activity_here", lambda: (Loudness(), "loudness", None)
    )


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Three shots of two seconds: a red one with a sign, a green one in which is spoken, a blue."""
    path = tmp_path_factory.mktemp("short") / "short.mkv"
    shots = [(plain(RED, "EXIT 42"), 2), (plain(GREEN), 2), (plain(BLUE), 2)]
    said = {2.2: spoken("the dentist is on Monday")}
    return handed_over_clip(write_clip(path, shots, sound=said_at(said, 6)))


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """Twelve shots of a second, no two neighbours alike; the eighth alone is blue."""
    order = ("red", "green", "yellow", "white", "gray")
    names = [*order, "red", "green", "blue", *order[2:], "red"]
    shots = [(plain(COLOURS[name], f"SIGN {n}"), 1) for n, name in enumerate(names)]
    said = {7.2: spoken("buy two lemons"), 3.2: spoken("good evening")}
    path = tmp_path_factory.mktemp("long") / "long.mkv"
    return handed_over_clip(write_clip(path, shots, sound=said_at(said, 12)))


class Counting:
    """A model, and how often each thing was asked of it."""

    def __init__(self, model):
        self.model = model
        self.calls = {"caption": 0, "read": 0, "transcribe": 0, "reply": 0}
        self.shown = []
        self.fails_at = None

    def __getattr__(self, name):
        if name not in self.calls:
            return getattr(self.model, name)

        def call(*given, **named):
            self.calls[name] += 1
            if self.fails_at == (name, self.calls[name]):
                raise KeyboardInterrupt
            if name == "reply":
                self.shown.append([one for message in given[0] for one in message.pictures])
            return getattr(self.model, name)(*given, **named)

        return call


KNOWN = Gleaned()
"""What tests find out about the same videos, so that it is found out once."""


def asks(**models):
    return asking_with(gleaned=KNOWN, **models)


def counted(gleaned=None, **models):
    fakes = {"vlm": load_vlm("fake"), "ocr": load_ocr("fake"), "asr": load_asr("fake"), **models}
    counting = {room: Counting(model) for room, model in fakes.items()}
    return asking_with(gleaned=gleaned, **counting), counting


def calls(counting):
    return (
        counting["vlm"].calls["caption"],
        counting["ocr"].calls["read"],
        counting["asr"].calls["transcribe"],
    )


def test_a_short_video_is_shown_whole_in_one_question_with_times_words_and_signs(short):
    model = Scripted([Reply("a red room, then a green one [1] [2]", confidence=0.8)])
    answer = asks(vlm=model).watch(short, Asked("what is shown?"))
    ((*_, asked),) = model.heard
    assert len(asked.pictures) == 12
    colours = [main_colour(one) for one in asked.pictures]
    assert colours == ["red"] * 4 + ["green"] * 4 + ["blue"] * 4
    texts = [part for part in asked.parts if isinstance(part, str)]
    assert texts[0] == "[1] short.mkv 0:00-0:02 (video):"
    assert texts[1] == "at 0.5 s:"
    block = next(text for text in texts if text.startswith(BEGIN))
    assert "[1] written at 0.0 to 2.0 s: EXIT 42" in block
    assert "[2] heard at 2.2 to 2.5 s: the dentist is on Monday" in block
    assert answer.text == "a red room, then a green one [1] [2]"
    seen = [one for one in answer.clues if one.kind == "seen"]
    assert [(one.source, one.start_s, one.end_s) for one in seen] == [(1, 0, 2), (2, 2, 4)]
    assert [one.name for one in answer.sources][2] == "short.mkv 0:04-0:06"
    assert [one.name for one in answer.steps] == ["watch", "answer"]


def test_an_answer_that_cites_nothing_rests_on_all_it_was_shown_and_says_so(short):
    answer = asks(vlm=Scripted([Reply("a room")])).watch(short, Asked("what is it?"))
    assert {one.source for one in answer.clues if one.kind == "seen"} == {1, 2, 3}
    assert UNCITED in answer.notes


def test_of_a_long_video_only_the_shots_it_is_about_are_shown(long):
    asking, counting = counted()
    answer = asking.watch(long, Asked("what colour is the blue thing?", k=2))
    ((*shown,),) = counting["vlm"].shown
    assert len(shown) == 8, "two shots of four frames each"
    assert sum(main_colour(one) == "blue" for one in shown) == 4
    assert "2 of its 12 shots were looked at" in answer.notes
    assert (7.0, 8.0) in [(one.start_s, one.end_s) for one in answer.sources]
    assert calls(counting)[:2] == (12, 12)
    assert 1 <= calls(counting)[2] <= 2
    assert [one.name for one in answer.steps] == ["watch", "look", "find", "answer"]


def test_a_second_question_makes_no_caption_transcript_or_reading_again(long, tmp_path):
    asking, counting = counted()
    asking.watch(long, Asked("what colour is the blue thing?", k=2))
    before = calls(counting)
    asking.watch(long, Asked("what colour is the green thing?", k=2))
    assert calls(counting) == before, "known while the process runs"
    kept = Gleanings(tmp_path / "gleanings")
    asking, counting = counted(Gleaned(kept))
    asking.watch(long, Asked("what colour is the blue thing?", k=2))
    assert calls(counting) == before
    assert not kept.folder.exists(), "what was handed over is never written down"
    asking.watch(noted(long), Asked("what colour is the blue thing?", k=2))
    asking, counting = counted(Gleaned(kept))
    asking.watch(noted(long), Asked("what does the sign say?", k=2))
    assert calls(counting) == (0, 0, 0), "known to another process"


def test_whoever_is_killed_goes_on_where_he_was(long, tmp_path):
    kept = Gleanings(tmp_path / "gleanings")
    asking, counting = counted(Gleaned(kept))
    counting["vlm"].fails_at = ("caption", 8)
    with pytest.raises(KeyboardInterrupt):
        asking.watch(noted(long), Asked("what colour is the blue thing?", k=2))
    asking, counting = counted(Gleaned(kept))
    asking.watch(noted(long), Asked("what colour is the blue thing?", k=2))
    assert calls(counting) == (5, 0, 0)


def test_of_a_video_that_was_forgotten_meanwhile_nothing_is_kept(long, tmp_path):
    kept = Gleanings(tmp_path / "gleanings")
    asking, _ = counted(Gleaned(kept, still_here=lambda item: False))
    asking.watch(noted(long), Asked("what colour is the blue thing?", k=2))
    assert not (kept.folder / long.sha256).exists()


def test_a_model_of_one_picture_is_asked_shot_by_shot_and_frame_by_frame(short):
    model = Scripted([Reply("two", confidence=0.9)], instructed=False, max_pictures=1)
    answer = asks(vlm=model).watch(short, Asked("how many cups are there?"))
    assert answer.text == "two [1] [2] [3]"
    assert all(len(one[-1].pictures) == 1 for one in model.heard)
    assert [(one.start_s, one.end_s) for one in answer.clues if one.text == "two"] == [
        *((0, 2), (2, 4), (4, 6)),
    ]


def test_shots_without_any_say_nothing_against_those_that_have_some(short):
    class Counts(Scripted):
        def reply(self, messages, sampling):
            there = main_colour(messages[-1].pictures[0]) == "green"
            return Reply("three" if there else "0", confidence=0.9)

    model = Counts(instructed=False, max_pictures=1)
    answer = asks(vlm=model).watch(short, Asked("how many cups are there?"))
    assert answer.text == "three [2]"


def test_a_no_about_a_whole_video_needs_every_shot_to_be_made_out(short):
    class Unsure(Scripted):
        def reply(self, messages, sampling):
            there = main_colour(messages[-1].pictures[0]) == "green"
            return Reply("I can't tell", told=False) if there else Reply("no", confidence=0.9)

    model = Unsure(instructed=False, max_pictures=1)
    answer = asks(vlm=model).watch(short, Asked("is there a cup?"))
    assert not answer.told
    assert "1 of 3 shots could not be made out" in answer.text
    answer = asks(vlm=Scripted([Reply("no", confidence=0.9)], instructed=False)).watch(
        short, Asked("is there a cup?")
    )
    assert answer.text == "no [1] [2] [3]"


def test_what_is_said_is_cited_from_the_transcript_with_its_time(short):
    for model in (
        Scripted([Reply("I can't tell", told=False)]),
        Scripted([Reply("no", told=False)], instructed=False, max_pictures=1),
    ):
        answer = asks(vlm=model).watch(short, Asked("what is said about the dentist?"))
        assert answer.text == "“the dentist is on Monday” [2]"
        (clue,) = [one for one in answer.clues if one.kind == "speech"]
        assert (round(clue.start_s, 1), round(clue.end_s, 1)) == (2.2, 2.5)
        answer = asks(vlm=model).watch(short, Asked("what is said about the plumber?"))
        assert not answer.told


def test_what_a_sign_says_is_read(short):
    model = Scripted([Reply("no", told=False)], instructed=False, max_pictures=1)
    answer = asks(vlm=model).watch(short, Asked("what does the sign say?"))
    assert answer.text == "“EXIT 42” [1]"


def test_in_a_long_video_the_words_that_are_asked_about_are_found(long):
    model = Scripted([Reply("no", told=False)], instructed=False, captions=[Reply("a thing")])
    answer = asks(vlm=model).watch(long, Asked("what is said about lemons?", k=1))
    assert answer.text == "“buy two lemons” [1]"
    assert (answer.sources[0].start_s, answer.sources[0].end_s) == (7.0, 8.0)


def test_a_model_that_takes_few_pictures_is_shown_no_more(long):
    for most in (1, 2, 5):
        model = Scripted([Reply("red [1]")], max_pictures=most, captions=[Reply("a red thing")])
        asks(vlm=model).watch(long, Asked("what colour is it?", k=3))
        assert model.heard
        assert all(sum(len(one.pictures) for one in heard) <= most for heard in model.heard)


def test_what_cannot_be_told_is_said_with_all_that_was_looked_at(short):
    answer = asks(vlm=Scripted([Reply("I can't tell.")])).watch(short, Asked("who is it?"))
    assert not answer.told
    assert answer.text.startswith("I can't tell")
    assert len(answer.sources) == 3


def test_black_and_silence_are_nothing_to_watch(tmp_path):
    clip = handed_over_clip(
        write_clip(tmp_path / "black.mkv", [(np.zeros((54, 96, 3), np.uint8), 2)])
    )
    answer = asks().watch(clip, Asked("what is it?"))
    assert (answer.told, NOTHING_TO_WATCH in answer.text) == (False, True)


def test_a_recording_without_pictures_is_answered_from_what_is_said(tmp_path):
    path = write_clip(tmp_path / "a.mkv", [], sound=said_at({1.0: spoken("buy two lemons")}, 3))
    model = Scripted([Reply("no", told=False)], instructed=False, max_pictures=1)
    answer = asks(vlm=model).watch(handed_over_clip(path), Asked("what is said about lemons?"))
    assert answer.text == "“buy two lemons” [1]"
    assert not model.heard, "there was nothing to look at"


def test_a_spoken_question_is_heard_and_silence_is_no_question(short):
    asking = asks()
    asked = Asked(sound=spoken("what colour is it?"))
    answer = asking.watch(short, asked)
    assert (answer.question, answer.text) == ("what colour is it?", "blue")
    assert NOT_HEARD in asking.watch(short, Asked(sound=np.zeros(16000, np.float32))).text


def test_a_language_the_model_lacks_is_said_before_anything_is_watched(short):
    model = Scripted([Reply("x")], languages=("en",))
    answer = asks(vlm=model).watch(short, Asked("quoi ?", language="fr"))
    assert not answer.told
    assert "for French bring" in answer.text
    assert not answer.steps


def test_a_listener_and_a_reader_that_are_missing_are_done_without_and_named(short):
    class Models(Given):
        def ocr(self):
            raise MissingExtra("reading text in pictures", "ocr")

    asking = asking_with(vlm=Scripted([Reply("a room [1]")]))
    asking.models.__class__ = Models
    answer = asking.watch(short, Asked("what is it?"))
    assert answer.told
    assert any("text in it was not read" in one for one in answer.notes)


def test_videos_are_examples_too_shown_frame_by_frame_with_right_and_wrong(short, tmp_path):
    clip = handed_over_clip(write_clip(tmp_path / "e.mkv", [(plain(RED), 1), (plain(BLUE), 1)]))
    model = Scripted([Reply("a save [1]")])
    asking = asks(vlm=model)
    example = Example(asking.shown_clip(clip), "goal", wrong="save")
    asking.watch(short, Asked("is it a goal?", examples=(example,)))
    (messages,) = model.heard
    shown, told = messages[1:3]
    assert [main_colour(one) for one in shown.pictures] == ["red", "red", "blue", "blue"]
    assert [part for part in shown.parts if isinstance(part, str)][:2] == ["at 0.2 s:", "at 0.8 s:"]
    assert "It would be wrong to answer: save" in shown.text
    assert (told.role, told.text) == (Role.ASSISTANT, "goal")


def test_an_example_that_does_not_fit_beside_the_question_is_told_in_words(short, tmp_path):
    clip = handed_over_clip(write_clip(tmp_path / "e.mkv", [(plain(RED), 2)]))
    model = Scripted([Reply("x [1]")], max_pictures=12, captions=[Reply("a red room")])
    asking = asks(vlm=model)
    example = Example(asking.shown_clip(clip), "goal")
    answer = asking.watch(short, Asked("is it a goal?", examples=(example,)))
    assert "Of another video, which shows a red room" in model.heard[0][-1].text
    assert any("1 of 1 examples were told in words" in one for one in answer.notes)


def test_a_model_that_cannot_learn_has_its_answers_put_into_the_examples_words(short, tmp_path):
    clip = handed_over_clip(write_clip(tmp_path / "e.mkv", [(plain(RED), 2)]))
    model = Scripted([Reply("yes", confidence=0.9)], instructed=False, max_pictures=1)
    asking = asks(vlm=model)
    example = Example(asking.shown_clip(clip), "goal")
    answer = asking.watch(short, Asked("is it one?", examples=(example,)))
    assert answer.text == "goal [1] [2] [3]"
    assert any("cannot learn from examples" in one for one in answer.notes)


def test_an_example_of_sound_alone_is_refused_by_name(tmp_path):
    clip = handed_over_clip(write_clip(tmp_path / "a.mkv", [], sound=np.zeros(16000, np.float32)))
    with pytest.raises(BadMedia, match=r"a\.mkv"):
        asks().shown_clip(clip)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty file"),
        (b"#EXTM3U\nhttp://127.0.0.1/a.ts\n", "playlist"),
        (b"hello, world" * 100, "not a video"),
        (b"\x1a\x45\xdf\xa3" + bytes(500), "damaged"),
    ],
)
def test_what_is_no_video_is_refused_by_name(tmp_path, content, said):
    path = tmp_path / "odd.mkv"
    path.write_bytes(content)
    with pytest.raises(BadMedia, match=said) as caught:
        asks().watch(handed_over_clip(path), Asked("what is it?"))
    assert "odd.mkv" in str(caught.value)


def test_wrong_use_is_refused_before_anything_is_watched(short, tmp_path):
    asking, counting = counted()
    with pytest.raises(WrongUse, match="ask something"):
        asking.watch(short, Asked(" "))
    with pytest.raises(WrongUse, match="k must be"):
        asking.watch(short, Asked("what?", k=0))
    with pytest.raises(BadMedia, match=r"gone\.mkv"):
        handed_over_clip(tmp_path / "gone.mkv")
    assert calls(counting) == (0, 0, 0)


def test_long_work_says_how_far_it_is(long):
    told = []
    asking_with().watch(
        long, Asked("what colour is it?", k=1), progress=lambda *one: told.append(one)
    )
    assert ("describing shots", 0, 12) in told
    assert ("describing shots", 12, 12) in told
    assert len({what for what, _, _ in told}) >= 3


def test_pictures_handed_over_beside_a_video_do_not_count(short):
    model = Scripted([Reply("x [1]")])
    other = Shown("a.png", plain(RED))
    asks(vlm=model).watch(short, Asked("what is it?", pictures=(other,)))
    assert len(model.heard[0][-1].pictures) == 12
