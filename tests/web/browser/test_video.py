"""Videos in a browser: a moment is found, shown and played, by mouse and keyboard and without
scripts; what is said and written in it is text; what cannot be played is said."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from scrubjay.core.types import Item
from tests.web.browser.axe import violations
from tests.web.browser.chromium import APPEARS_MS, NARROW, WIDE, Seen, watched
from tests.web.browser.lived_in import copied, opened
from tests.web.browser.looking import announced, answered, box, hits
from tests.web.browser.served import serving
from tests.web.browser.test_keyboard import tab_to
from tests.web.conftest import ServedHome
from tests.web.filmed import Shot, film_item, moments_of, put_film, shots, write_webm

pytestmark = pytest.mark.slow

SAID = "<script>alert('said')</script> hand me the <b>red</b> apple & {{ 7 * 7 }}"
READ = "<img src=x onerror=alert('read')> OPEN TODAY"
HOSTILE = "<img src=x onerror=alert('name')>.webm"
COUNT = 30
"""More moments than one page shows."""

PLAYING = """
one => new Promise((done) => {
  one.muted = true;
  one.addEventListener("playing", () => done(one.currentTime), {once: true});
  one.play();
})
"""


@pytest.fixture(scope="module")
def made() -> list[Shot]:
    return shots(COUNT, said=SAID, read=READ)


@pytest.fixture(scope="module")
def film(
    served_home: ServedHome, made: list[Shot], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Item]:
    """A home with a film of thirty scenes, under a name nobody should trust."""
    folder = tmp_path_factory.mktemp("filmed")
    home = copied(served_home.path, folder / "home")
    path = write_webm(folder / HOSTILE, made, codec="libvpx")
    item = film_item(path, made)
    put_film(opened(home), item, made)
    return home, item


@pytest.fixture(scope="module")
def filmed(film: tuple[Path, Item], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(film[0], tmp_path_factory.mktemp("log") / "log") as address:
        yield address


@pytest.fixture
def visitor(browser: Browser, filmed: str, seen: Seen) -> Iterator[Page]:
    with watched(browser, filmed, seen) as context:
        yield context.new_page()


def shows(picture: Locator) -> np.ndarray:
    """The pixels an image element shows."""
    picture.scroll_into_view_if_needed()
    picture.evaluate("one => one.decode()")
    assert picture.evaluate("one => one.naturalWidth") > 0
    src = picture.get_attribute("src") or ""
    answer = picture.page.request.get(src)
    with Image.open(io.BytesIO(answer.body())) as image:
        return np.asarray(image.convert("RGB"), np.float32)


def nearest(pixels: np.ndarray, made: list[Shot]) -> int:
    """Which scene that is."""
    size = (pixels.shape[1], pixels.shape[0])
    scenes = [np.asarray(Image.fromarray(one.picture).resize(size), np.float32) for one in made]
    return int(np.argmin([np.abs(pixels - one).mean() for one in scenes]))


def until(page: Page, true: str) -> None:
    """Wait for something to become true of the player; the policy of the page forbids evals."""
    by = time.monotonic() + APPEARS_MS / 1000
    while not page.locator("#player").evaluate(true):
        assert time.monotonic() < by, f"{true} never is; the player is at {now(page)} s"
        time.sleep(0.05)


def now(page: Page) -> float:
    return float(page.locator("#player").evaluate("one => one.currentTime"))


def test_a_moment_is_found_shown_and_played(
    visitor: Page, made: list[Shot], film: tuple[Path, Item]
) -> None:
    page, wanted = visitor, 7
    page.goto("/?kind=video")
    box(page).fill(made[wanted].caption)
    page.keyboard.press("Enter")
    answered(page, made[wanted].caption)
    first = hits(page).first
    begins, ends = moments_of(made)[wanted]
    expect(first.get_by_role("heading")).to_have_text(f"{HOSTILE}, 0:{begins:02.0f}-0:{ends:02.0f}")
    expect(first.get_by_role("list", name="Found by")).to_contain_text("seen")
    assert nearest(shows(first.locator("img")), made) == wanted
    first.get_by_role("link", name=HOSTILE).first.click()
    expect(page.locator("#part")).to_contain_text(f"0:{begins:02.0f}-0:{ends:02.0f}")
    player = page.locator("#player")
    assert player.evaluate("one => one.paused"), "nothing plays before somebody asks for it"
    assert begins - 0.2 <= player.evaluate(PLAYING) < ends
    until(page, "one => one.paused")
    assert abs(now(page) - ends) < 0.5, "a moment ends where it ends"
    player.evaluate("one => one.play()")
    until(page, f"one => one.currentTime > {ends + 0.6}")
    assert page.get_by_role("link", name=f"Play 0:{begins:02.0f}").get_attribute("aria-current")


def test_what_is_said_and_written_is_found_and_is_text(visitor: Page, made: list[Shot]) -> None:
    page = visitor
    page.goto("/?kind=video")
    box(page).fill(SAID)
    page.keyboard.press("Enter")
    expect(page.locator("#results h2").first).to_contain_text("alert('said')")
    first = hits(page).first
    expect(first.get_by_role("list", name="Found by")).to_contain_text(SAID)
    first.get_by_role("link", name=HOSTILE).first.click()
    there = page.locator(".moment").filter(has_text="0:02-0:04")
    expect(there).to_contain_text(SAID)
    expect(there).to_contain_text(READ)
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert page.locator("main script, main b, main img[src=x]").count() == 0


def test_moments_play_in_place_and_say_so(visitor: Page, made: list[Shot]) -> None:
    page = visitor
    page.goto("/?kind=video&q=" + made[0].caption.replace(" ", "+"))
    hits(page).first.get_by_role("link", name=HOSTILE).first.click()
    page.wait_for_load_state("networkidle")
    page.locator("#player").evaluate("one => { one.muted = true; one.here = true; }")
    link = page.get_by_role("link", name="Play 0:10-0:12")
    assert nearest(shows(link.locator("img")), made) == 5
    link.click()
    expect(announced(page)).to_have_text("Playing 0:10-0:12.")
    expect(page.locator("#player")).to_be_focused()
    until(page, "one => one.currentTime >= 10")
    assert page.locator("#player").evaluate("one => one.here"), "the page was not left"
    assert "t=10,12" in page.url
    expect(link).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Later moments").click()
    expect(page.locator("#moments")).to_contain_text(f"Moments 25 to {COUNT} of {COUNT}")
    expect(page.locator("#moments-title")).to_be_focused()
    expect(announced(page)).to_have_text(f"Moments 25 to {COUNT} of {COUNT}")
    last = page.get_by_role("link", name="Play 0:58-1:00")
    assert nearest(shows(last.locator("img")), made) == COUNT - 1
    last.click()
    until(page, "one => one.currentTime >= 58")
    assert page.locator("#player").evaluate("one => one.here")


def test_who_wants_no_motion_is_taken_there_and_plays_himself(
    browser: Browser, filmed: str, film: tuple[Path, Item], seen: Seen
) -> None:
    with watched(browser, filmed, seen, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(f"/items/{film[1].id}", wait_until="networkidle")
        page.get_by_role("link", name="Play 0:04-0:06").click()
        expect(announced(page)).to_have_text("At 0:04-0:06. Press play.")
        until(page, "one => one.currentTime === 4")
        assert page.locator("#player").evaluate("one => one.paused")


def test_a_keyboard_alone_finds_and_plays_a_moment(visitor: Page, made: list[Shot]) -> None:
    page = visitor
    page.goto("/?kind=video")
    box(page).focus()
    page.keyboard.type(made[3].caption)
    page.keyboard.press("Enter")
    answered(page, made[3].caption)
    tab_to(page, HOSTILE)
    page.keyboard.press("Enter")
    expect(page.locator("#part")).to_contain_text("0:06-0:08")
    page.wait_for_load_state("networkidle")
    page.locator("#player").evaluate("one => { one.muted = true; }")
    tab_to(page, "Play 0:12-0:14", most=80)
    page.keyboard.press("Enter")
    expect(page.locator("#player")).to_be_focused()
    until(page, "one => one.currentTime >= 12")
    until(page, "one => one.paused")
    page.keyboard.press("Space")
    until(page, "one => !one.paused")


def test_without_scripts_links_play_from_their_moment(
    browser: Browser, filmed: str, made: list[Shot], seen: Seen
) -> None:
    with watched(browser, filmed, seen, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/?kind=video&q=" + made[9].caption.replace(" ", "+"))
        hits(page).first.get_by_role("heading").get_by_role("link").click()
        player = page.locator("#player")
        expect(player).to_have_attribute("src", r"/v1/items/" + film_id(page) + "/media#t=18,20")
        assert player.get_attribute("autoplay") is None
        page.get_by_role("link", name="Play 0:04-0:06").click()
        expect(player).to_have_attribute("src", r"/v1/items/" + film_id(page) + "/media#t=4,6")
        assert page.url.endswith("?t=4,6#player")
        page.get_by_role("link", name="Later moments").click()
        expect(page.locator("#moments")).to_contain_text(f"Moments 25 to {COUNT} of {COUNT}")


def film_id(page: Page) -> str:
    return page.url.partition("/items/")[2].partition("?")[0]


def test_a_fragment_alone_begins_there(
    browser: Browser, filmed: str, film: tuple[Path, Item], seen: Seen
) -> None:
    """What happens where the page's script never came."""
    with watched(browser, filmed, seen) as context:
        context.route("**/film.js", lambda route: route.abort())
        page = context.new_page()
        page.goto(f"/items/{film[1].id}?t=8,10")
        assert 7.8 <= page.locator("#player").evaluate(PLAYING) < 10
        until(page, "one => one.paused")
        assert abs(now(page) - 10) < 0.5
    seen.errors.clear()


@pytest.mark.parametrize("where", ["found", "item"])
def test_nothing_is_wrong_with_pages_of_videos(
    browser: Browser, filmed: str, film: tuple[Path, Item], made: list[Shot], seen: Seen, where: str
) -> None:
    caption = made[1].caption.replace(" ", "+")
    path = f"/?q={caption}" if where == "found" else f"/items/{film[1].id}?t=2,4"
    with watched(browser, filmed, seen, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(path)
        expect(page.get_by_role("main")).to_be_visible()
        for width in (320, NARROW, WIDE):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                assert violations(page, colours=scheme == "dark") == [], (width, scheme)


@pytest.mark.parametrize(
    ("container", "codec", "sound"),
    [
        ("webm", "libvpx-vp9", "libopus"),
        ("matroska", "libvpx-vp9", "libopus"),
        ("mp4", "libx264", "aac"),
    ],
)
def test_what_browsers_play_is_played(
    browser: Browser,
    served_home: ServedHome,
    made: list[Shot],
    seen: Seen,
    tmp_path: Path,
    container: str,
    codec: str,
    sound: str,
) -> None:
    page_of = _alone(served_home, made, tmp_path, container, codec, sound)
    with page_of as (address, item), watched(browser, address, seen) as context:
        page = context.new_page()
        page.goto(f"/items/{item.id}?t=2,4")
        assert 1.8 <= page.locator("#player").evaluate(PLAYING) < 4
        expect(page.locator("#not-played")).to_be_hidden()
        expect(page.get_by_text("Few browsers play")).to_have_count(0)


def test_what_a_browser_cannot_play_is_said_and_can_be_downloaded(
    browser: Browser, served_home: ServedHome, made: list[Shot], seen: Seen, tmp_path: Path
) -> None:
    page_of = _alone(served_home, made, tmp_path, "avi", "mpeg4", None)
    with page_of as (address, item), watched(browser, address, seen) as context:
        page = context.new_page()
        page.goto(f"/items/{item.id}?t=2,4", wait_until="networkidle")
        expect(page.get_by_text("Few browsers play")).to_be_visible()
        expect(page.locator("#not-played")).to_be_visible()
        assert nearest(shows(page.locator(".moment img").nth(1)), made[:3]) == 1
        with page.expect_download() as download:
            page.locator("#not-played").get_by_role("link", name="Download it").click()
        assert Path(download.value.path()).read_bytes() == Path(item.uri).read_bytes()


def test_a_video_is_uploaded_and_found_by_its_moments(
    browser: Browser, served_home: ServedHome, made: list[Shot], seen: Seen, tmp_path: Path
) -> None:
    """Nothing is imitated: the file is indexed as any other by the encoder in the box."""
    path = write_webm(tmp_path / "scenes.webm", made[:3], codec="libvpx")
    own = copied(served_home.path, tmp_path / "home")
    with serving(own, tmp_path / "log") as address, watched(browser, address, seen) as context:
        page = context.new_page()
        page.goto("/upload", wait_until="networkidle")
        page.get_by_label("Files").set_input_files([path])
        page.get_by_role("button", name="Upload").click()
        line = page.locator("#uploads > li")
        expect(line.locator(".badge.good")).to_be_visible(timeout=4 * APPEARS_MS)
        expect(line).to_have_count(1)
        expect(line.get_by_role("link", name="scenes.webm")).to_be_visible()
        page.goto("/?kind=video&q=" + made[1].caption.replace(" ", "+"))
        first = hits(page).first
        expect(first.get_by_role("heading")).to_have_text("scenes.webm, 0:02-0:04")
        assert nearest(shows(first.locator("img")), made[:3]) == 1
        first.get_by_role("link", name="scenes.webm").first.click()
        assert 1.8 <= page.locator("#player").evaluate(PLAYING) < 4
        expect(page.get_by_role("link", name="Play")).to_have_count(3)


@contextmanager
def _alone(
    home: ServedHome,
    made: list[Shot],
    folder: Path,
    container: str,
    codec: str,
    sound: str | None,
) -> Iterator[tuple[str, Item]]:
    """A served home whose only video is one of three scenes in a container."""
    few = made[:3]
    path = folder / f"film.{container}"
    write_webm(path, few, codec=codec, sound=sound, container=container)
    item = film_item(path, few)
    own = copied(home.path, folder / "home")
    put_film(opened(own), item, few)
    with serving(own, folder / "log") as address:
        yield address, item
