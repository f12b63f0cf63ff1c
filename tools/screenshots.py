"""Photograph every page of the service, on a phone and at a desk, for docs/page.md.

python -m tools.screenshots [FOLDER]

The pages show a home that lived through three real months with the encoder in the box, served by
`scrubjay serve`; nothing on them is made up. A FOLDER keeps the home for the next time.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, sync_playwright
from tests.web.browser.chromium import NARROW, WIDE, Seen, launch, watched
from tests.web.browser.lived_in import copied, scrubjay
from tests.web.browser.looking import at_rest, hand_over, id_of
from tests.web.browser.served import serving

from scrubjay.cli.demo.collection import write_month
from scrubjay.media.world.months import first_month, second_month

OUT = Path(__file__).parents[1] / "docs" / "screenshots"
LARGEST_KB = 60
ANSWER_MS = 120_000
"""The models that answer are loaded with the first question."""
TOKEN = "a-token-for-a-photograph"  # noqa: S105
FAMILIAR, NEWCOMERS = 120, 64
FIRST, MONTHS = "2026-07", ("2026-08", "2026-09", "2026-10")
PICTURES_THERE = """
() => [...document.images].every((one) =>
  one.complete || one.getBoundingClientRect().top > innerHeight)
"""
"""Those further down are fetched when somebody comes there."""
MENU = (
    ("TODAY", 64),
    ("Tomato soup   4.50", 44),
    ("Apple pie   3.80", 44),
    ("Open until 9 pm", 40),
)
LEARN = (
    "experiment=demo",
    "gate.minimum_n=10",
    "validate.max_shift=1.0",
)


def main(folder: Path) -> None:
    """Build the home where it is missing, serve it, and write the pictures."""
    home = folder / "home"
    if not (folder / "built").exists():
        _build(folder, home)
        (folder / "built").touch()
    OUT.mkdir(parents=True, exist_ok=True)
    seen = Seen()
    with sync_playwright() as playwright, launch(playwright) as browser:
        with serving(home, folder / "log") as address:
            for name, arrive in _pages(folder, home).items():
                _photograph(browser, address, seen, name, arrive)
        with (
            tempfile.TemporaryDirectory() as scratch,
            _learning(folder, copied(home, Path(scratch) / "home")) as (learning, run),
            serving(learning, folder / "log") as address,
        ):
            _photograph(browser, address, seen, "run", lambda page: page.goto(f"/runs/{run}"))
        with serving(home, folder / "log", token=TOKEN) as address:
            _photograph(browser, address, seen, "login", lambda page: page.goto("/"))
    seen.nothing()


def _build(folder: Path, home: Path) -> None:
    write_month(folder / FIRST, first_month()[:FAMILIAR], lambda *_: None)
    scrubjay("add", str(folder / FIRST), "--month", FIRST, home=home)
    newcomers = second_month()
    for at, month in enumerate(MONTHS):
        write_month(
            folder / month, newcomers[at * NEWCOMERS : (at + 1) * NEWCOMERS], lambda *_: None
        )
        scrubjay("retrain", *_asked(folder, home, month), home=home)


def _asked(folder: Path, home: Path, month: str) -> tuple[str, ...]:
    shipped = min((home / "registry" / "versions").iterdir(), key=lambda one: one.stat().st_ctime)
    return (*LEARN, f"data.source={folder / month}", f"month={month}", f"encoder.source={shipped}")


@contextmanager
def _learning(folder: Path, home: Path) -> Iterator[tuple[Path, str]]:
    """A month that is being learned; gives the home and the run's name."""
    month, before = "2026-11", {one.name for one in (home / "runs").iterdir()}
    newcomers = second_month()[len(MONTHS) * NEWCOMERS :][:NEWCOMERS]
    write_month(folder / month, newcomers, lambda *_: None)
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "scrubjay", "retrain", "--home", str(home)),
            *_asked(folder, home, month),
            "trainer.max_epochs=500",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield home, _begun(home, before)
        finally:
            process.kill()


def _begun(home: Path, before: set[str]) -> str:
    """Wait until a new run has looked at its data, and learns."""
    until = time.monotonic() + 240
    while time.monotonic() < until:
        for done in (home / "runs").glob("month-*/ledger/*-snapshot.json"):
            if done.parents[1].name not in before:
                return done.parents[1].name
        time.sleep(0.5)
    raise TimeoutError("no run has begun to learn")


def _pages(folder: Path, home: Path) -> dict[str, Callable[[Page], object]]:
    picture = next(iter(sorted((folder / FIRST / "pictures").glob("scene-082*"))))
    item = id_of(home, picture.name)

    def shown(page: Page) -> None:
        at_rest(page, "/")
        hand_over(page, "drop", picture, "image/png")
        page.locator("#results h2", has_text=picture.name).wait_for()

    def asked(page: Page) -> None:
        at_rest(page, "/ask")
        page.get_by_label("Choose pictures").set_input_files(picture)
        page.get_by_role("textbox", name="Question").fill("how many squares are there?")
        page.get_by_role("button", name="Ask", exact=True).click()
        page.locator("#the-answer").wait_for(timeout=ANSWER_MS)

    def read(page: Page) -> None:
        at_rest(page, "/ask")
        page.get_by_label("Choose pictures").set_input_files(_menu(folder / "menu.png"))
        page.get_by_role("button", name="Read the text").click()
        page.locator("#the-answer rect").first.wait_for(timeout=ANSWER_MS, state="attached")

    def bigger(page: Page) -> None:
        asked(page)
        page.get_by_role("button", name="Bigger").click()
        page.locator("html.bigger").wait_for()
        page.locator("#the-answer").scroll_into_view_if_needed()

    def uploaded(page: Page) -> None:
        page.goto("/upload")
        page.get_by_label("Caption", exact=True).fill("four red squares")

    def asked_to_delete(page: Page) -> None:
        page.goto(f"/items/{item}")
        page.get_by_role("link", name="Delete").click()

    return {
        "search": lambda page: page.goto("/"),
        "results": lambda page: page.goto("/?q=a+hedgehog+and+a+coconut"),
        "shown": shown,
        "nothing": lambda page: page.goto("/?q=a+trophy&month=2026-10&kind=speech"),
        "ask": asked,
        "read": read,
        "bigger": bigger,
        "item": lambda page: page.goto(f"/items/{item}"),
        "delete": asked_to_delete,
        "items": lambda page: page.goto("/items"),
        "upload": uploaded,
        "review": lambda page: page.goto("/review?q=four+red+squares"),
        "models": lambda page: page.goto("/models"),
        "runs": lambda page: page.goto("/runs"),
        "problem": lambda page: page.goto("/items/nobody-knows-this"),
    }


def _menu(path: Path) -> Path:
    """A picture with a few lines of text."""
    sheet = Image.new("RGB", (900, 520), (250, 246, 236))
    pen = ImageDraw.Draw(sheet)
    for at, (line, size) in enumerate(MENU):
        pen.text((90, 60 + 105 * at), line, (40, 32, 24), ImageFont.load_default(size))
    sheet.save(path)
    return path


def _photograph(
    browser: Browser, address: str, seen: Seen, name: str, arrive: Callable[[Page], object]
) -> None:
    for width in (WIDE, NARROW):
        with watched(browser, address, seen, width=width, reduced_motion="reduce") as context:
            page = context.new_page()
            arrive(page)
            page.wait_for_load_state("networkidle")
            page.wait_for_function(PICTURES_THERE)
            data = page.screenshot()
        if name == "problem":
            seen.refusal(404)
        path = OUT / f"{name}-{width}.png"
        path.write_bytes(_small(data))
        sys.stdout.write(
            f"{path.relative_to(OUT.parents[1])}: {path.stat().st_size / 1024:.0f} KiB\n"
        )


def _small(data: bytes) -> bytes:
    """A PNG with as many colours as fit; where there are photographs, the ones farthest apart."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    mean, far = Image.Quantize.MEDIANCUT, Image.Quantize.MAXCOVERAGE
    for colours, method in ((256, mean), (192, far), (128, far), (96, far), (64, far)):
        out = io.BytesIO()
        few = picture.quantize(colours, method, kmeans=1, dither=Image.Dither.NONE)
        few.save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST_KB * 1024:
            break
    return out.getvalue()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
        main(Path(sys.argv[1]).absolute())
    else:
        with tempfile.TemporaryDirectory(prefix="scrubjay-") as scratch:
            main(Path(scratch))
