"""Finding things on the page: by typing, by showing, by what was found before."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scrubjay.media.world.months import first_month
from tests.web.browser.calibrated import cut_recordings
from tests.web.browser.chromium import Seen
from tests.web.browser.lived_in import ASKED, opened, spoken_wav
from tests.web.browser.looking import (
    announced,
    answered,
    at_rest,
    box,
    hand_over,
    hits,
    id_of,
    ids,
)

pytestmark = pytest.mark.slow

CAPTION, PICTURE = "four red squares", "scene-082.png"


def test_typing_finds_the_picture_before_enter_is_pressed_and_says_so(
    page: Page, lived_in_home: Path
) -> None:
    page.goto("/")
    box(page).press_sequentially(CAPTION)
    answered(page, CAPTION)
    assert ids(page)[0] == id_of(lived_in_home, PICTURE)
    expect(announced(page)).not_to_be_empty()
    shown = hits(page).first.get_by_role("img")
    expect(shown).to_have_attribute("alt", CAPTION)
    assert shown.evaluate("one => one.decode().then(() => one.naturalWidth)") > 0


def test_an_answer_has_an_address_that_gives_it_again(page: Page) -> None:
    page.goto("/")
    box(page).fill("a trophy")
    box(page).press("Enter")
    answered(page, "a trophy")
    page.wait_for_url("**/?*q=a*trophy*")
    first = ids(page)
    page.reload()
    answered(page, "a trophy")
    expect(box(page)).to_have_value("a trophy")
    assert ids(page) == first


def test_kind_and_month_filter_what_is_found(page: Page) -> None:
    page.goto("/?q=a+trophy")
    page.get_by_role("checkbox", name="Recordings").check()
    expect(hits(page).locator("audio").first).to_be_visible()
    expect(hits(page).get_by_role("img")).to_have_count(0)
    page.get_by_role("checkbox", name="Recordings").uncheck()
    page.get_by_label("Month it was added").select_option("2026-02")
    expect(page.locator("#results .meta", has_text="January")).to_have_count(0)
    expect(hits(page).filter(has_text="February").first).to_be_visible()


def test_a_condition_on_ones_own_columns_filters_and_a_wrong_one_is_explained(
    page: Page, seen: Seen
) -> None:
    page.goto("/?q=a+trophy&where=newcomer+!%3D+%27none%27")
    answered(page, "a trophy")
    expect(page.locator("#results .meta", has_text="January")).to_have_count(0)
    page.goto("/?q=a+trophy&where=colour+~+1")
    expect(page.locator("#results .state h2")).to_be_visible()
    expect(page.locator("#results")).to_contain_text("~")
    seen.refusal(400)


def test_more_like_this_starts_from_what_was_found(page: Page, lived_in_home: Path) -> None:
    page.goto("/?q=a+black+heart")
    answered(page, "a black heart")
    first = hits(page).first
    own = first.get_attribute("data-id") or ""
    first.get_by_role("link", name="More like this").click()
    page.wait_for_url("**like=*")
    expect(page.locator("#like")).to_be_attached()
    assert ids(page)[:3] == nearest(lived_in_home, own)[:3]


def nearest(home: Path, own: str) -> list[str]:
    """Items by the largest cosine with an item's own vectors, without an index."""
    champion = opened(home).registry.champion()
    assert champion is not None
    generation = opened(home).generations.open(champion.generation)
    middle = generation.vectors(own).mean(0)
    items = [one.id for one in opened(home).catalog.items() if one.id != own]
    cosines = {one: float((generation.vectors(one) @ middle).max()) for one in items}
    return sorted(items, key=lambda one: -cosines[one])


def test_words_change_what_is_like_a_picture(page: Page, lived_in_home: Path) -> None:
    page.goto(f"/?like={id_of(lived_in_home, PICTURE)}")
    alone = ids(page)
    box(page).fill("a cheese")
    page.wait_for_url("**q=a*cheese*")
    expect(page.get_by_label("Words count for")).to_be_visible()
    page.wait_for_function(
        "first => document.querySelector('#results li.hit')?.dataset.id !== first", arg=alone[0]
    )
    page.get_by_role("button", name="Remove").or_(page.get_by_role("link", name="Remove")).click()
    answered(page, "a cheese")


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_picture_is_searched_with_by_dropping_or_pasting_it(
    page: Page, lived_in_home: Path, how: str
) -> None:
    at_rest(page, "/")
    picture = lived_in_home.parent / "2026-01" / "pictures" / PICTURE
    hand_over(page, how, picture, "image/png")
    expect(page.locator("#attached")).to_be_visible()
    expect(hits(page).first).to_have_attribute("data-id", id_of(lived_in_home, PICTURE))


def test_a_recording_is_searched_with_by_dropping_it(
    page: Page, lived_in_home: Path, tmp_path: Path
) -> None:
    at_rest(page, "/?kind=image")
    hand_over(page, "drop", spoken_wav(ASKED[82], tmp_path / "asked.wav"), "audio/wav")
    expect(hits(page).first).to_have_attribute("data-id", id_of(lived_in_home, PICTURE))


def test_a_file_that_is_no_picture_is_refused_in_words(
    page: Page, seen: Seen, tmp_path: Path
) -> None:
    at_rest(page, "/")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n nothing more")
    hand_over(page, "drop", broken, "image/png")
    expect(page.locator("#results .state h2")).to_be_visible()
    expect(page.locator("#results")).to_contain_text("broken.png")
    seen.refusal(422)


def test_a_recording_that_was_found_plays_where_it_stands(page: Page) -> None:
    spoken = next(one for one in first_month() if one.number == 34).captions[0]
    page.goto(f"/?q={spoken.replace(' ', '+')}&kind=speech")
    player = hits(page).first.locator("audio")
    expect(player).to_have_attribute("controls", "")
    length = player.evaluate(
        "one => new Promise((done) => { one.onplaying = () => done(one.duration); one.play(); })"
    )
    assert 0.3 < length < 10


def test_showing_more_goes_on_where_the_page_ended(page: Page) -> None:
    page.goto("/?q=a+trophy&kind=image&all=1")
    answered(page, "a trophy")
    before = ids(page)
    page.get_by_role("link", name="Show more").or_(
        page.get_by_role("button", name="Show more")
    ).click()
    expect(hits(page).nth(len(before))).to_be_visible()
    after = ids(page)
    assert after[: len(before)] == before
    assert len(set(after)) == len(after) > len(before)


def test_nothing_found_is_said_and_the_way_on_is_offered(page: Page) -> None:
    page.goto("/?q=a+trophy&month=2026-02&kind=speech")
    expect(page.get_by_role("heading", name="Nothing passes these filters")).to_be_visible()
    page.get_by_role("link", name="Search without filters").click()
    answered(page, "a trophy")
    expect(hits(page).first).to_be_visible()


def test_nothing_close_enough_is_said_and_the_nearest_are_offered(
    own_home: Path, own_page: Page
) -> None:
    cut_recordings(own_home)
    own_page.goto("/?q=a+submarine&kind=speech")
    expect(own_page.get_by_role("heading", name="Nothing here is close enough")).to_be_visible()
    expect(hits(own_page)).to_have_count(0)
    own_page.get_by_role("link", name="See the nearest anyway").click()
    answered(own_page, "a submarine")
    expect(hits(own_page).first).to_be_visible()
