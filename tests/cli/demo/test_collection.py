"""The demonstration's folders: whole, like any other, with the recordings that belong to them."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from scrubjay.cli.demo.collection import (
    CAPTIONS,
    MANIFEST,
    SOUNDS,
    picture_name,
    shipped_sound,
    sound_name,
    write_month,
)
from scrubjay.core.config import MediaLimits
from scrubjay.core.protocols import silent
from scrubjay.core.types import SAMPLE_RATE
from scrubjay.media.audio import decode_sound
from scrubjay.media.world.months import first_month, second_month
from scrubjay.search.scan import scan_folder

SPOKEN = [shot for shot in first_month() if shot.spoken]


def test_the_shipped_recordings_say_the_captions_of_the_first_month() -> None:
    text = files("scrubjay.cli.demo").joinpath(SOUNDS, CAPTIONS).read_text(encoding="utf-8")
    assert json.loads(text) == {sound_name(shot): shot.captions[0] for shot in SPOKEN}


@pytest.mark.parametrize("shot", SPOKEN[::20], ids=lambda shot: sound_name(shot))
def test_a_shipped_recording_is_speech_of_some_seconds(shot) -> None:
    sound = decode_sound(shipped_sound(shot))
    assert 0.3 < len(sound) / SAMPLE_RATE < 8
    assert abs(sound).max() > 0.05


def test_a_month_is_a_folder_like_any_other(tmp_path: Path) -> None:
    shots = first_month()[:24]
    folder = write_month(tmp_path / "month", shots, silent)
    scan = scan_folder(
        folder,
        month="2026-01",
        known=None,
        limits=MediaLimits(),
        progress=silent,
        threads=1,
    )
    pictures = {Path(item.uri).name: item for item in scan.items if item.kind == "image"}
    assert set(pictures) == {picture_name(shot) for shot in shots}
    for shot in shots:
        item = pictures[picture_name(shot)]
        assert item.captions == shot.captions
        assert item.split == ("test" if shot.held_out else "train")
    sounds = {Path(item.uri).name for item in scan.items if item.kind == "speech"}
    assert sounds == {sound_name(shot) for shot in shots if shot.spoken}
    assert scan.quarantined == ()


def test_newcomers_can_be_filtered_by_their_kind(tmp_path: Path) -> None:
    folder = write_month(tmp_path / "month", second_month()[:40], silent)
    rows = [json.loads(line) for line in (folder / MANIFEST).read_text().splitlines()]
    assert {row["newcomer"] for row in rows} == {"flamingo", "hedgehog"}


def test_writing_a_month_again_changes_nothing(tmp_path: Path) -> None:
    shots = first_month()[:6]
    folder = write_month(tmp_path / "month", shots, silent)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    write_month(folder, shots, silent)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_month_that_was_interrupted_is_written_whole(tmp_path: Path) -> None:
    shots = first_month()[:6]
    folder = write_month(tmp_path / "month", shots, silent)
    whole = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / MANIFEST).unlink()
    (folder / "pictures" / picture_name(shots[2])).write_bytes(b"half")
    write_month(folder, shots, silent)
    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == whole
