"""A promoted month takes over from what served, and leaves the way back open."""

from __future__ import annotations

import pytest

from scrubjay.core.config import Settings
from scrubjay.core.errors import Conflict
from scrubjay.core.protocols import silent
from scrubjay.core.types import Champion
from scrubjay.retrain import serving
from scrubjay.retrain.month import Month
from scrubjay.retrain.month_plan import plan_of
from scrubjay.retrain.month_run import begin_month
from scrubjay.retrain.month_serving import complete, publish
from scrubjay.retrain.rollback import rollback
from scrubjay.retrain.telling.events import EventLog
from scrubjay.services import set_champion
from scrubjay.store.home import Home
from scrubjay.store.lease import acquire
from tests.retrain.test_serving import Spoken
from tests.search.conftest import Shelf


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
def home(tmp_path, encoders):
    """Two versions embedded their generations; the first serves."""
    (tmp_path / "shelf").mkdir()
    shelf = Shelf(tmp_path / "shelf")
    home = Home(Settings(home=tmp_path / "home", threads=1, builtin=False))
    home.catalog.upsert([shelf.picture("a.png", (9, 8, 7), captions=("9 8 7",))])
    for seed in (1, 2):

        def build(staging, seed=seed):
            (staging / "export").mkdir()
            (staging / "export" / "encoder.json").write_text(str(seed))

        version = home.registry.register(build, month="2026-11", lineage={}, metrics={}, card="")
        encoders[version] = Spoken(version, seed)
    first, second = versions(home)
    set_champion(home, first, progress=silent)
    serving.embed_version(home, second, progress=silent)
    return home


def versions(home):
    return [one.id for one in home.registry.versions()]


@pytest.fixture
def month(home, tmp_path):
    """A run that is about to publish the second version."""
    first, second = versions(home)
    run = begin_month(home.runs, "2026-11", {})
    lease = acquire(home.lease, holder="a test", ttl_s=60, above=home.registry.fence)
    with EventLog(run.id, run.folder / "log.jsonl") as log:
        month = Month(home, run, plan_of({"month": "2026-11"}), lease, log, silent)
        month.results |= {
            "bridge": {"ready": True},
            "register": {"version": second},
            "snapshot": {"serving": first},
        }
        yield month
    lease.release()


def test_what_a_month_replaced_is_kept_and_one_word_brings_it_back(month, home):
    first, second = versions(home)
    assert publish(month)["published"]
    assert home.registry.champion() == Champion(second, second)
    assert complete(month)["removed"] == [], "the last that served stays for a rollback"
    assert publish(month)["published"], "done again it changes nothing"
    assert home.served.all() == [Champion(first, first)]
    assert rollback(home).now == Champion(first, first)


def test_whoever_published_meanwhile_is_not_overridden(month, home):
    first, second = versions(home)
    set_champion(home, second, progress=silent)
    month.results["register"] = {"version": first}
    month.results["snapshot"] = {"serving": None}
    with pytest.raises(Conflict, match="nothing was published"):
        publish(month)
    assert home.registry.champion() == Champion(second, second)
