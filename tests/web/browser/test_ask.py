"""Asking in a browser, on models that follow from arithmetic: the page's own part of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from scrubjay.models.asr.fake import load as listener
from scrubjay.models.wave_bytes import decode_wave
from tests.web.browser.asked import (
    BLUE,
    FAKES,
    RED,
    answered,
    ask,
    is_heard,
    picture,
    question,
    smaller,
    wav_of,
)
from tests.web.browser.axe import violations
from tests.web.browser.chromium import NARROW, WIDE, Seen, watched
from tests.web.browser.looking import announced, at_rest, hand_over
from tests.web.browser.served import serving
from tests.web.browser.test_keyboard import focused, tab_to
from tests.web.conftest import ServedHome

pytestmark = pytest.mark.slow

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)><b>bold</b>"
FOREIGN = "main b, script:not([src]), [onerror], [onload]"


@pytest.fixture(scope="module")
def asking(served_home: ServedHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("asking") / "log"
    with serving(served_home.path, log, models=FAKES) as where:
        yield where


@pytest.fixture
def desk(browser: Browser, asking: str, seen: Seen) -> Iterator[Page]:
    with watched(browser, asking, seen, reduced_motion="reduce") as context:
        yield context.new_page()


@pytest.fixture
def phone(browser: Browser, asking: str, seen: Seen) -> Iterator[Page]:
    more = {"has_touch": True, "is_mobile": True, "reduced_motion": "reduce"}
    with watched(browser, asking, seen, width=NARROW, **more) as context:
        yield context.new_page()


def test_an_answer_has_the_focus_is_announced_and_shows_what_it_rests_on(
    desk: Page, tmp_path: Path
) -> None:
    at_rest(desk, "/ask")
    desk.get_by_label("Choose pictures").set_input_files(
        [picture(tmp_path / "blue.png"), picture(tmp_path / "red.png", RED)]
    )
    expect(desk.locator("#previews li")).to_have_count(2)
    expect(announced(desk)).to_have_text("2 pictures to ask about.")
    ask(desk, "what colour is it?")
    article = answered(desk, "red")
    expect(article).to_be_focused()
    expect(announced(desk)).to_have_text("red. Very sure, 90%.")
    expect(article.get_by_text("very sure, 90%")).to_be_visible()
    for name in ("blue.png", "red.png"):
        shown = article.get_by_role("img", name=name)
        assert shown.evaluate("one => one.decode().then(() => one.naturalWidth)") > 0
    article.get_by_text("How it was answered").click()
    expect(article.get_by_role("row", name="Answering")).to_contain_text("s")
    # The pictures stay for the next question.
    desk.get_by_role("button", name="Remove red.png").click()
    expect(desk.get_by_role("button", name="Remove blue.png")).to_be_focused()
    ask(desk, "what colour is this one?")
    answered(desk, "blue")


def test_frames_are_where_the_lines_are(desk: Page, tmp_path: Path) -> None:
    at_rest(desk, "/ask")
    sign = picture(tmp_path / "sign.png", text="EXIT\nPLATFORM 4")
    hand_over(desk, "drop", sign, "image/png")
    expect(desk.locator("#previews li")).to_have_count(1)
    desk.get_by_role("button", name="Read the text").click()
    article = answered(desk, "EXIT\nPLATFORM 4")
    shown = article.get_by_role("img", name="sign.png").bounding_box()
    frames = [one.bounding_box() for one in article.locator("rect.over").all()]
    assert shown is not None
    assert len(frames) == 2
    for at, frame in enumerate(frames):
        assert frame is not None
        assert frame["x"] == pytest.approx(shown["x"], abs=4)
        assert frame["width"] == pytest.approx(shown["width"], abs=6)
        assert frame["y"] == pytest.approx(shown["y"] + at * shown["height"] / 2, abs=4)
        assert frame["height"] == pytest.approx(shown["height"] / 2, abs=6)
    marks = article.get_by_role("list", name="Found in sign.png").get_by_role("listitem")
    expect(marks.nth(0)).to_contain_text("EXIT")
    expect(marks.nth(0)).to_contain_text("across the top")
    expect(marks.nth(1)).to_contain_text("across the bottom")


def test_pasting_adds_a_picture_and_other_files_are_refused_in_words(
    desk: Page, tmp_path: Path
) -> None:
    at_rest(desk, "/ask")
    hand_over(desk, "paste", picture(tmp_path / "one.png"), "image/png")
    expect(desk.locator("#previews li")).to_have_count(1)
    note = tmp_path / "note.txt"
    note.write_text("hello")
    hand_over(desk, "drop", note, "text/plain")
    expect(announced(desk)).to_contain_text("Only pictures can be asked about")
    expect(desk.locator("#previews li")).to_have_count(1)


def test_without_a_picture_the_collection_answers(desk: Page, served_home: ServedHome) -> None:
    at_rest(desk, "/ask")
    ask(desk, f"what colour is {served_home.captions[3]}?")
    article = desk.locator("#the-answer")
    expect(article.get_by_role("heading", name="What this rests on")).to_be_visible()
    link = article.get_by_role("heading", level=4).first.get_by_role("link")
    title = link.inner_text()
    link.click()
    expect(desk.get_by_role("heading", level=1)).to_have_text(title)
    desk.get_by_role("link", name="Ask about this").click()
    expect(desk.locator("#previews")).to_contain_text(title)
    ask(desk, "how many pictures are there?")
    answered(desk, "1")


def test_spoken_answers_are_remembered_and_play_by_themselves(desk: Page, tmp_path: Path) -> None:
    at_rest(desk, "/ask")
    desk.get_by_label("Choose pictures").set_input_files(picture(tmp_path / "blue.png"))
    ask(desk, "what colour is it?")
    answered(desk, "blue")
    desk.wait_for_timeout(300)
    assert desk.locator(".voice audio").evaluate("one => one.paused")
    desk.get_by_role("button", name="Play the answer").click()
    is_heard(desk)

    desk.get_by_role("checkbox", name="Speak answers").check()
    at_rest(desk, "/ask")
    expect(desk.get_by_role("checkbox", name="Speak answers")).to_be_checked()
    desk.get_by_label("Choose pictures").set_input_files(picture(tmp_path / "red.png", RED))
    ask(desk, "what colour is it?")
    answered(desk, "red")
    is_heard(desk)
    samples, _ = decode_wave(wav_of(desk))
    assert listener().transcribe(samples).text == "red"
    expect(announced(desk)).to_have_text("Answered. It is spoken now.")


def test_a_photo_is_heard_in_two_actions(phone: Page, tmp_path: Path) -> None:
    at_rest(phone, "/ask")
    photo = picture(tmp_path / "image.png", RED, "EXIT")
    with phone.expect_file_chooser() as choosing:
        phone.get_by_role("button", name="Take a photo and hear what it is").tap()
    assert choosing.value.element.get_attribute("capture") == "environment"
    choosing.value.set_files(photo)
    article = phone.locator("#the-answer")
    expect(article.get_by_role("heading", name="What the picture shows")).to_be_visible()
    is_heard(phone)
    samples, _ = decode_wave(wav_of(phone))
    said = listener().transcribe(samples).text
    assert "red" in said
    assert "EXIT" in said
    # The next answer is not spoken unless it is wanted again.
    ask(phone, "what colour is it?")
    answered(phone, "red")
    phone.wait_for_timeout(300)
    assert phone.locator(".voice audio").evaluate("one => one.paused")


def test_the_camera_adds_to_the_pictures(phone: Page, tmp_path: Path) -> None:
    at_rest(phone, "/ask")
    camera = phone.get_by_label("Take a photo", exact=True)
    camera.set_input_files(picture(tmp_path / "first.png"))
    camera.set_input_files(picture(tmp_path / "second.png", RED))
    expect(phone.locator("#previews li")).to_have_count(2)
    ask(phone, "how many pictures?")
    answered(phone, "2")


def test_a_voice_that_cannot_speak_says_why(desk: Page, seen: Seen, tmp_path: Path) -> None:
    def refuse(route: object) -> None:
        route.fulfill(  # type: ignore[attr-defined]
            status=501,
            content_type="application/json",
            body='{"error": {"message": "speaking needs a voice"}}',
        )

    desk.route("**/ask/spoken/*", refuse)
    at_rest(desk, "/ask")
    desk.get_by_label("Choose pictures").set_input_files(picture(tmp_path / "blue.png"))
    ask(desk, "what colour is it?")
    answered(desk, "blue")
    desk.get_by_role("button", name="Play the answer").click()
    expect(desk.locator(".voice")).to_contain_text("speaking needs a voice")
    seen.errors.clear()


def test_thinking_and_what_is_wrong_are_said(desk: Page, seen: Seen) -> None:
    at_rest(desk, "/ask")
    told: list[str] = []
    desk.expose_function("told", lambda words: told.append(words))
    desk.evaluate(
        """() => new MutationObserver(() => told(document.querySelector("#hearing").textContent))
             .observe(document.querySelector("#hearing"), {childList: true})"""
    )
    desk.get_by_role("button", name="Ask", exact=True).click()
    problem = desk.locator("#the-answer")
    expect(problem).to_be_focused()
    expect(problem).to_contain_text("There is no question")
    expect(announced(desk)).to_contain_text("There is no question")
    desk.wait_for_function("document.querySelector('#hearing').textContent === ''")
    assert told[0] == "Thinking."
    assert told[-1] == ""
    seen.refusal(400)


def test_everything_with_the_keyboard_alone(desk: Page) -> None:
    page = desk
    at_rest(page, "/ask")
    tab_to(page, "Choose pictures")
    tab_to(page, "Question")
    page.keyboard.type("how many pictures?")
    tab_to(page, "Speak answers")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Speak answers")).to_be_checked()
    page.keyboard.press("Space")
    question(page).focus()
    page.keyboard.press("Enter")
    article = page.locator("#the-answer")
    expect(article).to_be_focused()
    tab_to(page, "Play the answer")
    page.keyboard.press("Enter")
    is_heard(page)
    tab_to(page, "How it was answered")
    page.keyboard.press("Enter")
    expect(article.get_by_role("table")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    assert focused(page) is not None


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_it_works_without_scripts(
    browser: Browser, asking: str, seen: Seen, tmp_path: Path, width: int
) -> None:
    with watched(browser, asking, seen, width=width, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/ask")
        expect(page.get_by_role("button", name="Ask aloud")).to_be_hidden()
        page.get_by_label("Choose pictures").set_input_files(
            picture(tmp_path / "sign.png", RED, "EXIT")
        )
        ask(page, "what colour is it?")
        answered(page, "red")
        expect(page).to_have_title("Answer: red - Scrubjay")
        assert decode_wave(wav_of(page))[0].size > 0
        page.get_by_label("Choose pictures").set_input_files(tmp_path / "sign.png")
        page.get_by_role("button", name="Read the text").click()
        answered(page, "EXIT")
        expect(page.locator("rect.over")).to_have_count(1)
        page.get_by_role("button", name="Bigger").click()
        expect(page.locator("html")).to_have_class("bigger")
        assert page.url.endswith("/ask")
        page.goto("/items")
        expect(page.locator("html")).to_have_class("bigger")
        page.get_by_role("button", name="Usual size").click()
        expect(page.locator("html")).not_to_have_class("bigger")
        assert page.url.endswith("/items")


def test_what_strangers_wrote_is_text(desk: Page, tmp_path: Path) -> None:
    at_rest(desk, "/ask")
    own = tmp_path / "<img src=x onerror=alert('name')>.png"
    desk.get_by_label("Choose pictures").set_input_files(picture(own, BLUE, HOSTILE))
    expect(desk.locator("#previews")).to_contain_text("onerror")
    for name, heading in (
        ("Read the text", "What is written there"),
        ("Describe", "What the picture shows"),
    ):
        desk.get_by_role("button", name=name).click()
        article = desk.locator("#the-answer")
        expect(article.locator("h2")).to_contain_text(heading)
        expect(article).to_be_focused()
        expect(article).to_contain_text("alert(1)")
        assert desk.locator(FOREIGN).count() == 0
        assert desk.locator("img[src='x']").count() == 0
    ask(desk, f"repeat: {HOSTILE}")
    expect(desk.locator("#the-answer q")).to_contain_text("alert(2)")
    assert desk.locator(FOREIGN).count() == 0


@pytest.mark.parametrize("bigger", [False, True])
def test_every_state_is_accessible_and_large_enough(
    browser: Browser, asking: str, seen: Seen, tmp_path: Path, bigger: bool
) -> None:
    more = {"has_touch": True, "is_mobile": True, "reduced_motion": "reduce"}
    with watched(browser, asking, seen, width=NARROW, **more) as context:
        page = context.new_page()
        at_rest(page, "/ask")
        if bigger:
            page.get_by_role("button", name="Bigger").tap()
            expect(page.locator("html")).to_have_class("bigger")
            at_rest(page, "/ask")
            expect(page.locator("html")).to_have_class("bigger")
        page.get_by_text("More", exact=True).click()
        assert wrong(page, bigger=bigger) == []
        page.get_by_label("Choose pictures").set_input_files(
            [picture(tmp_path / "sign.png", text="EXIT\nNOW"), picture(tmp_path / "red.png", RED)]
        )
        page.get_by_role("button", name="Read the text").click()
        answered(page, "EXIT\nNOW")
        page.get_by_text("How it was answered").click()
        assert wrong(page, bigger=bigger) == []
        page.get_by_role("button", name="Describe").click()
        expect(page.locator("#the-answer")).to_contain_text("One picture at a time")
        assert wrong(page, bigger=bigger) == []
        seen.refusal(400)


def wrong(page: Page, *, bigger: bool) -> list[str]:
    """What axe says at both widths in both colour schemes, and what is too small or too wide."""
    found = []
    for width in (320, NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 844})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{width}: wider than the window")
        small = smaller(page, 64) if bigger else smaller(page, 44, controls=True)
        found += [f"{width}: too small: {one}" for one in small]
        if width == 320:
            continue
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            again = scheme == "dark"
            found += [f"{scheme} {width}: {one}" for one in violations(page, colours=again)]
    return found


def test_frames_are_seen_in_forced_colours(
    browser: Browser, asking: str, seen: Seen, tmp_path: Path
) -> None:
    with watched(browser, asking, seen, forced_colors="active") as context:
        page = context.new_page()
        at_rest(page, "/ask")
        page.get_by_label("Choose pictures").set_input_files(
            picture(tmp_path / "sign.png", text="EXIT")
        )
        page.get_by_role("button", name="Read the text").click()
        answered(page, "EXIT")
        over, under = page.locator("rect.over"), page.locator("rect.under")
        strokes = [one.evaluate("one => getComputedStyle(one).stroke") for one in (over, under)]
        assert len(set(strokes)) == 2
        button = page.get_by_role("button", name="Describe")
        assert button.evaluate("one => getComputedStyle(one).borderTopStyle") == "solid"
        assert violations(page) == []
