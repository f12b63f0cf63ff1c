"""Months from a real object store over HTTP, whatever the way there does to them."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scrubjay.core.types import SAMPLE_RATE, Modality
from tests.bucket import ObjectStore
from tests.retrain.bands import COLOURS, write_flag, write_month
from tests.retrain.months import FIRST, opened, state
from tests.retrain.prepared import (
    FAST,
    FIRST_COUNT,
    PREFIX,
    SECOND_COUNT,
    World,
    last_line,
    scrubjay,
    unseen,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_503s_stalls_and_cut_bodies_change_nothing_and_only_new_objects_travel(
    world: World,
) -> None:
    keys = world.second_month()
    disturbed = world.copy("disturbed")

    world.s3.proxy.asked.clear()
    plain = world.retrain_elsewhere(home=world.home)
    assert (plain.code, plain.result["status"]) == (0, "promoted"), plain.err
    media = [key for key in keys if key.endswith(".png")]
    fetched = world.s3.proxy.bodies()
    assert {path for path in fetched if path.endswith(".png")} == {
        f"/{world.s3.bucket}/{key}" for key in media
    }, "the first month's pictures did not travel again"
    sizes = sum(len(world.s3.get(key)) for key in keys)
    travelled = sum(one.body for one in world.s3.proxy.asked if not one.query)
    assert travelled < sizes + 20_000, "beside the new objects only a few manifests"

    proxy = world.s3.proxy
    proxy.fail("list-type", times=2)
    proxy.fail(media[0], times=2)
    proxy.stall(media[1], seconds=1.0, times=1)
    proxy.cut(media[2], times=1)
    proxy.shorten(media[3], times=1)
    again = world.retrain_elsewhere(home=disturbed)
    assert again.code == 0, again.err
    assert any(one.status == 503 for one in proxy.asked), "the faults were met"
    assert state(disturbed) == state(world.home)

    world.s3.proxy.asked.clear()
    third = world.retrain(month="2026-03")
    assert (third.code, third.result["status"]) == (0, "no-change")
    assert [path for path in world.s3.proxy.bodies() if path.endswith(".png")] == []


def test_what_a_listing_hides_joins_the_next_run(world: World) -> None:
    keys = world.second_month()
    hidden = [key for key in keys if key.endswith(".png")][:1]
    whole = world.copy("whole")

    world.s3.proxy.hide(*hidden)
    first = world.retrain()
    assert first.code == 0, first.err
    assert first.result["data"]["items"] == FIRST_COUNT + SECOND_COUNT - 1
    world.s3.proxy.mend()
    second = world.retrain(month="2026-03")
    assert second.code == 0, second.err
    assert second.result["data"]["new"] == 1
    assert second.result["data"]["items"] == FIRST_COUNT + SECOND_COUNT
    world.retrain(home=whole)
    known = {item.id: item.captions for item in world.opened.catalog.items()}
    assert known == {item.id: item.captions for item in opened(whole).catalog.items()}


def test_what_arrives_while_a_run_is_going_on_joins_the_next(world: World) -> None:
    world.second_month()
    late = world.folder / "late"
    write_month(late, ("purple",), among=FIRST[:3], most=9)
    arrived: list[str] = []

    def while_looking(what: str, done: int, total: int | None) -> None:
        """Put the next month once the first object of this one was opened."""
        if done and not arrived and not what.startswith("listing"):
            arrived.extend(world.upload(late, "2026-03"))

    result = world.run(progress=while_looking)
    assert len(arrived) == 10
    assert (result["status"], result["data"]["new"]) == ("promoted", SECOND_COUNT)
    assert world.opened.catalog.count() == FIRST_COUNT + SECOND_COUNT
    then = world.retrain(month="2026-03")
    assert then.code == 0, then.err
    assert then.result["data"]["new"] == 9


def test_versions_and_champion_live_in_the_bucket_and_a_second_home_begins_with_them(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SCRUBJAY_REGISTRY", world.s3.url("models"))
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    first = world.retrain(month="2026-01", home=mine)
    assert (first.code, first.result["status"]) == (0, "promoted"), first.err
    world.second_month()
    second = world.retrain(home=mine)
    assert (second.code, second.result["status"]) == (0, "promoted"), second.err
    version = second.result["version"]
    puts = [one for one in world.s3.proxy.asked if one.method == "PUT"]
    assert any("champion.json" in one.path for one in puts)

    pulled = scrubjay(tmp_path / "nowhere", "models", "pull", "champion", str(tmp_path / "client"))
    assert (pulled.code, pulled.result["version"]) == (0, version), pulled.err
    assert (tmp_path / "client" / "manifest.json").is_file()

    # Another home of the same models, with the same pictures: what they learned is not lost.
    month = world.folder / "2026-03"
    write_month(month, ("purple",), among=FIRST[:3], most=12)
    world.upload(month, "2026-03")
    third = world.retrain(month="2026-03", home=theirs)
    assert third.code == 0, third.err
    assert third.result["status"] == "promoted", third.result["reasons"]
    folder = tmp_path / "third"
    scrubjay(theirs, "models", "pull", "champion", str(folder))
    lineage = json.loads((folder / "manifest.json").read_text())["lineage"]
    assert lineage["parent"] == version

    # The first home serves what the other one made as soon as it runs again.
    again = world.retrain(month="2026-04", home=mine)
    assert again.code == 0, again.err
    found = scrubjay(mine, "search", "a flag of red blue and white")
    assert found.code == 0, found.err


def tone(colour: str, seed: int) -> bytes:
    """What a colour sounds like: a pitch of its own, never twice the same."""
    random = np.random.default_rng([seed, *map(ord, colour)])
    at = np.arange(round(0.4 * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = 300 + 350 * list(COLOURS).index(colour)
    samples = 0.5 * np.sin(2 * np.pi * pitch * at) + random.normal(0, 0.02, len(at))
    out = io.BytesIO()
    soundfile.write(out, samples.astype(np.float32), SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return out.getvalue()


def spoken_month(
    folder: Path,
    colours: tuple[str, ...],
    each: int,
    seed: int,
    *,
    kinds: tuple[str, ...] = ("image", "audio"),
) -> None:
    """Pictures of one colour, each with a recording beside it that names it."""
    (folder / "files").mkdir(parents=True)
    rows = []
    for colour in colours:
        for number in range(each):
            name = f"{colour}-{seed}-{number}"
            if "image" in kinds:
                write_flag(folder / "files" / f"{name}.png", (colour,) * 3, seed * 100 + number)
            (folder / "files" / f"{name}.wav").write_bytes(tone(colour, seed * 100 + number))
            split = "train" if number % 4 == 0 else "test"
            for kind in kinds:
                ending = "png" if kind == "image" else "wav"
                rows.append(
                    {
                        kind: f"files/{name}.{ending}",
                        "caption": f"all {colour} number {number} of {seed}",
                        "split": split,
                        "group": name,
                    }
                )
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "manifest.jsonl").write_text(lines, "utf-8")


def test_recordings_are_learned_and_bridged_like_pictures(s3: ObjectStore, tmp_path: Path) -> None:
    home, source = tmp_path / "home", f"data.source={s3.url(PREFIX)}"
    hears = "encoder.modalities=[image,speech,text]"
    spoken_month(tmp_path / "a", FIRST, 10, 1)
    spoken_month(tmp_path / "b", FIRST, 5, 2)
    world = World(s3, home, tmp_path)
    world.upload(tmp_path / "a", "a")
    first = scrubjay(home, "retrain", *FAST, source, hears, "month=2026-01")
    assert (first.code, first.result["status"]) == (0, "promoted"), first.err
    assert first.result["data"]["items"] == 120

    world.upload(tmp_path / "b", "b")
    second = scrubjay(home, "retrain", *FAST, source, hears, "month=2026-02", "embed.limit=0")
    assert (second.code, second.result["status"]) == (0, "promoted"), second.err
    assert {"image", "speech"} <= set(second.result["bridge"]), second.result["bridge"]
    generation = opened(home).generations.open(second.result["version"])
    assert generation.modalities()[Modality.SPEECH] == 60 + 30
    assert generation.versions()[first.result["version"]] > 0, "mapped rows serve"


def test_a_bucket_that_is_gone_closed_or_empty_is_said_in_one_line(
    world: World, tmp_path: Path
) -> None:
    before = state(world.home)
    world.s3.proxy.fail("", status=403)
    denied = world.retrain()
    assert denied.code == 1
    assert "not allowed to list" in last_line(denied)
    world.s3.proxy.mend()
    assert state(world.home) == before

    for key in sorted(world.s3.keys()):
        world.s3.delete(key)
    lost = world.retrain()
    assert lost.code in {1, 2}
    assert world.url in last_line(lost)
    assert state(world.home) == before, "an empty listing is no reason to forget everything"

    empty = world.retrain(home=tmp_path / "new")
    assert empty.code == 2
    assert world.url in last_line(empty)

    shutil.rmtree(tmp_path / "new", ignore_errors=True)
    nowhere = scrubjay(tmp_path / "new", "retrain", *FAST, "data.source=s3://no-such-bucket-here")
    assert nowhere.code == 2
    assert "no bucket" in last_line(nowhere)


def test_a_month_without_descriptions_with_one_item_and_given_twice(world: World) -> None:
    # Pictures alone pair with nothing.
    bare = world.folder / "bare.png"
    write_flag(bare, unseen("purple", 1)[0], 5)
    world.s3.put(f"{PREFIX}/plain/bare.png", bare.read_bytes())
    plain = world.retrain()
    assert (plain.code, plain.result["status"]) == (0, "no-change"), plain.err
    assert world.opened.catalog.count() == FIRST_COUNT + 1, (
        "it can be found by its likeness all the same"
    )

    # One item: nothing can be judged on it, or nothing learned from it.
    row = {"image": "one.png", "caption": "a flag of purple", "split": "train"}
    write_flag(bare, unseen("purple", 2)[1], 6)
    world.s3.put(f"{PREFIX}/one/one.png", bare.read_bytes())
    world.s3.put(f"{PREFIX}/one/manifest.jsonl", json.dumps(row).encode())
    single = world.retrain(month="2026-02")
    assert (single.code, single.result["status"]) == (0, "no-change"), single.err
    assert "held out" in single.result["reasons"][0]

    # The same month again, with more of it: what waited is learned with it.
    world.second_month(most=12)
    again = world.retrain(month="2026-02")
    assert (again.code, again.result["status"]) == (0, "promoted"), again.err
    assert again.result["data"]["to_learn"] >= 4
    more = world.folder / "more"
    write_month(more, ("pink",), among=FIRST[:3], most=12)
    world.upload(more, "more")
    twice = world.retrain(month="2026-02")
    assert (twice.code, twice.result["status"]) == (0, "promoted"), twice.err
    assert twice.result["version"] != again.result["version"]
    assert {"2026-02", "2026-02 before"} <= set(twice.result["figures"])


def test_a_first_month_of_one_item_says_what_it_waits_for(s3: ObjectStore, tmp_path: Path) -> None:
    picture = tmp_path / "one.png"
    write_flag(picture, unseen("purple", 1)[0], 6)
    for split in ("train", "test"):
        row = {"image": "one.png", "caption": "a flag of purple", "split": split}
        s3.put(f"{PREFIX}/{split}/one.png", picture.read_bytes())
        s3.put(f"{PREFIX}/{split}/manifest.jsonl", json.dumps(row).encode())
        ran = scrubjay(
            tmp_path / split,
            *("retrain", *FAST, f"data.source={s3.url(PREFIX)}/{split}", "month=2026-01"),
        )
        assert (ran.code, ran.result["status"]) == (0, "no-change"), ran.err
        assert "wait" in ran.result["reasons"][0]


def test_what_the_encoder_cannot_hear_waits_and_does_not_stand_in_the_way(world: World) -> None:
    spoken_month(world.folder / "spoken", ("red",), 3, 1, kinds=("audio",))
    world.upload(world.folder / "spoken", "spoken")
    spoken = world.retrain()
    assert (spoken.code, spoken.result["status"]) == (0, "no-change"), spoken.err
    assert "seen in two ways" in spoken.result["reasons"][0]
    world.second_month()
    then = world.retrain(month="2026-03")
    assert (then.code, then.result["status"]) == (0, "promoted"), then.err
