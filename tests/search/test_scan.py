from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Item, Kind, Split
from scrubjay.media import audio
from scrubjay.media.layout import Problem
from scrubjay.search import examine
from scrubjay.search.scan import Scan, scan_folder
from scrubjay.search.splits import split_of
from scrubjay.store.catalog import Catalog
from tests.media.samples import by_ffmpeg, recorded, saved, scenery, tone, video


def png(seed: int) -> bytes:
    """A picture that resembles no other seed's."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return saved(np.repeat(np.repeat(coarse, 8, axis=0), 8, axis=1), "PNG")


def wav(pitch: float) -> bytes:
    return recorded(tone(0.2, pitch=pitch), 16_000, "WAV")


def lay(root: Path, files: Mapping[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def scan(root: Path, **options: object) -> Scan:
    return scan_folder(root, month="2026-11", threads=2, **options)


def by_name(found: Scan) -> dict[str, Item]:
    return {Path(uri).name: item for item in found.items for uri in item.uris}


def test_layout_a_images_with_descriptions(tmp_path: Path) -> None:
    lay(tmp_path, {
        "descriptions.json": json.dumps({"0.png": "an apple\n", "1.png": "a pear"}),
        "images/0.png": png(0),
        "images/1.png": png(1),
    })  # fmt: skip
    found = scan(tmp_path)
    assert (found.layout, found.quarantined, found.ignored) == ("descriptions", (), 1)
    item = by_name(found)["0.png"]
    digest = hashlib.sha256(png(0)).hexdigest()
    assert item == Item(
        id=digest[:16],
        kind=Kind.IMAGE,
        uris=(str(tmp_path.resolve() / "images/0.png"),),
        sha256=digest,
        group=digest,
        split=split_of(digest),
        month="2026-11",
        size=len(png(0)),
        captions=("an apple",),
        phash=item.phash,
        width=72,
        height=72,
    )
    assert item.phash is not None


def test_layout_b_the_flickr_audio_table(tmp_path: Path) -> None:
    table = "audio_file,image_file,caption_number,id_,split\n"
    table += "1_0.wav,1.png,0,10,train\n1_1.wav,1.png,1,11,train\n2_0.wav,2.png,0,12,dev\n"
    lay(tmp_path, {
        "flickr.csv": table,
        "wavs/1_0.wav": wav(300), "wavs/1_1.wav": wav(400), "wavs/2_0.wav": wav(500),
        "images/1.png": png(1), "images/2.png": png(2),
    })  # fmt: skip
    found = scan(tmp_path)
    assert (found.layout, found.quarantined) == ("manifest", ())
    items = by_name(found)
    first = hashlib.sha256(png(1)).hexdigest()
    assert {items[name].group for name in ("1_0.wav", "1_1.wav", "1.png")} == {first}
    assert items["2_0.wav"].group == items["2.png"].group != first
    assert {items[name].split for name in ("1_0.wav", "1_1.wav", "1.png")} == {Split.TRAIN}
    assert items["2.png"].split is Split.VAL
    assert items["1_1.wav"].attributes == {"caption_number": 1, "id_": 11}
    assert items["1_1.wav"].id == hashlib.sha256(wav(400)).hexdigest()[:16]
    assert items["1_1.wav"].duration_s == 0.2


def test_layout_b_jsonl_with_typed_attributes(tmp_path: Path) -> None:
    row = {"id": "p1", "image": "p.png", "caption": "a shoe", "price": 19.5, "tags": ["red"]}
    lay(tmp_path, {"items.jsonl": json.dumps({**row, "made": "2026-01-02"}), "p.png": png(0)})
    (item,) = scan(tmp_path).items
    assert (item.id, item.captions, item.tags) == ("p1", ("a shoe",), ("red",))
    assert item.attributes == {"price": 19.5, "made": date(2026, 1, 2)}


def test_layout_c_a_bare_tree_known_by_content(tmp_path: Path) -> None:
    lay(tmp_path, {
        "a/photo.png": saved(scenery(), "JPEG"),
        "b/sound": wav(300),
        "c/song.mp3": recorded(tone(), 16_000, "OGG"),
        ".DS_Store": b"x", "README.txt": "hello", "train.npz": b"PK\x03\x04",
    })  # fmt: skip
    found = scan(tmp_path)
    assert (found.layout, found.quarantined, found.ignored) == ("tree", (), 3)
    assert {name: item.kind for name, item in by_name(found).items()} == {
        "photo.png": Kind.IMAGE,
        "sound": Kind.SPEECH,
        "song.mp3": Kind.SPEECH,
    }


BAD_FILES = {
    "truncated.png": (png(7)[: len(png(7)) // 2], "truncated PNG"),
    "empty.wav": (b"", "empty file"),
    "text.jpg": ("I am a text", "neither a picture nor a recording"),
    "cut.wav": (wav(300)[:3000], "truncated WAV"),
    "silent.wav": (recorded(np.zeros(100), 16_000, "WAV"), "silent"),
    "no-samples.wav": (recorded(np.zeros(0), 16_000, "WAV"), "no samples"),
    "archive.png": (b"PK\x03\x04", "neither"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_set_aside_with_its_reason_and_the_rest_goes_on(
    tmp_path: Path, name: str
) -> None:
    content, reason = BAD_FILES[name]
    lay(tmp_path, {name: content, "good.png": png(0)})
    found = scan(tmp_path)
    assert list(by_name(found)) == ["good.png"]
    (problem,) = found.quarantined
    assert problem.path == name
    assert reason in problem.reason


def test_a_video_is_an_item(tmp_path: Path) -> None:
    lay(tmp_path, {"clip.mp4": video()})
    (item,) = scan(tmp_path).items
    assert (item.kind, item.width, item.height, item.duration_s) == (Kind.VIDEO, 64, 48, 0.3)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", "#EXTM3U\n#EXTINF:4,\nhttp://127.0.0.1:{port}/a.ts\n"),
        ("list.m3u", "http://127.0.0.1:{port}/a.mp4\n"),
        ("list.pls", "[playlist]\nFile1=http://127.0.0.1:{port}/a.mp4\n"),
        ("list.mpd", "<?xml version='1.0'?><MPD><BaseURL>http://127.0.0.1:{port}/</BaseURL></MPD>"),
        ("list.ffconcat", "ffconcat version 1.0\nfile 'http://127.0.0.1:{port}/a.mp4'\n"),
        ("film.mp4", "#EXTM3U\nhttp://127.0.0.1:{port}/a.ts\n"),
        ("film.mkv", "ffconcat version 1.0\nfile '/etc/passwd'\n"),
        ("film", "\ufeff#EXTM3U\nhttp://127.0.0.1:{port}/a.ts\n"),
    ],
)
def test_a_playlist_is_set_aside_by_name_and_asks_nobody(
    tmp_path: Path, name: str, text: str
) -> None:
    lay(tmp_path / "in", {"a.png": png(0)})
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        lay(tmp_path / "in", {name: text.format(port=server.getsockname()[1])})
        found = scan(tmp_path / "in")
        with pytest.raises(TimeoutError):
            server.accept()
    (problem,) = found.quarantined
    assert problem.path == name
    assert "playlist" in problem.reason
    assert list(by_name(found)) == ["a.png"]


def test_entries_without_files_and_files_without_entries_are_set_aside(tmp_path: Path) -> None:
    text = json.dumps({"0.png": "x", "ghost.png": "y"})
    lay(tmp_path, {"descriptions.json": text, "images/0.png": png(0), "images/1.png": png(1)})
    found = scan(tmp_path)
    assert list(by_name(found)) == ["0.png"]
    assert found.quarantined == (
        Problem("ghost.png", "there is no such file (named in descriptions.json)"),
        Problem("images/1.png", "no entry in descriptions.json"),
    )


def test_duplicate_ids_are_set_aside(tmp_path: Path) -> None:
    lay(tmp_path, {"m.csv": "id,file\n1,a.png\n1,b.png\n", "a.png": png(0), "b.png": png(1)})
    found = scan(tmp_path)
    assert list(by_name(found)) == ["a.png"]
    assert found.quarantined == (Problem("b.png", "duplicate id '1': a.png has it"),)


def test_a_picture_over_the_limit_and_a_file_over_the_limit_are_set_aside(tmp_path: Path) -> None:
    lay(tmp_path, {"a.png": png(0), "b.wav": wav(300)})
    limits = MediaLimits(max_pixels=72 * 72 - 1, max_bytes=len(wav(300)) - 1)
    reasons = [problem.reason for problem in scan(tmp_path, limits=limits).quarantined]
    assert "72 x 72" in reasons[0]
    assert "more than" in reasons[1]


def test_paths_and_links_that_leave_the_folder_are_set_aside(tmp_path: Path) -> None:
    lay(tmp_path, {"secret/s.png": png(5), "set/a.png": png(0), "set/real/b.png": png(1)})
    root = tmp_path / "set"
    (root / "leaves.png").symlink_to(tmp_path / "secret" / "s.png")
    (root / "stays.png").symlink_to(root / "real" / "b.png")
    (root / "nowhere.png").symlink_to(root / "gone.png")
    (root / "folder").symlink_to(tmp_path / "secret")
    (root / "circle").symlink_to(root)
    os.mkfifo(root / "pipe.png")
    found = scan(root)
    assert found.quarantined == (Problem("leaves.png", "a link that leaves the folder"),)
    assert set(by_name(found)) == {"a.png", "b.png", "stays.png"}
    lay(root, {"m.csv": "file\n../secret/s.png\nleaves.png\nfolder/s.png\na.png\n"})
    refused = {problem.path for problem in scan(root).quarantined}
    assert refused >= {"../secret/s.png", "leaves.png", "folder/s.png"}
    assert set(by_name(scan(root))) == {"a.png"}


def test_a_manifest_behind_a_link_that_leaves_the_folder_is_not_read(tmp_path: Path) -> None:
    lay(tmp_path, {"outside.json": "{}", "set/a.png": png(0)})
    (tmp_path / "set" / "descriptions.json").symlink_to(tmp_path / "outside.json")
    found = scan(tmp_path / "set")
    assert (found.layout, len(found.items), found.ignored) == ("tree", 1, 1)


def test_a_name_that_is_not_utf_8_is_set_aside(tmp_path: Path) -> None:
    lay(tmp_path, {"a.png": png(0)})
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).write_bytes(png(1))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    found = scan(tmp_path)
    assert len(found.items) == 1
    assert found.quarantined == (Problem("\\udcff.png", "its name is not UTF-8; rename it"),)


def test_a_file_that_may_not_be_read_is_set_aside(tmp_path: Path) -> None:
    lay(tmp_path, {"a.png": png(0), "b.png": png(1)})
    (tmp_path / "b.png").chmod(0)
    if os.access(tmp_path / "b.png", os.R_OK):
        pytest.skip("the superuser may read everything")
    (problem,) = scan(tmp_path).quarantined
    assert problem.path == "b.png"


def test_the_same_bytes_under_two_names_are_one_item(tmp_path: Path) -> None:
    text = json.dumps({"a.png": "an apple", "b.png": "a fruit"})
    lay(tmp_path, {"descriptions.json": text, "a.png": png(0), "b.png": png(0)})
    (item,) = scan(tmp_path).items
    assert [Path(uri).name for uri in item.uris] == ["a.png", "b.png"]
    assert item.captions == ("an apple", "a fruit")


def test_near_duplicates_share_a_split(tmp_path: Path) -> None:
    files = {}
    for seed in range(12):
        picture = Image.open(io.BytesIO(png(seed))).resize((200, 150))
        files |= {
            f"{seed}.png": saved(picture, "PNG"),
            f"{seed}.jpg": saved(picture, "JPEG", quality=60),
            f"{seed}-half.webp": saved(picture.resize((100, 75)), "WEBP"),
        }
    found = by_name(scan(lay(tmp_path, files)))
    for seed in range(12):
        names = (f"{seed}.png", f"{seed}.jpg", f"{seed}-half.webp")
        assert len({found[name].split for name in names}) == 1
        assert len({found[name].group for name in names}) == 3


def test_the_scan_does_not_depend_on_threads_or_listing_order(tmp_path: Path) -> None:
    lay(tmp_path, {f"{i}.png": png(i % 7) for i in range(20)} | {"x.png": b"", "s.wav": wav(300)})
    once = scan_folder(tmp_path, month="2026-11", threads=1)
    assert scan_folder(tmp_path, month="2026-11", threads=8) == once
    assert len(once.items) == 8


def test_adding_the_same_folder_twice_changes_nothing(tmp_path: Path) -> None:
    rows = "id,image,audio,caption,split,price\n"
    rows += "1,a.png,a.wav,apple,,3\n2,b.png,b.wav,pear,test,4\n3,c.png,c.wav,plum,,5\n"
    files = {"m.csv": rows, "bad.png": b""}
    for i, name in enumerate("abc"):
        files |= {f"{name}.png": png(i), f"{name}.wav": wav(300 + 50 * i)}
    lay(tmp_path / "set", files)
    catalog = Catalog(tmp_path / "catalog.lance")
    first = scan(tmp_path / "set", known=catalog.known(), held=catalog.get)
    assert catalog.upsert(first.items).added == 6
    again = scan_folder(
        tmp_path / "set", month="2026-12", known=catalog.known(), held=catalog.get, threads=2
    )
    changes = catalog.upsert(again.items)
    assert (changes.added, changes.updated, changes.unchanged) == (0, 0, 6)
    assert again.quarantined == first.quarantined
    assert [item.split for item in again.items] == [item.split for item in first.items]


def test_a_later_near_duplicate_joins_the_split_of_what_is_catalogued(tmp_path: Path) -> None:
    picture = scenery(200, 150)
    rows = "file,split\na.png,test\n"
    lay(tmp_path / "old", {"m.csv": rows, "a.png": saved(picture, "PNG")})
    catalog = Catalog(tmp_path / "catalog.lance")
    catalog.upsert(scan(tmp_path / "old").items)
    for quality in range(50, 80, 3):
        lay(tmp_path / "new", {f"{quality}.jpg": saved(picture, "JPEG", quality=quality)})
    found = scan(tmp_path / "new", known=catalog.known())
    assert {item.split for item in found.items} == {Split.TEST}
    alone = scan(tmp_path / "new")
    assert {item.split for item in alone.items} == {split_of(min(i.group for i in alone.items))}


def test_the_same_bytes_in_another_folder_gain_a_name(tmp_path: Path) -> None:
    lay(tmp_path, {"one/a.png": png(0), "two/b.png": png(0)})
    catalog = Catalog(tmp_path / "catalog.lance")
    catalog.upsert(scan(tmp_path / "one").items)
    changes = catalog.upsert(scan(tmp_path / "two", known=catalog.known()).items)
    assert (changes.added, changes.updated, catalog.count()) == (0, 1, 1)
    assert len(next(catalog.items()).uris) == 2


def test_a_second_collection_with_the_same_ids_takes_nothing_from_the_first(
    tmp_path: Path,
) -> None:
    rows = "id,file\n1,a.png\n"
    lay(tmp_path, {"one/m.csv": rows, "one/a.png": png(0), "two/m.csv": rows, "two/a.png": png(1)})
    catalog = Catalog(tmp_path / "catalog.lance")
    catalog.upsert(scan(tmp_path / "one").items)
    found = scan(tmp_path / "two", known=catalog.known(), held=catalog.get)
    assert found.items == ()
    assert "duplicate id '1'" in found.quarantined[0].reason
    lay(tmp_path, {"one/a.png": png(2)})
    changed = scan(tmp_path / "one", known=catalog.known(), held=catalog.get)
    assert catalog.upsert(changed.items).updated == 1


def test_a_home_inside_the_folder_is_not_part_of_it(tmp_path: Path) -> None:
    lay(tmp_path, {"a.png": png(0), "scrubjay-home/media/b.png": png(1)})
    Catalog(tmp_path / "scrubjay-home" / "catalog.lance").upsert(scan(tmp_path).items)
    assert set(by_name(scan(tmp_path))) == {"a.png"}
    with pytest.raises(WrongUse, match="is a Scrubjay home"):
        scan(tmp_path / "scrubjay-home")


def test_what_cannot_be_scanned_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"no folder .*check the path"):
        scan(tmp_path / "missing")
    with pytest.raises(WrongUse, match="is empty; give a folder"):
        scan(tmp_path)
    lay(tmp_path, {"notes.txt": "x"})
    with pytest.raises(WrongUse, match="holds no picture, recording or video"):
        scan(tmp_path)
    with pytest.raises(WrongUse, match="is a file; give the folder"):
        scan(tmp_path / "notes.txt")
    with pytest.raises(WrongUse, match="'11-2026' is not a month"):
        scan_folder(tmp_path, month="11-2026")
    lay(tmp_path, {"descriptions.json": "{"})
    with pytest.raises(WrongUse, match=r"descriptions\.json, line 1"):
        scan(tmp_path)
    lay(tmp_path, {"descriptions.json": "{}" + " " * 100})
    with pytest.raises(WrongUse, match=r"descriptions\.json: 102 bytes, more than 50; mend"):
        scan(tmp_path, limits=MediaLimits(max_bytes=50))


def test_progress_counts_every_file_and_few_files_are_held_at_once(tmp_path: Path) -> None:
    lay(tmp_path, {f"{i}.png": png(i) for i in range(30)})
    told: list[tuple[str, int, int | None]] = []
    before = set(threading.enumerate())
    most = 0

    def progress(what: str, done: int, total: int | None) -> None:
        nonlocal most
        told.append((what, done, total))
        most = max(most, len(set(threading.enumerate()) - before))

    scan(tmp_path, progress=progress)
    assert told == [("looking at files", i, 30) for i in range(1, 31)]
    assert most <= 2
    assert set(threading.enumerate()) <= before


def test_an_interrupted_scan_stops_its_workers(tmp_path: Path) -> None:
    lay(tmp_path, {f"{i}.png": png(i) for i in range(30)})
    before = set(threading.enumerate())

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan(tmp_path, progress=interrupt)
    assert set(threading.enumerate()) <= before


def test_m4a_without_its_extra_is_set_aside_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(tmp_path, {"a.m4a": by_ffmpeg(tone(1.0, 48_000), 48_000, "ipod", "aac")})
    assert len(scan(tmp_path).items) == 1
    # Without the extra a decoder's process lacks it, too; here it is this one.
    monkeypatch.setattr(examine, "probe_sound", audio.probe_sound)
    monkeypatch.setitem(sys.modules, "av", None)
    assert "pip install 'scrubjay[speech]'" in scan(tmp_path).quarantined[0].reason


def test_the_wikiart_tickets(shared_data: Path) -> None:
    found = scan(shared_data / "wikiart-tickets")
    assert (found.layout, len(found.items), found.quarantined) == ("descriptions", 200, ())
    assert all(item.captions for item in found.items)
    items = by_name(found)
    # A drawing and the print made after it.
    assert items["63.png"].split is items["64.png"].split
    assert Counter(item.split for item in found.items)[Split.TRAIN] > 140


def test_the_spoken_digits(shared_data: Path) -> None:
    found = scan(shared_data / "spoken-digits")
    assert (found.layout, len(found.items), found.quarantined) == ("tree", 3000, ())
    assert found.ignored == 2
    assert {item.kind for item in found.items} == {Kind.SPEECH}
