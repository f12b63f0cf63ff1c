"""Chains on models that follow from arithmetic, over a home that the fake encoder searches."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scrubjay import services
from scrubjay.ask.answer import Shown
from scrubjay.ask.chain import Asking
from scrubjay.ask.models import Models
from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.core.config import Settings
from scrubjay.core.looking import ModelSpec, Reply, ReplyStream, Seen
from scrubjay.core.types import SAMPLE_RATE, Champion, Kind
from scrubjay.models.load import load_encoder, load_tts
from scrubjay.models.ocr.fake import write_text
from scrubjay.search.ingest import ingest
from scrubjay.search.query import Searcher
from scrubjay.store.home import Home
from tests.search.conftest import Shelf

FAKE = Choice("fake")
FAKES = AskSettings(vlm=FAKE, ocr=FAKE, asr=FAKE, tts=FAKE)
RED, GREEN, BLUE = (220, 40, 40), (50, 160, 70), (40, 80, 200)


def picture(colour, text="", size=(60, 240)):
    made = np.empty((*size, 3), np.uint8)
    made[:] = colour
    return write_text(made, text) if text else made


def shown(colour, text="", name="picture.png"):
    return Shown(name, picture(colour, text))


def spoken(text, language="en"):
    return load_tts("fake").speak(text, language=language).samples


@dataclass
class Scripted:
    """A model that says what it was told to say, and remembers what it was told."""

    answers: list[Reply] = field(default_factory=list)
    instructed: bool = True
    max_pictures: int | None = None
    languages: tuple[str, ...] = ()
    captions: list[Reply] = field(default_factory=list)
    heard: list = field(default_factory=list)

    @property
    def spec(self):
        return ModelSpec(
            "scripted", "scripted", "f", self.max_pictures, self.instructed, self.languages
        )

    def reply(self, messages, sampling):
        self.heard.append(tuple(messages))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def stream(self, messages, sampling) -> ReplyStream:
        reply = self.reply(messages, sampling)
        for at in range(0, len(reply.text), 3):
            yield reply.text[at : at + 3]
        return reply

    def caption(self, picture, sampling):
        return self.captions.pop(0) if len(self.captions) > 1 else self.captions[0]


@dataclass
class Sees(Scripted):
    """One that says where, too."""

    seen: tuple[Seen, ...] = ()

    def locate(self, picture):
        return self.seen


class Given(Models):
    """Models that were made elsewhere."""

    def __init__(self, settings=FAKES, **models):
        super().__init__(settings)
        self.given = models

    def vlm(self):
        return self.given.get("vlm") or super().vlm()

    def ocr(self):
        return self.given.get("ocr") or super().ocr()

    def asr(self):
        return self.given.get("asr") or super().asr()

    def tts(self):
        return self.given.get("tts") or super().tts()


def asking_with(settings=FAKES, *, finder=None, gleaned=None, prompts=None, **models):
    return Asking(
        Given(settings, **models),
        settings=settings,
        finder=finder,
        gleaned=gleaned,
        prompts=prompts,
    )


@pytest.fixture
def asking():
    return services.open_asking(None, FAKES)


class Registered:
    """The fake encoder as a registered version would answer."""

    def __init__(self, version):
        self.fake = load_encoder("fake")
        self.spec = dataclasses.replace(self.fake.spec, version=version)

    def encode(self, modality, batch):
        return self.fake.encode(modality, batch)


@dataclass(frozen=True)
class AskedHome:
    """A home of three pictures (one with a sign), two recordings and a text."""

    path: Path
    version: str

    def open(self) -> Home:
        return Home(Settings(home=self.path, threads=1))

    def searcher(self, home, cutoff=None):
        generation = home.generations.open(self.version)
        pair = Champion(self.version, self.version)
        return Searcher(Registered(self.version), generation, pair, cutoff=cutoff)


def fill(root) -> AskedHome:
    folder = root / "media"
    folder.mkdir()
    shelf = Shelf(folder)
    from PIL import Image

    for name, colour, text in (
        ("red", RED, "EXIT 42"),
        ("green", GREEN, ""),
        ("blue", BLUE, ""),
    ):
        path = folder / f"{name}.png"
        Image.fromarray(picture(colour, text)).save(path)
        shelf.put(f"{name}.png", path.read_bytes(), Kind.IMAGE, captions=(f"a {name} thing",))
    for name, said in (("memo", "the dentist is on Monday at nine"), ("call", "buy two lemons")):
        path = folder / f"{name}.wav"
        soundfile.write(path, spoken(said), SAMPLE_RATE, subtype="FLOAT")
        shelf.put(f"{name}.wav", path.read_bytes(), Kind.SPEECH, captions=(f"a {name}",))
    home = Home(Settings(home=root / "home", threads=1))
    home.catalog.upsert(shelf.items)
    home.catalog.snapshot()

    def build(staging):
        (staging / "export").mkdir()
        (staging / "export" / "encoder.json").write_text('{"family": "fake"}')

    version = home.registry.register(build, month="2026-11", lineage={}, metrics={}, card="fake")
    generation = home.generations.create(
        version, dim=64, attribute_types=home.catalog.attribute_types()
    )
    ingest(home.catalog.items(), generation, Registered(version), read=shelf.read, threads=1)
    home.registry.publish(Champion(version, version), expected=None)
    return AskedHome(root / "home", version)


@pytest.fixture(scope="session")
def asked_home(tmp_path_factory):
    """Shared by every test of a session: leave it as it is."""
    return fill(tmp_path_factory.mktemp("asked"))
