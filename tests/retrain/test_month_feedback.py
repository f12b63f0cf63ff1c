"""A month after people fixed captions and marked hits: learned, searched, kept, and gone again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scrubjay import services
from scrubjay.core.types import Item, Split
from scrubjay.retrain.forgetting.forget import forget
from scrubjay.retrain.marks import probes_of
from scrubjay.retrain.rollback import rollback
from scrubjay.search.drop import look, take
from scrubjay.search.mended import mend
from scrubjay.store.home import Home
from tests.retrain.bands import write_month
from tests.retrain.months import FIRST, QUICK, opened

FIXED = "the banner of a far kingdom"
FIXED_TEST = "the banner of a near kingdom"
MARKED = "what flies above the castle"


def of(home: Home, split: Split) -> list[Item]:
    return [item for item in home.catalog.items() if item.split is split]


def caption_in_index(home: Home, item_id: str) -> str | None:
    champion = home.registry.champion()
    assert champion is not None
    (item,) = home.generations.open(champion.generation).items([item_id])
    return item.captions[0]


def killed_month(home: Path, point: str, *arguments: str) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "scrubjay", "retrain", "--home", str(home), *QUICK, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "SCRUBJAY_BUILTIN": "0", "SCRUBJAY_FAILPOINT": point},
    )
    return done.returncode == -9


def month(home: Path, *arguments: str) -> Mapping[str, Any]:
    """A month in this process."""
    from scrubjay.cli.compose import compose
    from scrubjay.core.protocols import silent
    from scrubjay.retrain.retrain import retrain

    config = compose([*QUICK, *arguments], config_name="retrain")
    return retrain(opened(home), config, progress=silent)


def step(home: Path, result: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What came of one step of a run."""
    (ledger,) = home.glob(f"runs/{result['run']}/ledger/*-{name}.json")
    told: dict[str, Any] = json.loads(ledger.read_bytes())["result"]
    return told


def watched_month(home: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    """A month: its result, and captions of the items its fit was given."""
    from scrubjay.training import memory

    given: list[Item] = []
    fit = memory.fit_within_memory

    def watching(config: Any, *, provided: Mapping[str, Any], **more: Any) -> Any:
        given.extend(provided["items"])
        return fit(config, provided=provided, **more)

    monkeypatch.setattr(memory, "fit_within_memory", watching)
    result = month(home, *arguments)
    return result, {item.id: item.captions for item in given}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_people_said_is_learned_searched_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, path = tmp_path / "bucket", tmp_path / "home"
    quick = ["trainer.max_epochs=1", "gate.minimum_n=2", f"data.source={bucket}"]
    write_month(bucket / "2026-01", FIRST, most=60)
    first = month(path, "month=2026-01", *quick)
    assert first["status"] == "promoted"
    home = opened(path)
    assert home.registry.versions()[0].lineage["feedback"] == 0
    learned, marked, mistaken, *_ = of(home, Split.TRAIN)
    tested, unmarked, *_ = of(home, Split.TEST)

    services.fix_caption(home, learned.id, FIXED)
    services.fix_caption(home, tested.id, FIXED_TEST)
    services.judge(home, MARKED, marked.id, right=True)
    services.judge(home, MARKED, unmarked.id, right=True)
    services.judge(home, MARKED, mistaken.id, right=False)
    services.judge(home, unmarked.captions[0], marked.id, right=True)
    assert home.catalog.get(learned.id) == learned, "until the next training nothing changes"

    before = {item.id for item in home.catalog.items()}
    write_month(bucket / "2026-02", ("orange",), among=FIRST[:3], most=30, judged=2)
    second = ["month=2026-02", *quick]
    for side in ("before", "after"):
        assert killed_month(path, f"mend.{side}_catalog", *second)
    assert opened(path).catalog.get(learned.id).captions == (FIXED,)  # type: ignore[union-attr]
    result, taught = watched_month(path, monkeypatch, *second)
    home = opened(path)
    assert result["status"] == "promoted", result["reasons"]

    assert taught[learned.id] == (FIXED,)
    assert taught[marked.id] == (*marked.captions, MARKED), "and not the words of a test"
    assert taught[mistaken.id] == mistaken.captions
    assert not {item.id for item in of(home, Split.TEST)} & taught.keys()
    told = step(path, result, "snapshot")
    assert set(told["new"]) & before == {learned.id, tested.id, marked.id}
    assert told["feedback"] == 6
    version = home.registry.champion().version  # type: ignore[union-attr]
    lineage = {one.id: one.lineage for one in home.registry.versions()}
    assert lineage[version]["feedback"] == 6

    shown = {item.id: item.captions for item in home.catalog.snapshot_items(told["snapshot"])}
    assert (shown[learned.id], shown[tested.id]) == ((FIXED,), (FIXED_TEST,))
    assert shown[marked.id] == marked.captions, "for training alone"
    assert caption_in_index(home, learned.id) == FIXED
    assert [(one.query, one.right_item, one.held_out) for one in probes_of(home)] == [
        (MARKED, marked.id, False),
        (MARKED, unmarked.id, True),
    ]

    again = month(path, *second)
    assert again["status"] == "no-change", "the source still says as before, and is not believed"
    looked = step(path, again, "scan")
    assert (looked["changed"], looked["added"]) == (0, 0)

    rolled = rollback(home)
    assert rolled.now.version == first["version"]
    assert caption_in_index(home, learned.id) == FIXED, "going back takes no words back"
    assert home.feedback.captions() == {learned.id: FIXED, tested.id: FIXED_TEST}

    forget(home, [learned.id, marked.id])
    left = b"".join(one.read_bytes() for one in path.rglob("*") if one.is_file())
    for words in (FIXED, MARKED):
        assert words.encode() not in left
    assert home.feedback.captions() == {tested.id: FIXED_TEST}
    assert probes_of(home) == []


def test_a_source_that_says_something_new_is_believed_again(tmp_path: Path) -> None:
    bucket = tmp_path / "bucket"
    write_month(bucket, FIRST, most=12)
    home = opened(tmp_path / "home")
    take(home, look(home, str(bucket), month="2026-01"))
    one, other, *_ = home.catalog.items()
    services.fix_caption(home, one.id, FIXED)
    services.fix_caption(home, other.id, FIXED_TEST)
    assert mend(home) == tuple(sorted((one.id, other.id)))
    assert mend(home) == ()

    drop = look(home, str(bucket), month="2026-02")
    assert (drop.changed, drop.added, drop.unchanged) == ((), (), 12)

    manifest = bucket / "manifest.jsonl"
    written = manifest.read_text().replace(one.captions[0], "a flag that its owner described anew")
    manifest.write_text(written)
    drop = look(home, str(bucket), month="2026-03")
    assert [item.id for item in drop.changed] == [one.id]
    take(home, drop)
    assert mend(home) == ()
    captions = {item.id: item.captions for item in home.catalog.items()}
    assert captions[one.id] == ("a flag that its owner described anew",)
    assert captions[other.id] == (FIXED_TEST,)
    assert home.feedback.captions() == {other.id: FIXED_TEST}

    services.fix_caption(home, other.id, None)
    assert mend(home) == (other.id,)
    assert home.catalog.get(other.id) == other
    assert look(home, str(bucket), month="2026-04").changed == ()


def test_a_folder_added_again_brings_no_old_caption_back(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    write_month(folder, FIRST, most=6)
    home = opened(tmp_path / "home")
    services.add_folder(home, folder, month="2026-01", progress=lambda *_: None)
    one, *_ = home.catalog.items()
    services.fix_caption(home, one.id, FIXED)
    added = services.add_folder(home, folder, month="2026-01", progress=lambda *_: None)
    assert (added.updated, added.unchanged) == (1, 5), "the fix is taken over where it is met"
    assert home.catalog.get(one.id).captions == (FIXED,)  # type: ignore[union-attr]
    again = services.add_folder(home, folder, month="2026-01", progress=lambda *_: None)
    assert (again.updated, again.unchanged) == (0, 6)
