"""Asking on the page, without a browser and with models that follow from arithmetic."""

from __future__ import annotations

import html
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.core.types import Kind
from scrubjay.models.asr.fake import load as listener
from scrubjay.models.ocr.fake import write_text
from scrubjay.models.tts.fake import load as voice
from scrubjay.models.wave_bytes import decode_wave, encode_wave
from scrubjay.web.asking import QuestionsBusy
from scrubjay.web.pages.questions import MOST_CHARACTERS, MOST_PICTURES
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings
from tests.web.conftest import LOOPBACK, ServedHome
from tests.web.routes.pages.conftest import HTML, PART, Visitor
from tests.web.routes.pages.markup import Element, Markup, dangling, faults, nameless

FAKES = AskSettings(vlm=Choice("fake"), ocr=Choice("fake"), asr=Choice("fake"), tts=Choice("fake"))
RED, BLUE = (220, 30, 30), (30, 60, 220)

Sent = tuple[str, tuple[str, bytes, str]]
HOSTILE = "<script>alert(1)</script> {{ 7*7 }} \"><img src=x onerror=alert(2)> & 'it'"


@pytest.fixture(scope="module")
def asking(served_home: ServedHome) -> Iterator[Visitor]:
    app = create_app(served_home.open(), ServeSettings(watch_s=0), asking=FAKES)
    with TestClient(app, base_url=LOOPBACK, raise_server_exceptions=False) as client:
        yield Visitor(client)


def picture(
    colour: tuple[int, int, int] = RED, text: str = "", size: tuple[int, int] = (120, 400)
) -> bytes:
    """A PNG of one colour, with text that the fake reader reads."""
    shown = np.full((*size, 3), colour, np.uint8)
    if text:
        shown = write_text(shown, text)
    out = io.BytesIO()
    Image.fromarray(shown).save(out, "PNG")
    return out.getvalue()


def said(text: str) -> bytes:
    """A recording that the fake listener hears as a text."""
    spoken = voice().speak(text)
    return encode_wave(spoken.samples, spoken.rate)


def files(*pictures: bytes, spoken: bytes | None = None) -> list[Sent]:
    sent = [
        ("pictures", (f"photo {at}.png", data, "image/png")) for at, data in enumerate(pictures, 1)
    ]
    if spoken is not None:
        sent.append(("spoken", ("recording.wav", spoken, "audio/wav")))
    return sent


def words(page: Markup) -> str:
    (found,) = [one for one in page.elements if one.attributes.get("id") == "said"]
    return found.text.strip()


def announced(page: Markup) -> str:
    (found,) = [one for one in page.elements if "data-announce" in one.attributes]
    return found.attributes["data-announce"]


def player(page: Markup) -> Element:
    (found,) = [one for one in page.all("audio") if "/ask/spoken/" in one.attributes["src"]]
    return found


def item_of(home: ServedHome, name: str) -> str:
    (found,) = [one.id for one in home.open().catalog.items() if Path(one.uri).name == name]
    return found


def whole(answer: object) -> Markup:
    text: str = answer.text  # type: ignore[attr-defined]
    page = Markup.of(text)
    assert page.unbalanced == []
    assert nameless(page) == []
    return page


def test_the_form_is_whole_and_asks_nothing_yet(asking: Visitor) -> None:
    page = asking.page("/ask?question=how+many+cups%3F")
    assert faults(page) == []
    assert page.with_id("question").attributes["value"] == "how many cups?"  # type: ignore[union-attr]
    assert page.with_id("the-answer") is None
    camera = page.with_id("camera")
    assert camera is not None
    assert camera.attributes["capture"] == "environment"
    current = [one.text for one in page.all("a") if "aria-current" in one.attributes]
    assert current == ["Ask"]


def test_a_typed_question_about_a_picture(asking: Visitor) -> None:
    answer = asking.post("/ask", files=files(picture(RED)), question="what colour is it?")
    assert answer.status_code == 200
    page = whole(answer)
    assert words(page) == "red"
    assert "very sure, 90%" in page.all("article")[0].text
    assert "autofocus" in page.with_id("the-answer").attributes  # type: ignore[union-attr]
    assert page.all("title")[0].text.startswith("Answer: red")
    assert "autoplay" not in player(page).attributes
    (shown,) = [one for one in page.all("img") if one.attributes["src"].startswith("data:")]
    assert shown.attributes["alt"] == "photo 1.png"


def test_scripts_are_given_the_answer_alone(asking: Visitor) -> None:
    answer = asking.post(
        "/ask", part=True, files=files(picture(BLUE)), question="what colour is it?"
    )
    page = whole(answer)
    assert page.all("html") == page.all("h1") == page.all("form") == []
    assert words(page) == "blue"
    assert announced(page) == "blue. Very sure, 90%."
    assert "autofocus" not in page.with_id("the-answer").attributes  # type: ignore[union-attr]
    assert dangling(page) == []


def test_several_pictures_keep_their_order(asking: Visitor) -> None:
    answer = asking.post(
        "/ask", files=files(picture(RED), picture(BLUE)), question="how many pictures?"
    )
    page = whole(answer)
    assert words(page) == "2"
    shown = [one for one in page.all("img") if one.attributes["src"].startswith("data:")]
    assert [one.attributes["alt"] for one in shown] == ["photo 1.png", "photo 2.png"]
    colours = [pixel(one.attributes["src"]) for one in shown]
    assert colours[0][0] > 150 > colours[0][2]
    assert colours[1][2] > 150 > colours[1][0]


def pixel(address: str) -> tuple[int, ...]:
    import base64

    data = base64.b64decode(address.partition(",")[2])
    return tuple(Image.open(io.BytesIO(data)).convert("RGB").getpixel((5, 60)))  # type: ignore[arg-type]


def test_what_needs_a_script_waits_for_it(asking: Visitor) -> None:
    page = asking.page("/ask")
    for name in ("speak", "photograph"):
        assert "disabled" in page.with_id(name).attributes  # type: ignore[union-attr]


def test_a_question_asked_aloud_is_answered_aloud(asking: Visitor) -> None:
    sent = files(picture(BLUE), spoken=said("what colour is it?"))
    page = whole(asking.post("/ask", files=sent, question="left in the box"))
    assert words(page) == "blue"
    assert "You said: what colour is it?" in page.all("article")[0].text
    assert "autoplay" in player(page).attributes
    heard = asking.client.get(player(page).attributes["src"])
    assert heard.headers["content-type"] == "audio/wav"
    samples, rate = decode_wave(heard.content)
    assert rate == 16_000
    assert listener().transcribe(samples).text == "blue"
    part = whole(asking.post("/ask", part=True, files=sent))
    assert "autoplay" not in player(part).attributes
    assert announced(part) == "Answered. It is spoken now."
    (place,) = [one for one in part.elements if "data-voice" in one.attributes]
    assert place.attributes["data-speaks"] == "blue. Very sure, 90%."


def test_who_ticked_the_box_hears_every_answer(asking: Visitor) -> None:
    sent = files(picture(RED))
    page = whole(asking.post("/ask", files=sent, question="what colour is it?", speak="1"))
    assert "autoplay" in player(page).attributes
    assert "checked" in page.with_id("aloud").attributes  # type: ignore[union-attr]


def test_the_sound_can_be_asked_for_in_parts_and_by_nobody_else(asking: Visitor) -> None:
    page = whole(asking.post("/ask", files=files(picture()), question="what colour is it?"))
    address = player(page).attributes["src"]
    part = asking.client.get(address, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")
    other = TestClient(asking.client.app, base_url=LOOPBACK)
    assert other.get(address).status_code == 404
    other.get("/ask", headers=HTML)
    assert other.get(address).status_code == 404
    assert asking.client.get("/ask/spoken/guessed").status_code == 404
    gone = asking.get("/ask/spoken/guessed")
    assert "ask again" in Markup.of(gone.text).all("main")[0].text


def test_a_picture_is_described_with_what_is_written_in_it(asking: Visitor) -> None:
    sent = files(picture(RED, "EXIT"))
    page = whole(asking.post("/ask", files=sent, what="describe", speak="1"))
    article = page.all("article")[0].text
    assert "What the picture shows" in article
    assert "red" in words(page)
    assert "EXIT" in article
    assert "autoplay" in player(page).attributes
    samples, _ = decode_wave(asking.client.get(player(page).attributes["src"]).content)
    assert "red" in listener().transcribe(samples).text


def test_text_is_read_with_frames_and_places(asking: Visitor) -> None:
    page = whole(asking.post("/ask", files=files(picture(BLUE, "MENU\nSoup 4")), what="read"))
    assert words(page) == "MENU\nSoup 4"
    frames = [one for one in page.all("rect") if one.attributes.get("class") == "over"]
    assert len(frames) == 2
    assert all(one.attributes["x"].endswith("%") for one in frames)
    listed = [one.text for one in page.all("li") if one.inside("ul") and "Read" in one.text]
    assert len(listed) == 2
    assert "MENU" in listed[0]
    assert "top" in listed[0]
    assert "almost certain, 100%" in listed[0]


def test_what_cannot_be_told_is_an_answer(asking: Visitor) -> None:
    answer = asking.post("/ask", files=files(picture()), question="who painted it?")
    assert answer.status_code == 200
    page = whole(answer)
    assert words(page).startswith("I can't tell")
    assert "How sure" not in page.all("article")[0].text
    assert player(page).attributes["src"]


def test_nothing_to_read_is_an_answer(asking: Visitor) -> None:
    page = whole(asking.post("/ask", files=files(picture()), what="read"))
    assert words(page) == "No text was found."
    page = whole(asking.post("/ask", files=files(picture()), what="chart"))
    assert words(page) == "No chart was found."


def test_without_a_picture_the_collection_is_asked(
    asking: Visitor, served_home: ServedHome
) -> None:
    page = whole(asking.post("/ask", question=f"what colour is {served_home.captions[3]}?"))
    links = {one.attributes["href"] for one in page.all("a") if one.inside("h4")}
    ids = {f"/items/{one.id}" for one in served_home.open().catalog.items()}
    assert links
    assert links <= ids
    assert "closeness" in page.all("article")[0].text
    shown = [one.attributes["src"] for one in page.all("img") if "thumb" in one.attributes["src"]]
    assert shown
    assert asking.client.get(shown[0]).status_code == 200


def test_a_picture_of_the_collection_is_asked_about(
    asking: Visitor, served_home: ServedHome
) -> None:
    own = item_of(served_home, "3.png")
    (link,) = [one for one in asking.page(f"/items/{own}").all("a") if one.text == "Ask about this"]
    page = asking.page(link.attributes["href"])
    assert faults(page) == []
    (kept,) = [one for one in page.all("input") if one.attributes.get("name") == "item"]
    assert kept.attributes["value"] == own
    (remove,) = [one for one in page.all("a") if "data-remove" in one.attributes]
    assert remove.attributes["href"] == "/ask"
    answered = whole(asking.post("/ask", item=own, question="how many pictures?"))
    assert words(answered) == "1"
    (source,) = [one for one in answered.all("a") if one.inside("h4")]
    assert source.attributes["href"] == f"/items/{own}"
    assert [one for one in answered.all("img") if f"{own}/thumb?" in one.attributes["src"]]


def test_a_hit_leads_to_asking_about_it_where_it_is_a_picture(asking: Visitor) -> None:
    def ways(kind: str) -> list[str]:
        page = asking.page(f"/?q=a+star&kind={kind}&all=1")
        return [one.attributes["href"] for one in page.all("a") if "Ask about" in one.text]

    assert len(ways("image")) > 5
    assert ways("speech") == []
    assert asking.get(ways("image")[0]).status_code == 200


@pytest.mark.parametrize(
    ("sent", "data", "status", "told"),
    [
        ([], {}, 400, "there is no question"),
        (files(picture()), {}, 400, "press Describe"),
        ([], {"what": "describe"}, 400, "there is no picture"),
        ([], {"what": "read"}, 400, "there is no picture"),
        (files(picture(), picture()), {"what": "describe"}, 400, "one picture at a time"),
        (files(*[picture()] * (MOST_PICTURES + 1)), {"question": "x"}, 400, "remove some"),
        ([], {"question": "x" * (MOST_CHARACTERS + 1)}, 400, "make it shorter"),
        ([], {"question": "x", "item": "nobody"}, 404, "no item"),
        (files(b"hello"), {"question": "x"}, 422, "photo 1.png"),
        (files(spoken=b"RIFFhello"), {}, 422, "your recording"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    asking: Visitor, sent: object, data: dict[str, str], status: int, told: str
) -> None:
    for part in (False, True):
        answer = asking.post("/ask", part=part, files=sent or None, **data)
        assert answer.status_code == status
        page = whole(answer)
        problem = page.with_id("the-answer")
        assert problem is not None
        assert told.lower() in problem.text.lower()
        assert told.lower() in announced(page).lower()
        assert len(page.all("form")) == (0 if part else 2)


def test_a_recording_cannot_be_the_picture(asking: Visitor, served_home: ServedHome) -> None:
    own = item_of(served_home, "high.wav")
    assert asking.get(f"/ask?item={own}").status_code == 422
    assert asking.post("/ask", item=own, question="x").status_code == 422
    assert asking.get("/ask?item=nobody").status_code == 404
    kinds = {one.id: one.kind for one in served_home.open().catalog.items()}
    assert kinds[own] is Kind.SPEECH


def test_too_many_questions_are_asked_to_wait(
    asking: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise QuestionsBusy(3.0)

    line = asking.client.app.state.context.asking  # type: ignore[attr-defined]
    monkeypatch.setattr(line, "ask", full)
    answer = asking.post("/ask", question="x")
    assert answer.status_code == 429
    page = whole(answer)
    assert "Too many questions" in page.all("h2")[0].text
    (again,) = [one for one in page.all("button") if one.text == "Try again"]
    assert again.attributes["form"] == "ask"


def test_a_form_without_the_pages_token_asks_nothing(asking: Visitor) -> None:
    answer = asking.client.post("/ask", data={"question": "x"}, headers=PART)
    assert answer.status_code == 403


@pytest.mark.parametrize("part", [False, True])
def test_whatever_is_written_in_a_picture_or_asked_is_text(asking: Visitor, part: bool) -> None:
    sent = [("pictures", (f"{HOSTILE}.png", picture(RED, HOSTILE), "image/png"))]
    for data in ({"what": "read"}, {"what": "describe"}, {"question": f"repeat: {HOSTILE}"}):
        answer = asking.post("/ask", part=part, files=sent, **data)
        assert answer.status_code == 200
        page = whole(answer)
        assert [one for one in page.all("script") if not one.attributes.get("src")] == []
        assert [one for one in page.all("img") if one.attributes.get("src") == "x"] == []
        assert not [one for one in page.elements for name in one.attributes if name[:2] == "on"]
        assert "49" not in page.all("article")[0].text
        assert "alert(1)" in page.all("article")[0].text
        assert html.escape("<script>alert(1)</script>") in answer.text


def test_hostile_names_and_captions_of_the_collection_are_text(asking: Visitor) -> None:
    for path in (f"/ask?question={HOSTILE}", "/ask?item=<b>x</b>&item=y"):
        answer = asking.client.get(path, headers=HTML)
        page = Markup.of(answer.text)
        assert page.unbalanced == []
        assert page.all("b") == []
        assert [one for one in page.all("img") if one.attributes.get("src") == "x"] == []


def test_answers_are_kept_by_nobody(asking: Visitor) -> None:
    answer = asking.post("/ask", files=files(picture()), question="what colour is it?")
    assert answer.headers["cache-control"] == "no-store"
    sound = asking.client.get(player(Markup.of(answer.text)).attributes["src"])
    assert sound.headers["cache-control"] == "no-store"


def test_a_large_picture_is_made_smaller_before_it_is_looked_at(asking: Visitor) -> None:
    sent = files(picture(BLUE, size=(100, 9_000)))
    page = whole(asking.post("/ask", files=sent, question="what colour is it?"))
    assert words(page) == "blue"
    (shown,) = [one for one in page.all("img") if one.attributes["src"].startswith("data:")]
    assert len(shown.attributes["src"]) < 100_000


def test_it_is_asked_in_the_language_that_was_chosen(asking: Visitor) -> None:
    sent = files(picture())
    page = whole(asking.post("/ask", files=sent, question="what colour is it?", language="de"))
    assert words(page).startswith("I can't tell")
    assert "German" in words(page)
    (chosen,) = [one for one in page.all("option") if "selected" in one.attributes]
    assert chosen.attributes["value"] == "de"
