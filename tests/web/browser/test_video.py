"""A video that was found plays from the moment that was found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.store.rows import Row
from tests.web.browser.chromium import Seen, watched
from tests.web.browser.lived_in import copied, opened
from tests.web.browser.looking import hits, id_of
from tests.web.browser.served import serving

pytestmark = pytest.mark.slow

SECONDS, RATE, MOMENT = 6, 10, 3.0


@pytest.fixture
def page_with_a_video(
    browser: Browser, lived_in_home: Path, seen: Seen, tmp_path: Path
) -> Iterator[Page]:
    home = copied(lived_in_home, tmp_path / "home")
    _index_video(home, _film(tmp_path / "film.webm"))
    with (
        serving(home, tmp_path / "log") as address,
        watched(browser, address, seen) as context,
    ):
        yield context.new_page()


def test_a_video_plays_from_its_moment(page_with_a_video: Page) -> None:
    page = page_with_a_video
    page.goto("/?q=five+telescopes&kind=video")
    hit = hits(page).first
    expect(hit.get_by_role("heading")).to_have_text("a film")
    expect(hit).to_contain_text("from 0:03")
    player = hit.locator("video")
    shown_at, still_to_come = player.evaluate(
        """one => new Promise((done) => {
             one.muted = true;
             one.onplaying = () => done([one.currentTime, one.duration - one.currentTime]);
             one.play();
           })"""
    )
    assert MOMENT - 0.2 <= shown_at < MOMENT + 1
    assert 0 < still_to_come <= SECONDS - MOMENT + 0.2


def _film(path: Path) -> Path:
    """Six seconds that grow brighter."""
    av = pytest.importorskip("av", reason="no video to make: pip install 'scrubjay[speech]'")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(SECONDS * RATE):
            shade = np.full((64, 96, 3), 4 * number, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def _index_video(home: Path, film: Path) -> None:
    """Put the film into the catalogue, and its fourth second where telescopes are found."""
    one = opened(home)
    champion = one.registry.champion()
    assert champion is not None
    digest = hashlib.sha256(film.read_bytes()).hexdigest()
    item = Item(
        id=digest[:16],
        kind=Kind.VIDEO,
        uris=(str(film),),
        sha256=digest,
        group=digest[:16],
        split=Split.TRAIN,
        month="2026-02",
        size=film.stat().st_size,
        captions=("a film",),
        duration_s=float(SECONDS),
    )
    one.catalog.upsert([item])
    generation = one.generations.open(champion.generation)
    vectors = generation.vectors(id_of(home, "scene-115.png"))[:1]
    row = Row(item, Modality.IMAGE, champion.version, start_s=MOMENT, end_s=MOMENT + 1)
    generation.add([row], vectors)
