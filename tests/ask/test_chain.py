"""The walks on models that follow from arithmetic: what is asked is answered, with its evidence."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from scrubjay.ask.answer import Asked, Example, Shown
from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.core.errors import BadMedia, NotReady, UnknownName, WrongUse
from scrubjay.core.hearing import Heard, Transcript
from scrubjay.core.looking import Message, Reply, Role, Sampling, Seen
from scrubjay.models.family import Room
from tests.ask.conftest import (
    BLUE,
    FAKE,
    FAKES,
    GREEN,
    RED,
    Scripted,
    Sees,
    asking_with,
    picture,
    shown,
    spoken,
)

COLOUR = "what colour is it?"


def names(answer):
    return [step.name for step in answer.steps]


def test_a_typed_question_about_a_picture_is_answered_with_what_was_seen(asking):
    answer = asking.ask(Asked(COLOUR, pictures=(shown(RED, "EXIT"),)))
    assert (answer.text, answer.told, answer.language) == ("red", True, "en")
    assert [one.name for one in answer.sources] == ["picture.png"]
    assert {(clue.source, clue.kind, clue.text) for clue in answer.clues} == {
        (1, "text", "EXIT"),
        (1, "seen", "red"),
    }
    assert names(answer) == ["read", "answer"]
    assert all(step.seconds >= 0 and step.by == "fake" for step in answer.steps)


def test_steps_are_told_as_they_end_and_pieces_join_to_the_text(asking):
    steps, pieces = [], []
    answer = asking.ask(
        Asked("repeat: one two three", pictures=(shown(RED),)),
        on_step=steps.append,
        on_text=pieces.append,
    )
    assert answer.text == "one two three" == "".join(pieces)
    assert len(pieces) == 3
    assert tuple(steps) == answer.steps


def test_a_spoken_question_is_heard_and_its_language_is_the_answers(asking):
    answer = asking.ask(Asked(sound=spoken(COLOUR), pictures=(shown(BLUE),)))
    assert (answer.question, answer.text, answer.language) == (COLOUR, "blue", "en")
    assert names(answer) == ["listen", "read", "answer"]


def test_a_language_the_model_does_not_speak_is_named_with_what_to_bring(asking):
    for asked in (
        Asked(sound=spoken(COLOUR, "hi"), pictures=(shown(BLUE),)),
        Asked(COLOUR, language="hi", pictures=(shown(BLUE),)),
    ):
        answer = asking.ask(asked)
        assert not answer.told
        assert answer.text.startswith("I can't tell: fake answers only English; for Hindi bring")
        assert "vlm=transformers vlm.source=FOLDER" in answer.text
        assert answer.language == "en", "it is read out by an English voice"


def test_a_model_that_speaks_the_language_is_asked_to_answer_in_it():
    model = Scripted([Reply("rot", confidence=0.8)], languages=("en", "de"))
    answer = asking_with(vlm=model).ask(
        Asked("welche Farbe?", language="de-AT", pictures=(shown(RED),))
    )
    assert (answer.text, answer.language, answer.told) == ("rot", "de", True)
    assert "Answer in German." in model.heard[0][0].text


def test_a_question_that_nobody_spoke_is_not_guessed_at(asking):
    answer = asking.ask(Asked(sound=np.zeros(16_000, np.float32), pictures=(shown(RED),)))
    assert not answer.told
    assert "no words were heard" in answer.text


def test_a_listener_without_the_language_says_which_to_bring():
    class English:
        spec = Scripted(languages=("en",)).spec

        def transcribe(self, *args, **kwargs):
            raise AssertionError("it is not asked")

    answer = asking_with(asr=English()).ask(
        Asked(sound=spoken("hallo"), language="de", pictures=(shown(RED),))
    )
    assert not answer.told
    assert "for German bring" in answer.text
    assert "asr=" in answer.text


def test_a_question_heard_in_a_language_nobody_is_sure_of_says_so():
    class Doubtful:
        spec = Scripted(languages=("en",)).spec

        def transcribe(self, sound, *, language=None, words=None):
            return Transcript((Heard(COLOUR, 0.0, 1.0, 0.2),), language, 1.0, "scripted")

    asking = asking_with(asr=Doubtful())
    asked = Asked(sound=spoken("was ist das?"), pictures=(shown(BLUE),))
    (note,) = asking.ask(asked).notes
    assert "not sure which language was spoken, and heard it as English" in note
    assert "asr=faster_whisper" in note
    assert asking.ask(replace(asked, language="en")).notes == ()


def test_what_is_answered_about_is_pointed_at_by_a_model_that_can():
    box = (0.1, 0.2, 0.3, 0.4)
    model = Sees(
        [Reply("2", confidence=0.9)],
        instructed=False,
        seen=(Seen("bee", box, 0.8), Seen("bee", (0.5, 0.5, 0.7, 0.7), 0.7), Seen("hat", box, 0.9)),
    )
    answer = asking_with(vlm=model).ask(Asked("how many bees are there?", pictures=(shown(RED),)))
    assert [(clue.text, clue.confidence) for clue in answer.clues if clue.box] == [
        ("bee", 0.8),
        ("bee", 0.7),
    ]


def test_what_is_not_known_is_a_normal_answer_of_the_documented_form(asking):
    pieces = []
    answer = asking.ask(Asked("who is that?", pictures=(shown(RED),)), on_text=pieces.append)
    assert not answer.told
    assert answer.text == "I can't tell" == "".join(pieces)
    assert answer.confidence is None


@pytest.mark.parametrize(
    "said",
    ["Unanswerable", "I'm sorry, but I cannot tell.", "It is not possible to say.", "", " \n "],
)
def test_a_model_that_says_it_does_not_know_has_not_told(said):
    answer = asking_with(vlm=Scripted([Reply(said)])).ask(Asked("who?", pictures=(shown(RED),)))
    assert not answer.told
    assert answer.text.startswith("I can't tell")


def test_below_the_least_confidence_the_answer_is_held_back_even_from_who_hears_the_pieces():
    settings = AskSettings(vlm=FAKE, ocr=FAKE, asr=FAKE, tts=FAKE, least_confidence=0.5)
    model = Scripted([Reply("a cat", confidence=0.3)])
    pieces = []
    answer = asking_with(settings, vlm=model).ask(
        Asked("what is it?", pictures=(shown(RED),)), on_text=pieces.append
    )
    assert not answer.told
    assert "cat" not in "".join(pieces)
    assert "only 30% sure" in answer.text == "".join(pieces)


def test_the_streams_own_reply_lets_the_confidence_be_known():
    model = Scripted([Reply("a cat on a mat", confidence=0.7, tokens_out=5, finished=False)])
    pieces = []
    answer = asking_with(vlm=model).ask(
        Asked("what?", pictures=(shown(RED),)), on_text=pieces.append
    )
    assert len(pieces) > 1
    assert "".join(pieces) == answer.text == "a cat on a mat"
    assert (answer.confidence, answer.tokens_out, answer.finished) == (0.7, 5, False)


def test_several_pictures_go_numbered_into_one_conversation():
    model = Scripted([Reply("the second [2], not the seventh [7]")])
    answer = asking_with(vlm=model).ask(
        Asked("which is blue?", pictures=(shown(RED, name="a.png"), shown(BLUE, name="b.png")))
    )
    assert answer.text == "the second [2], not the seventh", "there is no seventh"
    (question,) = [one for one in model.heard[0] if one.role is Role.USER]
    texts = [part for part in question.parts if isinstance(part, str)]
    assert texts[:2] == ["[1] a.png:", "[2] b.png:"]
    assert len(question.pictures) == 2


def test_a_model_that_takes_one_picture_is_asked_about_each():
    model = Scripted([Reply("3", confidence=0.9), Reply("2", confidence=0.6)], max_pictures=1)
    answer = asking_with(vlm=model).ask(Asked("how many cups?", pictures=(shown(RED), shown(BLUE))))
    assert answer.text == "3 [1]; 2 [2]", "they are never added up"
    assert answer.confidence == 0.6, "as sure as of the least sure part"
    assert len(model.heard) == 2


def test_tokens_of_all_pictures_are_counted():
    model = Scripted([Reply("red", tokens_in=3, tokens_out=1)], instructed=False)
    pictures = (shown(RED), shown(BLUE, name="b.png"))
    answer = asking_with(vlm=model).ask(Asked(COLOUR, pictures=pictures))
    assert (answer.tokens_in, answer.tokens_out) == (6, 2)


def test_a_model_without_instructions_hears_the_bare_question():
    model = Scripted([Reply("two")], instructed=False, max_pictures=1)
    asked = Asked("how many cups?", pictures=(shown(RED),), prompt="careful")
    answer = asking_with(vlm=model).ask(asked)
    assert answer.text == "two"
    assert [one.text for one in model.heard[0]] == ["how many cups?"]
    assert "no prompt was used" in " ".join(answer.notes)


def test_why_a_model_that_only_looks_cannot_tell_is_passed_on():
    why = "I can't tell: this is no picture of my world"
    model = Scripted([Reply(why, told=False)], instructed=False, max_pictures=1)
    answer = asking_with(vlm=model).ask(Asked("who?", pictures=(shown(RED),)))
    assert (answer.text, answer.told) == (why, False)


def test_a_question_about_text_is_answered_by_what_was_read_where_the_model_only_looks():
    model = Scripted([Reply("a sign")], instructed=False, max_pictures=1)
    asking = asking_with(vlm=model)
    answer = asking.ask(Asked("what does the sign say?", pictures=(shown(RED, "EXIT\nNO DOGS"),)))
    assert answer.text == "“EXIT NO DOGS”"
    assert answer.told
    empty = asking.ask(Asked("what is written on it?", pictures=(shown(RED),)))
    assert empty.text == "a sign", "nothing was read, so it is asked"


def test_of_what_was_read_only_what_the_model_sees_too_is_told():
    question = "what does the sign say?"
    for seen, told in (("water", "“water”"), ("a lion", "“WATER O”"), ("o", "“WATER O”")):
        model = Scripted([Reply(seen, confidence=0.9)], instructed=False)
        answer = asking_with(vlm=model).ask(Asked(question, pictures=(shown(RED, "WATER O"),)))
        assert answer.text == told


def test_numbers_that_nothing_says_are_noted():
    model = Scripted([Reply("Platform 42 at 10:30, not 17")])
    asked = Asked("which platform at 10:30?", pictures=(shown(RED, "PLATFORM 42"),))
    answer = asking_with(vlm=model).ask(asked)
    assert answer.notes == ("17 stands in nothing that was read or heard: check it",)


def test_examples_are_shown_before_the_question(asking):
    examples = (
        Example(shown(RED, name="e.png"), "ripe", wrong="unripe"),
        Example(shown(GREEN), "unripe"),
    )
    asked = Asked("is it ripe?", pictures=(shown(GREEN),), examples=examples)
    assert asking.ask(asked).text == "unripe"
    model = Scripted([Reply("ripe")])
    asking_with(vlm=model).ask(asked)
    roles = [one.role.value for one in model.heard[0]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    assert "It would be wrong to answer: unripe" in model.heard[0][1].text


def test_an_earlier_picture_is_asked_about_again_and_the_conversation_goes_along():
    model = Scripted([Reply("blue")])
    seen = picture(BLUE)
    history = (
        Message(Role.SYSTEM, ("Be brief.",)),
        Message(Role.USER, (seen, "what is it?")),
        Message(Role.ASSISTANT, ("a square",)),
    )
    answer = asking_with(vlm=model).ask(Asked(COLOUR, history=history))
    assert answer.text == "blue"
    told = model.heard[0]
    assert [one.role.value for one in told] == ["system", "user", "assistant", "user"]
    assert "Be brief." in told[0].text
    assert sum(len(one.pictures) for one in told) == 1, "it is not shown twice"


def test_a_picture_shown_before_is_told_in_words_where_one_is_the_most():
    model = Scripted([Reply("blue")], max_pictures=1)
    history = (Message(Role.USER, (picture(RED), "and?")), Message(Role.ASSISTANT, ("red",)))
    asking_with(vlm=model).ask(Asked(COLOUR, history=history, pictures=(shown(BLUE),)))
    told = model.heard[0]
    assert sum(len(one.pictures) for one in told) == 1
    assert "(a picture that was shown before)" in told[1].text


def test_a_description_says_what_where_what_is_written_and_what_is_uncertain():
    model = Sees(
        captions=[Reply("a dog beside a ball", confidence=0.5)],
        answers=[Reply("never asked")],
        instructed=False,
        seen=(
            Seen("a dog", (0.0, 0.6, 0.3, 1.0), 0.9),
            Seen("a ball", (0.7, 0.0, 1.0, 0.2), 0.4),
        ),
    )
    answer = asking_with(vlm=model).describe(shown(RED, "KEEP OUT"))
    assert answer.told
    assert answer.parts["caption"] == "a dog beside a ball"
    assert answer.parts["text"] == "KEEP OUT"
    assert answer.parts["objects"] == "a dog (lower left); a ball (upper right)"
    assert answer.parts["uncertain"] == "what the picture shows (50% sure); a ball (40% sure)"
    assert answer.text == answer.parts["summary"]
    assert answer.text.startswith("A dog beside a ball. In it: a dog (lower left);")
    assert "“KEEP OUT”" in answer.text
    assert names(answer) == ["look", "read", "look"]


def test_a_description_by_a_model_that_follows_instructions_is_its_own_summary():
    model = Scripted([Reply("A red wall; EXIT stands on it.")], captions=[Reply("a wall")])
    answer = asking_with(vlm=model).describe(shown(RED, "EXIT"), language="de")
    assert answer.text == "A red wall; EXIT stands on it."
    assert answer.language == "de"
    assert "Answer in German" in model.heard[0][-1].text
    assert "written: EXIT" in model.heard[0][-1].text


def test_a_picture_nobody_knows_is_not_described(asking):
    model = Scripted(
        [Reply("I can't tell", told=False)],
        captions=[Reply("I can't tell", told=False)],
        instructed=False,
    )
    answer = asking_with(vlm=model).describe(shown(RED))
    assert not answer.told
    assert answer.text.startswith("I can't tell: ")
    read = asking_with(vlm=model).describe(shown(RED, "EXIT"))
    assert read.told
    assert read.text.startswith("What it shows is not known. The text in it: “EXIT”.")


def test_a_description_in_a_language_the_model_lacks_is_english_and_says_so(asking):
    answer = asking.describe(shown(RED), language="fr")
    assert answer.language == "en"
    assert any("for French bring" in note for note in answer.notes)


def test_reading_hearing_and_speaking(asking):
    out = asking.read([shown(RED, "one"), shown(BLUE, "two")])
    assert out.text == "one\n\ntwo"
    said = asking.speak("guten Tag", language="de")
    heard = asking.hear(said.samples)
    assert (heard.text, heard.language) == ("guten Tag", "de")


def test_a_voice_without_the_language_says_which_to_bring():
    class English:
        spec = Scripted(languages=("en",)).spec

    with pytest.raises(WrongUse, match=r"for cy bring"):
        asking_with(tts=English()).speak("x", language="cy")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (Asked(pictures=(shown(RED),)), WrongUse),
        (Asked("  ", pictures=(shown(RED),)), WrongUse),
        (Asked("<|im_start|>" * 0 + "\x1b", pictures=(shown(RED),)), WrongUse),
        (Asked(COLOUR, pictures=(shown(RED),), language="Klingon!"), WrongUse),
        (Asked(COLOUR, pictures=(shown(RED),), prompt="nobody-wrote-it"), UnknownName),
        (Asked(COLOUR, pictures=(shown(RED),), prompt="../../etc/passwd"), UnknownName),
        (Asked(COLOUR, pictures=(Shown("x", np.zeros((4, 4), np.uint8)),)), BadMedia),
        (Asked(COLOUR, pictures=(Shown("x", np.zeros((0, 4, 3), np.uint8)),)), BadMedia),
        (Asked(COLOUR, pictures=(shown(RED),) * 101), BadMedia),
        (Asked(COLOUR), NotReady),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_reason(asking, asked, error):
    with pytest.raises(error) as raised:
        asking.ask(asked)
    assert len(str(raised.value)) > 20


def test_a_family_that_is_none_is_named_with_the_nearest():
    asking = asking_with(AskSettings(vlm=Choice("fak"), ocr=FAKE, asr=FAKE, tts=FAKE))
    with pytest.raises(UnknownName, match="fake"):
        asking.ask(Asked(COLOUR, pictures=(shown(RED),)))


def test_a_reader_that_is_not_installed_is_noted_and_needed_only_for_text():
    from scrubjay.core.errors import MissingExtra

    class Missing:
        @property
        def spec(self):
            raise MissingExtra("reading", "ocr")

        def read(self, picture):
            raise MissingExtra("reading", "ocr")

    answer = asking_with(ocr=Missing()).ask(Asked(COLOUR, pictures=(shown(RED),)))
    assert answer.text == "red"
    assert "scrubjay[ocr]" in answer.notes[0]
    only_looks = Scripted([Reply("x")], instructed=False, max_pictures=1)
    with pytest.raises(MissingExtra):
        asking_with(ocr=Missing(), vlm=only_looks).ask(
            Asked("what does the sign say?", pictures=(shown(RED),))
        )


def test_sampling_and_prompt_of_the_question_count():
    heard = []

    class Draws(Scripted):
        def reply(self, messages, sampling):
            heard.append(sampling)
            return super().reply(messages, sampling)

    model = Draws([Reply("x")])
    sampling = Sampling(temperature=0.7, seed=3)
    asking_with(vlm=model).ask(
        Asked(COLOUR, pictures=(shown(RED),), sampling=sampling, prompt="short")
    )
    assert heard == [sampling]
    assert "Answer with a single word or phrase." in model.heard[0][-1].text


def test_models_are_loaded_once_and_only_those_needed(asking):
    asking.ask(Asked(COLOUR, pictures=(shown(RED),)))
    assert [
        room for room in (Room.VLM, Room.OCR, Room.ASR, Room.TTS) if asking.models.loaded(room)
    ] == [
        Room.VLM,
        Room.OCR,
    ]
    assert asking.models.vlm() is asking.models.vlm()
    asking.warm()
    assert asking.models.loaded(Room.TTS)


def test_many_threads_ask_at_once_and_each_gets_its_own_answer(asking):
    wanted = {"red": RED, "green": GREEN, "blue": BLUE}
    got, problems = [], []

    def ask(name, colour):
        try:
            for _ in range(10):
                pieces, steps = [], []
                answer = asking.ask(
                    Asked(sound=spoken(COLOUR), pictures=(shown(colour, name),)),
                    on_text=pieces.append,
                    on_step=steps.append,
                )
                got.append((name, answer.text, "".join(pieces), len(steps)))
        except Exception as error:  # noqa: BLE001
            problems.append(error)

    threads = [threading.Thread(target=ask, args=pair) for pair in wanted.items() for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert problems == []
    assert len(got) == 90
    assert all(name == text == pieces and n == 3 for name, text, pieces, n in got)


def test_one_model_never_serves_two_threads_at_once():
    inside, most = [], []

    class Slow(Scripted):
        def reply(self, messages, sampling):
            inside.append(1)
            most.append(len(inside))
            threading.Event().wait(0.01)
            inside.pop()
            return Reply("x")

    asking = asking_with(vlm=Slow([Reply("x")]))
    threads = [
        threading.Thread(target=asking.ask, args=(Asked(COLOUR, pictures=(shown(RED),)),))
        for _ in range(6)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert max(most) == 1
    assert len(most) == 6


def test_the_defaults_answer_without_a_home_and_name_offline_models():
    assert (FAKES.k, AskSettings().vlm, AskSettings().asr) == (
        5,
        Choice("builtin"),
        Choice("pocketsphinx"),
    )
