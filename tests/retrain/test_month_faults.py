"""Months in which something goes wrong: rivals, sleep, losses, outages, changes of mind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scrubjay.core.errors import NotReady
from scrubjay.retrain.history import history
from scrubjay.store.lease import read_tenure
from tests.retrain.bands import write_month
from tests.retrain.months import FIRST, Ran, opened, state
from tests.retrain.prepared import (
    FAST,
    FIRST_COUNT,
    SECOND_COUNT,
    World,
    elsewhere,
    last_line,
    scrubjay,
)
from tests.retrain.standing_still import LEASE_S
from tests.retrain.telling.listening import Listener, dead_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def row_ids(world: World, generation: str) -> set[str]:
    return set(world.opened.generations.open(generation).embedded())


def test_of_two_runs_one_proceeds_and_the_other_says_who_holds_the_lease(world: World) -> None:
    world.second_month()
    rivals: list[Ran] = []

    def begin_another(line: str) -> None:
        if "fit: step begins" in line:
            before = state(world.home)
            source = f"data.source={world.url}"
            rivals.append(elsewhere("retrain", *FAST, source, "month=2026-02", home=world.home))
            assert state(world.home) == before

    result = world.run(human=begin_another)
    assert result["status"] == "promoted"
    assert [ran.code for ran in rivals] == [3]
    assert f"process {os.getpid()}" in last_line(rivals[0])
    assert len(list(world.opened.runs.glob("month-*"))) == 2


@pytest.mark.parametrize("step", ["fit", "publish"])
def test_a_run_that_slept_past_its_lease_writes_nothing_more(world: World, step: str) -> None:
    world.second_month()
    source = f"data.source={world.url}"
    asked = [*FAST, source, "month=2026-02"]
    sleeper = subprocess.Popen(
        [sys.executable, "-m", "tests.retrain.standing_still", str(world.home), step, *asked],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _, status = os.waitpid(sleeper.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "it stopped where it was told to"
        early = world.retrain()
        if early.code:  # it may have expired already on a busy machine
            assert early.code == 3
            time.sleep(LEASE_S + 0.5)
            taken_over = world.retrain()
            assert (taken_over.code, taken_over.result["status"]) == (0, "promoted"), taken_over.err
        left = state(world.home)
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    _, said = sleeper.communicate(timeout=300)
    assert sleeper.returncode == 3, said
    errors = [line for line in said.splitlines() if line.startswith("scrubjay: ")]
    assert len(errors) == 1, said
    assert "lease" in errors[0]
    assert "Traceback" not in said
    assert state(world.home) == left
    tenure = read_tenure(world.opened.lease)
    assert tenure is not None
    assert not tenure.is_live()


def test_a_loss_that_is_not_finite_is_told_and_costs_the_champion_nothing(world: World) -> None:
    world.second_month()
    champion = world.opened.registry.champion()
    with Listener() as listener:
        told = f"notify.urls=['{listener.url()}']"
        ran = world.retrain("model.lr=1e30", told)
        [message] = [one.json() for one in listener.wait_for(1)]
    assert ran.code == 1
    line = last_line(ran)
    assert "finite" in line
    assert "--restart" in line
    assert "FAILED" in message["title"]
    assert world.opened.registry.champion() == champion
    found = scrubjay(world.home, "search", "a flag of red blue and white")
    assert found.code == 0, found.err

    again = world.retrain("--restart")
    assert (again.code, again.result["status"]) == (0, "promoted"), again.err
    assert again.result["data"]["to_learn"] >= 4
    left = [row for row in history(world.home / "runs") if row["status"] == "abandoned"]
    assert [row["reasons"] for row in left] == [["left for a new run with --restart"]]


def test_a_bucket_that_goes_down_in_the_middle_costs_nothing_that_was_fetched(
    world: World,
) -> None:
    keys = world.second_month()
    fetched: list[str] = []

    def unplug(what: str, done: int, total: int | None) -> None:
        pictures = [path for path in world.s3.proxy.bodies() if path.endswith(".png")]
        if len(pictures) >= 3 and not fetched:
            fetched.extend(pictures)
            world.s3.proxy.fail("", status=503)

    with pytest.raises(NotReady, match="start again: nothing is lost"):
        world.run(progress=unplug)
    assert 0 < len(fetched) < len(keys) - 1
    world.s3.proxy.mend()
    world.s3.proxy.asked.clear()
    # Where nobody listens the run says so, and is none the worse for it.
    told = f"notify.urls=['json://127.0.0.1:{dead_port()}/hook']"
    ran = world.retrain(told, "notify.retries=0")
    assert (ran.code, ran.result["status"]) == (0, "promoted"), ran.err
    assert len(ran.result["not_told"]) == 1
    assert set(fetched).isdisjoint(world.s3.proxy.bodies())


def test_what_is_forgotten_between_two_months_is_not_taken_again(world: World) -> None:
    gone, *_ = sorted(world.opened.catalog.items(), key=lambda item: item.id)
    served = world.opened.registry.champion()
    assert served is not None
    forgot = scrubjay(world.home, "forget", gone.id, "--yes")
    assert (forgot.code, forgot.result["forgotten"]) == (0, [gone.id]), forgot.err
    assert gone.id not in row_ids(world, served.generation)

    world.second_month()
    ran = world.retrain()
    assert (ran.code, ran.result["status"]) == (0, "promoted"), ran.err
    assert ran.result["data"]["items"] == FIRST_COUNT - 1 + SECOND_COUNT
    assert ran.result["data"]["quarantined"] == 0, "a wish is no defect"
    assert gone.id not in row_ids(world, ran.result["version"])
    home = world.opened
    assert not home.media.has(gone.sha256)
    for name in sorted(home.catalog.snapshots())[1:]:
        assert gone.id not in home.catalog.read_snapshot(name).ids
    card = (home.registry.folder(ran.result["version"]) / "card.md").read_text()
    assert "1 forgotten on" in card
    assert served.version in card


def test_what_is_forgotten_during_a_run_leaves_it_and_the_card_tells_the_truth(
    world: World,
) -> None:
    gone, *_ = sorted(world.opened.catalog.items(), key=lambda item: item.id)
    world.second_month()
    asked: list[Ran] = []

    def forget(line: str) -> None:
        if "evaluate: step begins" in line:
            asked.append(elsewhere("forget", gone.id, "--yes", home=world.home))

    result = world.run(human=forget)
    assert [ran.code for ran in asked] == [3]
    assert "1 items are found no more" in last_line(asked[0])
    assert result["status"] == "promoted"
    home = world.opened
    for name in home.generations.names():
        assert gone.id not in home.generations.open(name).embedded()
    assert gone.id not in home.catalog.known().ids
    assert not home.media.has(gone.sha256)
    card = (home.registry.folder(result["version"]) / "card.md").read_text()
    assert "this version may have learned from 1 of them" in card
    then = world.retrain(month="2026-03")
    assert (then.code, then.result["status"]) == (0, "no-change"), then.err
    assert gone.id not in row_ids(world, result["version"])


def test_when_everything_is_forgotten_the_next_run_changes_nothing(world: World) -> None:
    forgot = scrubjay(world.home, "forget", "--source", world.url, "--yes")
    assert (forgot.code, len(forgot.result["forgotten"])) == (0, FIRST_COUNT), forgot.err
    ran = world.retrain()
    assert (ran.code, ran.result.get("status")) == (0, "no-change"), ran.err
    assert world.opened.catalog.count() == 0
    world.second_month()
    after = world.retrain()
    assert (after.code, after.result["status"]) == (0, "promoted"), after.err
    assert after.result["data"]["items"] == SECOND_COUNT


def test_a_first_month_that_is_all_broken_stops_and_the_next_one_looks_again(
    tmp_path: Path,
) -> None:
    home, folder = tmp_path / "new", tmp_path / "drop"
    write_month(folder, FIRST, most=6, broken=1.0)
    asked = [*FAST, f"data.source={folder}", "month=2026-01"]
    broken = scrubjay(home, "retrain", *asked)
    assert (broken.code, broken.result.get("status")) == (1, "stopped"), broken.err
    assert "6 of 6" in broken.result["reasons"][0]
    write_month(tmp_path / "mended", FIRST, most=FIRST_COUNT)
    asked = [*FAST, f"data.source={tmp_path / 'mended'}", "month=2026-01"]
    mended = scrubjay(home, "retrain", *asked)
    assert (mended.code, mended.result["status"]) == (0, "promoted"), mended.err
    nothing = scrubjay(tmp_path / "empty", "retrain", *FAST)
    assert (nothing.code, nothing.result.get("status")) == (0, "no-change"), nothing.err
    assert "nothing in the collection" in nothing.result["reasons"][0]


def test_after_a_rollback_the_next_month_begins_with_what_serves(world: World) -> None:
    first = world.opened.registry.champion()
    assert first is not None
    world.second_month()
    second = world.retrain()
    assert (second.code, second.result["status"]) == (0, "promoted"), second.err
    back = scrubjay(world.home, "rollback")
    assert back.code == 0, back.err
    assert (back.result["version"], back.result["before"]) == (
        first.version,
        second.result["version"],
    )
    assert back.result["took_s"] > 0
    assert len(row_ids(world, first.generation)) == FIRST_COUNT + SECOND_COUNT

    month = world.folder / "2026-03"
    write_month(month, ("purple",), among=FIRST[:3], most=12)
    world.upload(month, "2026-03")
    third = world.retrain(month="2026-03")
    assert (third.code, third.result["status"]) == (0, "promoted"), third.err
    info = next(
        one for one in world.opened.registry.versions() if one.id == third.result["version"]
    )
    assert info.lineage["parent"] == first.version
    assert len(row_ids(world, third.result["version"])) == FIRST_COUNT + SECOND_COUNT + 12


def test_rows_left_mapped_are_counted_and_finished_by_whoever_comes_next(world: World) -> None:
    first = world.opened.registry.champion()
    assert first is not None
    world.second_month()
    ran = world.retrain("embed.limit=0")
    assert (ran.code, ran.result["status"]) == (0, "promoted"), ran.err
    version = ran.result["version"]
    generation = world.opened.generations.open(version)
    assert generation.versions() == {first.version: FIRST_COUNT + SECOND_COUNT}
    assert any("90 items" in note and "mapped" in note for note in ran.result["notes"])
    by_hand = world.copy("by-hand")

    few = world.retrain("embed.limit=10", month="2026-03")
    assert (few.code, few.result["status"]) == (0, "no-change"), few.err
    made = world.opened.generations.open(version).versions()
    assert 10 <= made[version] < FIRST_COUNT
    rest = world.retrain(month="2026-03")
    assert rest.code == 0
    assert world.opened.generations.open(version).versions() == {
        version: FIRST_COUNT + SECOND_COUNT
    }

    assert scrubjay(by_hand, "champion", "set", version).code == 0
    assert opened(by_hand).generations.open(version).versions() == {
        version: FIRST_COUNT + SECOND_COUNT
    }


def test_a_general_set_and_slices_are_judged_and_a_missing_one_is_said_at_once(
    world: World,
) -> None:
    world.second_month()
    before = state(world.home)
    missing = world.retrain(f"data.general={world.folder / 'nowhere'}")
    assert missing.code == 2, missing.err
    assert "nowhere" in last_line(missing)
    assert state(world.home) == before

    general = world.folder / "general"
    write_month(general, ("purple",), among=FIRST[:3], most=12)
    ran = world.retrain(f"data.general={general}", "data.slices=[language,tag]")
    assert ran.code == 0, ran.err
    parts = {one["part"] for one in ran.result["figures"].values()}
    assert {"held-out", "earlier month", "general"} <= parts, ran.result["figures"]
    assert ran.result["figures"]["general"]["queries"] == 12


def test_the_shipped_encoder_gives_way_to_the_first_month(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRUBJAY_BUILTIN", "1")
    home = tmp_path / "boxed"
    folder = tmp_path / "pictures"
    write_month(folder, FIRST, most=24)
    added = scrubjay(home, "add", str(folder))
    assert added.code == 0, added.err
    boxed = opened(home).registry.champion()
    assert boxed is not None
    ran = scrubjay(home, "retrain", *FAST, "month=2026-01")
    assert (ran.code, ran.result["status"]) == (0, "promoted"), ran.err
    assert ran.result["version"] != boxed.version
    now = opened(home)
    assert now.generations.open(ran.result["version"]).versions() == {ran.result["version"]: 24}
    back = scrubjay(home, "rollback")
    assert (back.code, back.result["version"]) == (0, boxed.version), back.err
