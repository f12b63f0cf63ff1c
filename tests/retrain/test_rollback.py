"""An earlier version serves again at once, without what left and soon with what came."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay import services
from scrubjay.core.config import Settings
from scrubjay.core.errors import Conflict, Damaged, NotReady, UnknownName, WrongUse
from scrubjay.core.protocols import silent
from scrubjay.core.types import Champion
from scrubjay.retrain import rollback as rolling
from scrubjay.retrain import serving
from scrubjay.retrain.forgetting.forget import forget
from scrubjay.retrain.retention import retire
from scrubjay.retrain.rollback import rollback, served_before
from scrubjay.search.query import Query
from scrubjay.store.home import Home
from tests.retrain.test_serving import Spoken
from tests.search.conftest import Shelf

PICTURES = 24


@pytest.fixture
def encoders(monkeypatch):
    """Versions by id; they have no graphs, and stand where those would be opened."""
    made = {}

    def load(folder, *, version="", threads=0):
        return made[version]

    monkeypatch.setattr(serving, "load_version", load)
    monkeypatch.setattr("scrubjay.models.load.load_version", load)
    return made


def picture(shelf, n):
    colour = tuple(int(one) for one in np.random.default_rng(n).integers(0, 256, 3))
    return shelf.picture(f"{n}.png", colour, captions=(" ".join(map(str, colour)),))


@pytest.fixture
def shelf(tmp_path):
    folder = tmp_path / "shelf"
    folder.mkdir()
    shelf = Shelf(folder)
    for n in range(PICTURES):
        picture(shelf, n)
    return shelf


def register(home, encoders, seed):
    def build(staging):
        (staging / "export").mkdir()
        (staging / "export" / "encoder.json").write_text(str(seed))

    version = home.registry.register(build, month="2026-11", lineage={}, metrics={}, card="")
    encoders[version] = Spoken(version, seed)
    return version


@pytest.fixture
def home(tmp_path, shelf, encoders):
    """Three versions served one after the other, each with its generation."""
    home = Home(Settings(home=tmp_path / "home", threads=1, builtin=False))
    home.catalog.upsert(shelf.items)
    for seed in (1, 2, 3):
        services.set_champion(home, register(home, encoders, seed), progress=silent)
    return home


def versions(home):
    return [one.id for one in home.registry.versions()]


def first(home, item):
    return services.open_champion(home).search(Query(text=item.captions[0], k=1)).hits[0].id


def test_what_served_before_serves_again(home, shelf):
    one, two, three = versions(home)
    done = rollback(home)
    assert (done.before.version, done.now) == (three, Champion(two, two))
    assert home.registry.champion() == Champion(two, two)
    assert [first(home, item) for item in shelf.items[:5]] == [one.id for one in shelf.items[:5]]
    assert rollback(home).now.version == one, "twice goes back two versions"
    with pytest.raises(NotReady, match=f"nothing served before {one}"):
        rollback(home)
    assert rollback(home, three).now.version == three


def test_what_left_is_gone_before_the_pointer_moves_and_what_came_is_embedded_after(
    home, shelf, encoders, monkeypatch
):
    left, changed = shelf.items[0], shelf.items[1]
    home.catalog.delete([left.id])
    new = picture(shelf, 100)
    home.catalog.upsert([new])
    _, two, _ = versions(home)
    at_the_move = {}

    def publish(home, champion):
        generation = home.generations.open(champion.generation)
        at_the_move.update(ids=generation.embedded().keys(), encoded=len(encoders[two].batches))
        serving.publish(home, champion)

    encoders[two].batches.clear()
    monkeypatch.setattr(rolling, "publish", publish)
    done = rollback(home)
    assert (done.gone, done.embedded) == (1, 1)
    assert left.id not in at_the_move["ids"]
    assert changed.id in at_the_move["ids"]
    assert new.id not in at_the_move["ids"]
    assert at_the_move["encoded"] == 0, "nothing is embedded before it serves"
    assert first(home, new) == new.id
    assert first(home, left) != left.id


def test_a_forgotten_item_does_not_come_back(home, shelf):
    forget(home, [shelf.items[3].id])
    done = rollback(home)
    assert done.gone == 0, "it left every generation when it was forgotten"
    assert first(home, shelf.items[3]) != shelf.items[3].id


def test_a_version_without_a_generation_is_refused_and_the_message_says_how_to_get_it(home):
    one, two, three = versions(home)
    home.generations.remove(two)
    with pytest.raises(NotReady, match=f"champion set {two}"):
        rollback(home, two)
    assert rollback(home).now.version == one, "the next earlier one whose generation was kept"
    home.generations.remove(three)
    with pytest.raises(UnknownName):
        rollback(home, "2026-11-0000000")
    with pytest.raises(WrongUse, match="serves already"):
        rollback(home, one)


def test_a_version_whose_files_changed_is_not_served(home):
    _, two, three = versions(home)
    (home.registry.folder(two) / "export" / "encoder.json").write_text("other")
    with pytest.raises(Damaged):
        rollback(home)
    assert home.registry.champion().version == three


def test_a_run_that_prepared_another_champion_meanwhile_does_not_overwrite_it(home):
    _, two, three = versions(home)
    seen = home.registry.champion()
    rollback(home)
    with pytest.raises(Conflict):
        home.registry.publish(Champion(three, three), expected=seen)
    assert home.registry.champion().version == two


def test_a_home_without_a_champion_has_nothing_to_go_back_from(tmp_path):
    with pytest.raises(NotReady, match="nothing serves"):
        rollback(Home(Settings(home=tmp_path / "empty")))


@pytest.mark.parametrize(
    ("history", "now", "expected"),
    [
        ("", "a", ""),
        ("a", "b", "a"),
        ("ab", "c", "ba"),
        ("ab", "b", "a"),
        ("abc", "b", "a"),
        ("abcb", "a", ""),
        ("abcb", "d", "bca"),
        ("aab", "c", "ba"),
    ],
)
def test_going_back_never_leads_to_what_was_gone_back_from(history, now, expected):
    pairs = [Champion(one, one) for one in history]
    assert [one.version for one in served_before(pairs, Champion(now, now))] == list(expected)


def test_generations_but_the_champions_and_the_last_served_are_removed(home, encoders):
    one, two, three = versions(home)
    unserved = register(home, encoders, 4)
    serving.embed_version(home, unserved, progress=silent)
    assert retire(home, keep=2) == (unserved,)
    assert retire(home, keep=1) == (one,)
    rollback(home)
    assert home.registry.champion().version == two
    assert retire(home, keep=1) == ()
    assert retire(home, keep=0) == (three,)
    assert home.generations.names() == (two,)
    with pytest.raises(WrongUse, match="-1"):
        retire(home, keep=-1)


def test_without_a_champion_no_generation_is_removed(tmp_path):
    home = Home(Settings(home=tmp_path / "home"))
    home.generations.create("v1", dim=4, attribute_types={})
    assert retire(home, keep=0) == ()
    assert home.generations.names() == ("v1",)
