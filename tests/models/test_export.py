from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from scrubjay.core.errors import Damaged, ModelNotFound
from scrubjay.core.types import Modality
from scrubjay.models.export import ENCODER_FILE, read_export
from scrubjay.models.image_input import ImageInput
from scrubjay.models.text_input import TokenizerInput


@pytest.fixture
def export(version_folder, tmp_path) -> Path:
    return Path(shutil.copytree(version_folder("clip") / "export", tmp_path / "export"))


def change(export: Path, **values: object) -> None:
    path = export / ENCODER_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_every_file_is_named_with_its_sha256(export: Path, trainable) -> None:
    values = json.loads((export / ENCODER_FILE).read_text())
    others = {path.name for path in export.iterdir()} - {ENCODER_FILE}
    assert others == {"image.xml", "image.bin", "text.xml", "text.bin", "tokenizer.json"}
    assert values["sha256"] == {
        name: hashlib.sha256((export / name).read_bytes()).hexdigest() for name in others
    }
    assert values["fingerprint"] == trainable("clip").spec.fingerprint


def test_it_reads_back_as_it_was_written(export: Path, trainable) -> None:
    read = read_export(export)
    assert read.family == "transformers"
    assert read.dim == trainable("clip").spec.dim
    assert set(read.graphs) == set(read.inputs) == {Modality.IMAGE, Modality.TEXT}
    assert isinstance(read.inputs[Modality.IMAGE], ImageInput)
    assert isinstance(read.inputs[Modality.TEXT], TokenizerInput)
    for modality in read.graphs:
        read.verify(modality)


def test_a_family_that_asks_for_nothing_is_served_in_what_the_processor_has(export: Path) -> None:
    assert "bf16" not in (export / ENCODER_FILE).read_text()
    assert read_export(export).exact == frozenset()


@pytest.mark.parametrize(
    ("asked", "lowest", "enough"),
    [
        (0.9999, 1.0, True),
        (0.9999, 0.999951, True),
        (0.9999, 0.999949, False),
        (0.9999, 0.5, False),
        (0.9999, None, False),
        (0.99, 0.9951, True),
    ],
)
def test_half_of_the_distance_allowed_is_left_to_media_that_were_not_measured(
    export: Path, asked: float, lowest: float | None, enough: bool
) -> None:
    towers = json.loads((export / ENCODER_FILE).read_text())["towers"]
    towers["text"]["bf16"] = {"asked": asked, "lowest": lowest}
    change(export, towers=towers)
    assert read_export(export).exact == (frozenset() if enough else {Modality.TEXT})


@pytest.mark.parametrize("told", [{}, 3, {"asked": 0.9999}, {"asked": "much", "lowest": 0.9}])
def test_a_figure_of_bfloat16_that_is_none_is_refused(export: Path, told: object) -> None:
    towers = json.loads((export / ENCODER_FILE).read_text())["towers"]
    towers["text"]["bf16"] = told
    change(export, towers=towers)
    with pytest.raises(Damaged, match="does not describe"):
        read_export(export)


def test_nothing_is_pickled(export: Path) -> None:
    assert {path.suffix for path in export.iterdir()} == {".json", ".xml", ".bin"}
    for path in export.iterdir():
        assert not path.read_bytes().startswith((b"\x80", b"PK"))


def test_a_folder_without_an_encoder_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=ENCODER_FILE):
        read_export(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format": 1}', "\x00"])
def test_an_encoder_file_nobody_wrote_is_refused(export: Path, content: str) -> None:
    (export / ENCODER_FILE).write_text(content)
    with pytest.raises(Damaged, match=ENCODER_FILE):
        read_export(export)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": 99}, "format 99"),
        ({"dim": None}, "does not describe"),
        ({"towers": {"smell": {}}}, "does not describe"),
        ({"towers": {"image": {"graph": "image.xml"}}}, "does not describe"),
        ({"towers": {"image": {"graph": "image.xml", "input": {"kind": "run_me"}}}}, "run_me"),
        ({"sha256": None}, "does not describe"),
    ],
)
def test_values_that_cannot_be_are_refused(export: Path, values: dict, message: str) -> None:
    change(export, **values)
    with pytest.raises(Damaged, match=message):
        read_export(export)


def test_a_graph_outside_the_folder_is_refused(export: Path) -> None:
    towers = json.loads((export / ENCODER_FILE).read_text())["towers"]
    for name in ("../image.xml", "/etc/passwd", "a/b.xml"):
        towers["image"]["graph"] = name
        change(export, towers=towers)
        with pytest.raises(Damaged, match="not a file of the folder"):
            read_export(export)


def test_a_graph_without_a_sha256_is_refused(export: Path) -> None:
    change(export, sha256={})
    with pytest.raises(Damaged, match="no sha256"):
        read_export(export).verify(Modality.IMAGE)
