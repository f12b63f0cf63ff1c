"""Every page in every state it can be in, served from homes where each state is true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.web.browser.calibrated import cut_recordings
from tests.web.browser.lived_in import BAD_NAME, copied, opened
from tests.web.browser.looking import id_of
from tests.web.browser.served import serving
from tests.web.browser.under_way import refused, running

PAGES = {
    "idle": "/",
    "found": "/?q=a+trophy",
    "recordings": "/?q=a+trophy&kind=speech&all=1",
    "alike": "/?like={picture}",
    "mixed": "/?like={picture}&q=a+cheese",
    "nothing-close": "/?q=the+annual+report+of+a+shipping+company&kind=speech",
    "nothing-left": "/?q=a+trophy&month=2026-02&kind=speech",
    "wrong-condition": "/?q=a+trophy&where=colour+~+1",
    "ask": "/ask",
    "ask-about": "/ask?item={picture}&question=what+is+it%3F",
    "ask-about-a-recording": "/ask?item={recording}",
    "picture": "/items/{picture}",
    "hostile-picture": "/items/{hostile}",
    "recording": "/items/{recording}",
    "delete": "/items/{picture}/delete",
    "items": "/items",
    "nothing-listed": "/items?kind=speech&month=2026-02",
    "upload": "/upload",
    "review": "/review",
    "review-hits": "/review?q=a+trophy",
    "models": "/models",
    "promote": "/models/{other}/promote",
    "roll-back": "/models/rollback",
    "runs": "/runs",
    "run-under-way": "/runs/{going}",
    "run-that-ended": "/runs/{ended}",
    "no-such-item": "/items/nosuchitem",
}
EMPTY_PAGES = {
    "empty-idle": "/",
    "empty-items": "/items",
    "empty-review": "/review?q=a+trophy",
    "empty-models": "/models",
    "empty-runs": "/runs",
}


@dataclass(frozen=True)
class Places:
    """Where every page is.

    Attributes:
        address: of the server of a home that was lived in.
        empty: of the server of a home that nothing was ever brought to.
        paths: page's name to its path on the first server.
    """

    address: str
    empty: str
    paths: Mapping[str, str]


@contextmanager
def every_page(lived_in_home: Path, folder: Path) -> Iterator[Places]:
    """Serve a copy of a home in which a month is under way, and an empty home."""
    home = copied(lived_in_home, folder / "home")
    ended = min(path.name for path in opened(home).runs.glob("month-*"))
    refused(home, "2026-03")
    cut_recordings(home)
    registry = opened(home).registry
    served = registry.champion()
    with (
        running(home, "2026-04") as run,
        serving(home, folder / "log") as address,
        serving(folder / "empty", folder / "empty-log", ready=False) as empty,
    ):
        run.did("scan")
        named = {
            "picture": id_of(home, "scene-082.png"),
            "hostile": id_of(home, BAD_NAME),
            "recording": id_of(home, "scene-034.ogg"),
            "other": next(one for one in registry.ids() if served and one != served.version),
            "going": run.folder.name,
            "ended": ended,
        }
        paths = {name: path.format(**named) for name, path in PAGES.items()}
        yield Places(address, empty, paths)
