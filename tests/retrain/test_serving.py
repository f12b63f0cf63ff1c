"""A promoted version serves at once on mapped rows, and its own take their place behind it."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scrubjay import services
from scrubjay.core.config import Settings
from scrubjay.core.errors import Conflict
from scrubjay.core.protocols import silent
from scrubjay.core.types import Champion, EncoderSpec, Kind, Modality
from scrubjay.retrain import serving
from scrubjay.retrain.bridging import learn_bridges, plan_bridge
from scrubjay.search.measure import evaluate_items
from scrubjay.search.query import Query
from scrubjay.store.home import Home
from tests.search.conftest import Shelf, png
from tests.search.test_bridged import content

PICTURES, RECORDINGS = 90, 3


class Spoken:
    """Reads colours off pictures and out of captions such as `12 200 7`; hears levels.

    Each seed is a version whose space has nothing to do with another's.
    """

    def __init__(self, version, seed, *, dim=24, modalities=frozenset(Modality)):
        random = np.random.default_rng(seed)
        self.spec = EncoderSpec("spoken", version, dim, modalities, version, None, 1.0)
        self.weights = random.standard_normal((4, 60)), random.standard_normal((60, dim))
        self.batches = []

    def encode(self, modality, batch):
        self.batches.append((modality, len(batch)))
        seen = np.array([self._sense(modality, one) for one in batch]).reshape(len(batch), 4)
        rows = np.tanh(seen @ self.weights[0]) @ self.weights[1]
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def _sense(self, modality, one):
        if modality is Modality.IMAGE:
            return [*(one[0, 0] / 255.0 - 0.5), 0.5]
        if modality is Modality.TEXT:
            return [*(np.array([int(word) for word in one.split()]) / 255.0 - 0.5), 0.5]
        return [float(np.abs(one).mean()), 0.1, 0.1, -1.0]


@pytest.fixture
def encoders(monkeypatch):
    """Versions by id; they have no graphs, and stand where those would be opened."""
    made = {}

    def load(folder, *, version="", threads=0):
        return made[version]

    monkeypatch.setattr(serving, "load_version", load)
    monkeypatch.setattr("scrubjay.models.load.load_version", load)
    return made


@pytest.fixture
def shelf(tmp_path):
    folder = tmp_path / "shelf"
    folder.mkdir()
    shelf = Shelf(folder)
    for i in range(PICTURES):
        colour = tuple(int(one) for one in np.random.default_rng(i).integers(0, 256, 3))
        shelf.picture(
            f"{i}.png",
            colour,
            captions=(" ".join(map(str, colour)),),
            month="2026-10" if i % 2 else "2026-11",
            attributes={"number": i},
        )
    for i in range(RECORDINGS):
        shelf.recording(f"{i}.wav", 1.8, level=0.2 + 0.2 * i)
    return shelf


def registered(home, encoders, seed, **options):
    def build(staging):
        (staging / "export").mkdir()
        (staging / "export" / "encoder.json").write_text(f"{seed} {options}")

    version = home.registry.register(build, month="2026-11", lineage={}, metrics={}, card="")
    encoders[version] = Spoken(version, seed, **options)
    return version


@pytest.fixture
def home(tmp_path, shelf, encoders):
    home = Home(Settings(home=tmp_path / "home", threads=1, builtin=False))
    home.catalog.upsert(shelf.items)
    services.set_champion(home, registered(home, encoders, 1), progress=silent)
    return home


def bridges(home, shelf, encoders, new):
    """Learned from the views an evaluation of both versions leaves."""
    old = home.registry.champion().version
    views = [
        evaluate_items(shelf.items, encoders[one], read=shelf.read).views for one in (old, new)
    ]
    for encoder in encoders.values():
        encoder.batches.clear()
    return learn_bridges(*views, source=old, target=new)


def served(home, new, learned, *, min_recall=0.5):
    return serving.serve_bridged(home, new, learned, min_recall=min_recall, progress=silent)


def asked(home, shelf, n, k=10):
    return services.open_champion(home).search(Query(text=shelf.items[n].captions[0], k=k))


def recall(home, shelf):
    """Of every picture's caption, among the first ten."""
    return np.mean(
        [
            shelf.items[n].id in [hit.id for hit in asked(home, shelf, n).hits]
            for n in range(PICTURES)
        ]
    )


def test_a_new_version_serves_mapped_rows_at_once_and_its_own_in_the_end(home, shelf, encoders):
    before, old = recall(home, shelf), home.registry.champion()
    new = registered(home, encoders, 2)
    learned = bridges(home, shelf, encoders, new)
    assert learned.keys() == {Modality.IMAGE, Modality.TEXT}

    champion = served(home, new, learned)
    assert champion == Champion(new, new)
    assert home.registry.champion() == old, "nothing is published yet"
    pictures_made_anew = [one for one in encoders[new].batches if one[0] is Modality.IMAGE]
    assert pictures_made_anew == [], "pictures are mapped, none is read"
    generation = home.generations.open(new)
    windows = generation.modalities()[Modality.SPEECH]
    assert generation.versions() == {old.version: PICTURES, new: windows}
    assert generation.embedded() == {one.id: one.sha256 for one in shelf.items}

    serving.publish(home, champion)
    assert asked(home, shelf, 0).version == new
    mapped = recall(home, shelf)
    assert mapped >= 0.6 * before

    done = serving.upgrade(home, new, limit=40, progress=silent)
    assert 40 <= done.upgraded < PICTURES
    assert done.mapped == PICTURES - done.upgraded
    waiting = {home.catalog.get(one).month for one in generation.mapped()}
    assert waiting == {"2026-10"}, "the newest items come first"
    done = serving.upgrade(home, new, limit=None, progress=silent)
    assert done.mapped == 0
    assert recall(home, shelf) >= mapped

    fresh = Home(dataclasses.replace(home.settings, home=home.path.with_name("fresh")))
    fresh.catalog.upsert(shelf.items)
    assert registered(fresh, dict(encoders), 2) == new
    serving.embed_version(fresh, new, progress=silent)
    assert content(generation) == content(fresh.generations.open(new))


def test_everything_is_found_at_every_moment_of_the_switch(home, shelf, encoders):
    """Somebody asks for all there is while rows are mapped, published and embedded anew."""
    new = registered(home, encoders, 2)
    learned = bridges(home, shelf, encoders, new)
    everything, stop = {one.id for one in shelf.items}, threading.Event()

    def ask():
        results = []
        while not stop.is_set():
            results.append(asked(home, shelf, 0, k=1000))
        return results

    old = home.registry.champion().version
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(ask)
        try:
            serving.publish(home, served(home, new, learned))
            while serving.upgrade(home, new, limit=10, progress=silent).mapped:
                pass
        finally:
            stop.set()
    assert {result.version for result in asking.result()} == {old, new}
    for result in asking.result():
        assert {hit.id for hit in result.hits} == everything


def test_adding_a_folder_does_not_wait_for_rows_to_be_embedded_anew(home, shelf, encoders):
    new = registered(home, encoders, 2)
    serving.publish(home, served(home, new, bridges(home, shelf, encoders, new)))
    waiting = home.generations.open(new).mapped()
    (shelf.folder / "new.png").write_bytes(png((9, 90, 200)))
    added = services.add_folder(home, shelf.folder, month="2026-12", progress=silent)
    assert added.indexed == 1
    assert home.generations.open(new).mapped() == waiting


def test_a_version_of_another_width_is_bridged_too(home, shelf, encoders):
    new = registered(home, encoders, 3, dim=16)
    champion = served(home, new, bridges(home, shelf, encoders, new), min_recall=0.3)
    serving.publish(home, champion)
    assert home.generations.open(new).dim == 16
    assert len(asked(home, shelf, 0).hits) == 10


def test_under_min_recall_the_champion_serves_until_everything_is_embedded(home, shelf, encoders):
    old = home.registry.champion()
    new = registered(home, encoders, 2)
    learned = bridges(home, shelf, encoders, new)
    share = learned[Modality.IMAGE].share_of_full
    assert served(home, new, learned, min_recall=share + 1e-9) is None
    assert home.registry.champion() == old
    assert new not in home.generations.names()
    serving.publish(home, serving.embed_version(home, new, progress=silent))
    assert home.generations.open(new).mapped() == frozenset()
    assert asked(home, shelf, 3).hits[0].id == shelf.items[3].id


def test_what_has_no_bridge_is_embedded_before_it_is_served_and_said(home, shelf, encoders):
    new = registered(home, encoders, 2)
    learned = bridges(home, shelf, encoders, new)
    champion = home.registry.champion()
    old = home.generations.open(champion.generation)
    windows = old.modalities()[Modality.SPEECH]
    plan = plan_bridge(old, new, learned, min_recall=0.5)
    assert plan.anew == {Modality.SPEECH: windows}
    served(home, new, learned)
    made = {modality for modality, _ in encoders[new].batches}
    assert made == {Modality.SPEECH}
    found = home.generations.open(new).search(
        encoders[new].encode(Modality.TEXT, ["1 2 3"])[0], 10, kinds=frozenset({Kind.SPEECH})
    )
    assert {(one.id, one.version) for one in found} == {
        (one.id, new) for one in shelf.items[PICTURES:]
    }


def test_without_a_champion_or_for_the_champion_itself_there_is_nothing_to_do(
    home, shelf, encoders, tmp_path
):
    champion = home.registry.champion()
    assert served(home, champion.version, {}) == champion
    empty = Home(Settings(home=tmp_path / "empty", builtin=False))
    assert served(empty, registered(empty, encoders, 5), {}) is None


def test_what_left_the_catalog_is_neither_carried_nor_kept(home, shelf, encoders):
    gone = shelf.items[0]
    new = registered(home, encoders, 2)
    learned = bridges(home, shelf, encoders, new)
    home.catalog.delete([gone.id])
    served(home, new, learned)
    generation = home.generations.open(new)
    assert generation.embedded().keys() == {one.id for one in shelf.items[1:]}
    home.catalog.delete([shelf.items[1].id])
    serving.upgrade(home, new, limit=0, progress=silent)
    assert generation.embedded().keys() == {one.id for one in shelf.items[2:]}


def test_called_again_it_goes_on_and_what_was_added_meanwhile_is_embedded(home, shelf, encoders):
    new = registered(home, encoders, 2)
    learned = bridges(home, shelf, encoders, new)
    served(home, new, learned)
    before = content(home.generations.open(new))
    served(home, new, learned)
    assert content(home.generations.open(new)) == before
    added = shelf.picture("added.png", (9, 9, 9), captions=("9 9 9",))
    home.catalog.upsert([added])
    done = serving.upgrade(home, new, limit=0, progress=silent)
    assert (done.rows, done.upgraded) == (1, 0)
    assert home.generations.open(new).versions()[new] > 1


def test_a_third_version_takes_over_rows_that_were_mapped_before(home, shelf, encoders):
    first = home.registry.champion().version
    second, third = registered(home, encoders, 2), registered(home, encoders, 4)
    serving.publish(home, served(home, second, bridges(home, shelf, encoders, second)))
    learned = bridges(home, shelf, encoders, third)
    old = home.generations.open(second)
    assert plan_bridge(old, third, learned, min_recall=0).again == PICTURES
    serving.publish(home, served(home, third, learned, min_recall=0))
    generation = home.generations.open(third)
    assert generation.versions()[first] == PICTURES
    serving.upgrade(home, third, limit=None, progress=silent)
    assert set(generation.versions()) == {third}


def test_a_holder_whose_lease_was_taken_over_publishes_nothing(home, shelf, encoders):
    new = registered(home, encoders, 2)
    champion = served(home, new, bridges(home, shelf, encoders, new))
    old = home.registry.champion()
    home.registry.claim(5)
    with pytest.raises(Conflict):
        serving.publish(home, champion, fence=4)
    assert home.registry.champion() == old
    serving.publish(home, champion, fence=5)
    assert home.registry.champion() == champion
