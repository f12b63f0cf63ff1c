"""What is forgotten is nowhere in the home any more, and everything else is as it was."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from scrubjay.core.errors import LeaseHeld, UnknownName, WrongUse
from scrubjay.core.known import FORGOTTEN
from scrubjay.media.thumbnail import SIDES
from scrubjay.retrain.forgetting.forget import finish_forgotten, forget, forget_source, purge
from scrubjay.retrain.views_file import load_views
from scrubjay.search.drop import Drop
from scrubjay.search.scan import scan_folder
from scrubjay.store.lease import acquire
from tests.retrain.remembering import (
    CAPTION,
    COUNT,
    DIM,
    HERS,
    ID,
    NAME,
    SHARED,
    Remembering,
    build,
    found,
    open_at,
    picture,
)
from tests.store.looking import retained
from tests.store.made import units

SMALL = len(SIDES) + 1
"""Small pictures of the item, with one that a killed writer left."""
READ = 1
"""What models found in it."""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("remembering")
    return root, build(root / "made")


@pytest.fixture
def remembering(built):
    """A copy of the home at the same place, since runs name files of their folder."""
    root, made = built
    shutil.rmtree(root / "copy", ignore_errors=True)
    shutil.copytree(root / "made" / "home", root / "copy" / "home")
    return Remembering(open_at(root / "copy"), made.folder, made.needles)


def others(home):
    """All that is kept of the other items, as a person can ask for it."""
    kept = {"catalog": [one for one in home.catalog.items() if one.id != ID]}
    for seed, name in enumerate(sorted(home.generations.names())):
        generation = home.generations.open(name)
        vectors = units(COUNT, DIM, seed=seed)
        nearest = [generation.search(vectors[n], 1)[0] for n in range(0, COUNT, 9)]
        kept[name] = [(one.id, one.caption, round(one.score, 5)) for one in nearest]
    kept["small pictures"] = [
        one.id for one in kept["catalog"] if home.thumbs.read(one.sha256, 192)
    ]
    kept["read"] = [
        one.id for one in kept["catalog"] if home.gleanings.get(one.sha256, "reading", "model")
    ]
    kept["examples"] = (home.prompts / "mine.yaml").read_text().count("other.png")
    said = [*home.feedback.judgements(), *home.feedback.fixes()]
    kept["feedback"] = [one for one in said if one.item != ID and CAPTION not in repr(one)]
    kept["media"] = [one.id for one in kept["catalog"] if home.media.has(one.sha256)]
    kept["set aside"] = [one.path for one in home.quarantine.all() if one.path == "other.png"]
    return kept


def check_forgotten(remembering, before):
    assert found(remembering) == {}
    assert "wilhelmine-0815" not in repr(retained(remembering.home.path))
    home = remembering.home
    assert others(home) == before
    assert home.catalog.get(ID) is None
    for name in home.generations.names():
        assert ID not in home.generations.open(name).embedded()
    assert all(one.finished for one in home.forgotten.events())


def test_a_forgotten_item_is_in_no_file_of_the_home_and_the_others_are_untouched(remembering):
    home = remembering.home
    assert found(remembering).keys() == remembering.needles.keys(), "the search finds all of it"
    before = others(home)
    purged = forget(home, [ID])
    check_forgotten(remembering, before)
    assert (purged.ids, purged.rows, purged.media, purged.set_aside) == (
        (ID,),
        2,
        1 + SMALL + READ,
        2,
    )
    (request,) = home.forgotten.events()
    assert (request.ids, request.version) == ((ID,), home.registry.champion().version)


def test_snapshots_still_list_its_id_and_the_next_one_does_not(remembering):
    home = remembering.home
    forget(home, [ID])
    old = home.catalog.read_snapshot(home.catalog.snapshots()[-1])
    assert ID in old.ids
    assert ID not in [one.id for one in home.catalog.snapshot_items(old.name)]
    assert ID not in home.catalog.snapshot().ids


def test_of_the_runs_figures_and_weights_stay_and_what_shows_the_item_goes(remembering):
    home = remembering.home
    purged = forget(home, [ID])
    train = home.runs / "20261101-000000-aaaa"
    assert (train / "metrics.csv").read_text() == "epoch,val/recall\n1,0.5\n"
    assert (train / "checkpoints" / "last.ckpt").exists()
    assert not list((train / "panels").iterdir())
    panel = home.runs / "20261001-000000-aaaa" / "panels" / "epoch-0001.png"
    assert panel.read_bytes() == picture(3), "that run never saw the item"
    assert not (home.runs / "evaluate-second-test.html").exists()
    assert (home.runs / "evaluate-first-test.html").exists()
    month = home.runs / "month-20261102-000000-bbbb"
    drop = Drop.from_json(json.loads((month / "drop.json").read_bytes()))
    assert list(drop.added) == list(home.catalog.items())
    assert drop.added[HERS].captions == (SHARED,), "another item says that, too"
    assert [one.path for one in drop.new_problems] == ["other.png"]
    assert (month / "notes.txt").read_text() == "looked at\nall else is well\n"
    (statement,) = json.loads((month / "verdict.json").read_bytes())["findings"]
    assert statement["statement"] == "said twice: (forgotten)"
    assert (month / "log.jsonl").read_text().count("\n") == 2
    views = load_views(month / "views-champion.npz")
    rows = [n for n in range(COUNT) if n != HERS]
    for seed, modality in ((5, "image"), (6, "text")):
        np.testing.assert_array_equal(views[modality].vectors, units(COUNT, DIM, seed=seed)[rows])
    assert "month-20261102-000000-bbbb/month.json" not in purged.files


def test_records_keep_their_form_and_lose_the_words(remembering):
    home = remembering.home
    forget(home, [ID])
    pending = home.sources.of(str(remembering.folder)).pending()
    assert pending.refused["other"].reason == "looks like (forgotten)"
    assert pending.objects["key"].facts == {"sha256": "0" * 64}
    (held,) = home.held.drops()
    assert (held.reason, held.ids) == ("too many like (forgotten)", {"item-0001"})


def test_tracker_files_keep_their_figures(remembering):
    forget(remembering.home, [ID])
    (events,) = remembering.home.runs.rglob("*tfevents*")
    steps = [event.step for event in EventFileLoader(str(events)).Load()]
    assert steps == [0, 2]


def test_an_unknown_id_changes_nothing_and_the_nearest_is_offered(remembering):
    with pytest.raises(UnknownName, match="wilhelmine-1"):
        forget(remembering.home, ["wilhelmine-2"])
    assert remembering.home.forgotten.events() == []
    assert remembering.home.catalog.count() == COUNT


def test_forgetting_twice_changes_nothing_more(remembering):
    home = remembering.home
    forget(home, [ID])
    assert forget(home, [ID]).ids == ()
    assert forget(home, []).ids == ()
    assert len(home.forgotten.events()) == 1


def test_bytes_that_another_item_shares_stay(remembering):
    home = remembering.home
    hers = home.catalog.get(ID)
    home.catalog.upsert([dataclasses.replace(hers, id="twin", uris=("/elsewhere/twin.png",))])
    forget(home, [ID])
    assert home.media.has(hers.sha256)
    assert home.known().why_forgotten(hers.sha256) is None, "it is the twin's content"


def test_what_is_gone_from_its_source_goes_the_same_way_without_being_barred(remembering):
    home = remembering.home
    before = others(home)
    home.catalog.delete([ID])
    purged = purge(home, [ID])
    assert (purged.rows, purged.media) == (2, 1 + SMALL + READ)
    check_forgotten(remembering, before)
    assert home.known().forgotten == {}


def test_what_left_its_source_stays_when_it_is_known_by_another_name(remembering):
    home = remembering.home
    hers = home.catalog.get(ID)
    elsewhere = (*hers.uris, f"upload://{hers.sha256}/her.png")
    home.catalog.upsert([dataclasses.replace(hers, uris=elsewhere)])
    assert purge(home, [ID], gone_from=str(remembering.folder)).ids == ()
    assert home.catalog.get(ID) is not None
    assert purge(home, [ID], gone_from="upload://nowhere").ids == ()
    home.catalog.upsert([dataclasses.replace(hers, uris=hers.uris)], gone=elsewhere[1:])
    assert purge(home, [ID], gone_from=str(remembering.folder)).ids == (ID,)


def test_all_that_came_from_a_folder_is_forgotten(remembering):
    home = remembering.home
    forget_source(home, str(remembering.folder))
    assert home.catalog.count() == 0
    assert found(remembering) == {}
    assert all(home.generations.open(one).count() == 0 for one in home.generations.names())
    assert not [path for path in home.media.folder.rglob("*") if path.is_file()]
    assert len(home.forgotten.sha256s()) == COUNT
    with pytest.raises(WrongUse, match="came from s3://never"):
        forget_source(home, "s3://never/here")


def test_a_folder_whose_name_begins_the_same_is_another_source(remembering):
    with pytest.raises(WrongUse, match="nothing in"):
        forget_source(remembering.home, str(remembering.folder)[:-1])


def test_while_a_run_holds_the_lease_the_item_is_found_no_more_and_the_run_removes_it(remembering):
    home = remembering.home
    before = others(home)
    lease = acquire(home.lease, holder="a run", ttl_s=60)
    with pytest.raises(LeaseHeld, match="a run"):
        forget(home, [ID])
    for name in home.generations.names():
        assert ID not in home.generations.open(name).embedded()
    assert not home.forgotten.events()[0].finished
    finish_forgotten(home)
    lease.release()
    check_forgotten(remembering, before)


def test_an_item_that_a_scan_begun_before_brings_back_is_removed_by_the_next_run(remembering):
    home = remembering.home
    hers = home.catalog.get(ID)
    forget(home, [ID])
    home.catalog.upsert([hers])
    assert finish_forgotten(home).ids == (ID,)
    assert found(remembering) == {}
    assert finish_forgotten(home).ids == ()


def test_forgotten_content_is_set_aside_by_a_scan_until_it_is_allowed(remembering, tmp_path):
    home = remembering.home
    forget(home, [ID])
    folder = tmp_path / "again"
    folder.mkdir()
    (folder / "renamed.png").write_bytes((remembering.folder / NAME).read_bytes())
    (folder / "other.png").write_bytes(picture(999))
    scan = scan_folder(folder, month="2026-12", known=home.known(), held=home.catalog.get)
    assert [one.uri for one in scan.items] == [str(folder / "other.png")]
    (problem,) = scan.quarantined
    assert problem.path == "renamed.png"
    assert problem.reason.startswith(FORGOTTEN)
    assert f"--allow {ID}" in problem.reason
    home.forgotten.allow([ID])
    again = scan_folder(folder, month="2026-12", known=home.known(), held=home.catalog.get)
    assert len(again.items) == 2
    assert again.quarantined == ()
    assert finish_forgotten(home).ids == ()
