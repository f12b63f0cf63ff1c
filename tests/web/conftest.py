"""A home that is served: drawn scenes and a few recordings, indexed by the encoder in the box."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fastapi.testclient import TestClient
from PIL import Image

from scrubjay import services
from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.core.config import Settings
from scrubjay.core.protocols import silent
from scrubjay.core.types import SAMPLE_RATE
from scrubjay.media.world.captions import plainest
from scrubjay.media.world.draw import draw
from scrubjay.media.world.scene import Sampler
from scrubjay.store.home import Home
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings

PICTURES = 40
TONES = {"low": 150, "middle": 600, "high": 2400}
LOOPBACK = "http://127.0.0.1"
FAKES = AskSettings(*[Choice("fake")] * 4)
"""Models that answer at once, for tests of everything around them."""


@dataclass(frozen=True)
class ServedHome:
    """Where it is, what serves, what was added, and what each picture shows.

    Attributes:
        folder: the pictures `<n>.png`, recordings `<tone>.wav` and their manifest.
        captions: of the pictures, in order.
    """

    path: Path
    version: str
    folder: Path
    captions: tuple[str, ...]

    def open(self) -> Home:
        return Home(Settings(home=self.path, threads=1))


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray:
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return 0.5 * np.sin(2 * np.pi * hertz * times)


def make_collection(folder: Path) -> tuple[str, ...]:
    folder.mkdir()
    drawn, lines = np.random.default_rng(52), []
    captions = []
    for at in range(PICTURES):
        scene = Sampler().scene(drawn)
        caption = plainest(scene).text
        Image.fromarray(draw(scene, drawn).picture).save(folder / f"{at}.png")
        lines.append({"file_name": f"{at}.png", "text": caption, "price": at})
        captions.append(caption)
    for name, hertz in TONES.items():
        soundfile.write(folder / f"{name}.wav", tone(hertz), SAMPLE_RATE)
        lines.append({"file_name": f"{name}.wav", "text": f"a {name} tone", "price": 0})
    written = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "metadata.jsonl").write_text(written)
    return tuple(captions)


@pytest.fixture(scope="session")
def served_home(tmp_path_factory: pytest.TempPathFactory) -> ServedHome:
    """Shared by every test of a session: leave it as it is, or ask for `own_home`."""
    root = tmp_path_factory.mktemp("served")
    captions = make_collection(root / "media")
    home = Home(Settings(home=root / "home", threads=1, builtin=True))
    added = services.add_folder(home, root / "media", month="2026-11", progress=silent)
    assert added.indexed == PICTURES + len(TONES)
    version = services.current_champion(home).version
    return ServedHome(root / "home", version, root / "media", captions)


@pytest.fixture
def own_home(served_home: ServedHome, tmp_path: Path) -> ServedHome:
    """A copy of it that the test may change."""
    shutil.copytree(served_home.path, tmp_path / "home")
    return ServedHome(
        tmp_path / "home", served_home.version, served_home.folder, served_home.captions
    )


Serve = Callable[..., TestClient]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(home, **settings)`: a client of a server that is started and, at the end, stopped."""
    clients: list[TestClient] = []

    def start(
        home: ServedHome, *, asking: AskSettings | None = FAKES, **settings: object
    ) -> TestClient:
        app = create_app(home.open(), ServeSettings(**{"watch_s": 0, **settings}), asking=asking)
        client = TestClient(app, base_url=LOOPBACK, raise_server_exceptions=False)
        client.__enter__()
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture(scope="session")
def shared_client(served_home: ServedHome) -> Iterator[TestClient]:
    """One server for all tests that only ask."""
    app = create_app(served_home.open(), ServeSettings(watch_s=0), asking=FAKES)
    with TestClient(app, base_url=LOOPBACK, raise_server_exceptions=False) as client:
        yield client
