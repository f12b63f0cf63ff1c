"""What the killed process was doing. Run as `python -m tests.store.scenarios NAME HOME NTH`."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from pathlib import Path

from scrubjay.core.types import Champion

KILL_AT = os.environ.get("KILL_AT", "")


def die_on_the(nth):
    """Make every module's failpoint die on the nth pass instead of the first."""
    from scrubjay.store import durable

    passes = 0

    def failpoint(name):
        nonlocal passes
        if name == KILL_AT:
            passes += 1
            if passes == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    modules = [module for name, module in sys.modules.items() if name.startswith("scrubjay.")]
    for module in {durable, *modules}:
        if hasattr(module, "failpoint"):
            module.failpoint = failpoint


def replace_a_file(home):
    from scrubjay.store.durable import write_durably

    write_durably(home / "file", b"new" * 1000)


def create_a_file(home):
    from scrubjay.store.durable import create_durably

    create_durably(home / "file", b"new" * 1000)


def build(folder):
    (folder / "export").mkdir()
    (folder / "model.safetensors").write_bytes(b"weights" * 1000)
    (folder / "export" / "image.bin").write_bytes(b"graph" * 1000)


def opened(home):
    """The home's registry, or the one the environment names."""
    from scrubjay.core.config import registry_url
    from scrubjay.store.bucket_registry import open_registry

    return open_registry(home, registry_url())


def register(home):
    opened(home).register(
        build, month="2026-11", lineage={"parent": None}, metrics={"r": 0.5}, card="# Card\n"
    )


def publish(home):
    registry = opened(home)
    version = registry.ids()[-1]
    registry.publish(Champion(version, "new"), expected=Champion(version, "old"))


def pull(home):
    registry = opened(home)
    registry.pull(registry.ids()[-1], home / "pulled")


def fetch(home):
    registry = opened(home)
    registry.folder(registry.ids()[-1])


def hold(home):
    from scrubjay.store.lease import acquire

    acquire(home / "lease.json", holder="killed", ttl_s=600)


def judge(home):
    from scrubjay.store.feedback import Feedback, Judgement

    Feedback(home / "feedback").say(Judgement("a red star", "item-1", right=False))


def fix_a_caption(home):
    from scrubjay.store.feedback import CaptionFix, Feedback

    Feedback(home / "feedback").fix(CaptionFix("item-1", ("before",), "after"))


def purge_feedback(home):
    from scrubjay.store.feedback import Feedback

    Feedback(home / "feedback").purge(["item-1"])


def snapshot(home):
    from scrubjay.store.snapshots import Listing, SnapshotFolder

    SnapshotFolder(home / "snapshots").take(Listing("2026-11", ("a", "b"), ("1", "2")))


def upsert(home):
    from scrubjay.store.catalog import Catalog
    from tests.store.made import item

    Catalog(home / "catalog.lance").upsert(
        [item(n, attributes={"price": n + 0.5, "colour": "red"}) for n in range(5, 15)]
    )


def forget(home):
    from scrubjay.store.catalog import Catalog

    Catalog(home / "catalog.lance").delete(["item-000003"])


def add_rows(home):
    from scrubjay.store.generations import Generations
    from tests.store.made import item, rows_of, sha, units

    items = [item(n, sha256=sha(f"new {n}"), attributes={"price": 0.5}) for n in range(5, 15)]
    Generations(home / "generations").open("v1").add(rows_of(items), units(10, 8, seed=1))


def add_film(home):
    import numpy as np

    from scrubjay.store.generations import Generations
    from tests.store.films import film_rows
    from tests.store.made import units

    rows = film_rows(50, 6, np.random.default_rng(3))
    Generations(home / "generations").open("v1").add(rows, units(len(rows), 8, seed=2))


def optimise(home):
    from scrubjay.core.config import IndexSettings
    from scrubjay.store.generations import Generations

    generations = Generations(home / "generations", IndexSettings(exact_below=300))
    generations.open("v1").optimise()


def remove(home):
    from scrubjay.store.generations import Generations

    Generations(home / "generations").remove("v1")


def set_aside(home):
    from scrubjay.media.layout import Problem
    from scrubjay.store.quarantine import Quarantine

    Quarantine(home / "quarantine.lance").replace("/root", [Problem("b", "new")], month="2026-12")


def upsert_for_ever(home):
    """Acknowledge each batch on stdout, until killed."""
    from scrubjay.store.catalog import Catalog
    from tests.store.made import item

    catalog = Catalog(home / "catalog.lance")
    first = catalog.count()
    while True:
        catalog.upsert(item(n, tags=("x",)) for n in range(first, first + 20))
        first += 20
        sys.stdout.write(f"{first}\n")
        sys.stdout.flush()


def add_rows_for_ever(home):
    """Acknowledge each batch on stdout, until killed."""
    from scrubjay.store.generations import Generations
    from tests.store.made import item, rows_of, units

    generation = Generations(home / "generations").open("v1")
    first = generation.count()
    while True:
        items = [item(n) for n in range(first, first + 20)]
        generation.add(rows_of(items), units(20, 8, seed=first))
        generation.sync()
        first += 20
        sys.stdout.write(f"{first}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    scenario = globals()[sys.argv[1]]
    for room in ("catalog", "index", "quarantine", "bucket_registry"):
        importlib.import_module(f"scrubjay.store.{room}")
    die_on_the(int(sys.argv[3]))
    scenario(Path(sys.argv[2]))
