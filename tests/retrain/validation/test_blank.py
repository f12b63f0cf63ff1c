"""An empty description is told from none, through the manifest that gives it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from scrubjay.retrain.validation.blank import given_blank
from scrubjay.search.scan import scan_folder
from tests.retrain.made import item


def found(new, before=(), layout="descriptions", source="s3://bucket/in"):
    return given_blank(new, before, layout=layout, source=source)


def at(n, path, **said):
    return item(n, uris=(f"s3://bucket/in/{path}",), **said)


def test_in_a_folder_with_descriptions_an_item_without_one_was_given_an_empty_one():
    new = [at(1, "a/1.jpg"), at(2, "a/2.jpg", captions=()), at(3, "b/3.jpg", captions=())]
    assert found(new) == {"item-00002"}


def test_known_descriptions_of_the_folder_count_and_those_of_other_sources_do_not():
    silent = at(2, "a/2.jpg", captions=())
    assert found([silent], [at(1, "a/deep/1.jpg")]) == {"item-00002"}
    assert found([silent], [item(1, uris=("s3://bucket/in-2/a/1.jpg",))]) == set()
    assert found([silent], [item(1, uris=("/a/1.jpg",))]) == set()


def test_where_nothing_is_described_nothing_was_given():
    assert found([at(n, f"{n}.jpg", captions=()) for n in range(9)]) == set()


@pytest.mark.parametrize("layout", ["manifest", "tree", "catalog"])
def test_other_layouts_have_no_empty_descriptions(layout):
    new = [at(1, "1.jpg"), at(2, "2.jpg", captions=())]
    assert found(new, layout=layout) == set()
    assert found(new) == {"item-00002"}


@pytest.mark.parametrize("empty", ["", "  ", None, [], [""], "\u0000"])
def test_what_a_scan_makes_of_an_empty_description_is_found(tmp_path, empty):
    rng = np.random.default_rng(0)
    for n in range(4):
        Image.fromarray(rng.integers(0, 255, (70, 70, 3), np.uint8)).save(tmp_path / f"{n}.png")
    said = {"0.png": "a dog", "1.png": empty, "2.png": "a cat", "3.png": empty}
    (tmp_path / "descriptions.json").write_text(json.dumps(said))
    scan = scan_folder(tmp_path, month="2026-11")
    blank = given_blank(scan.items, (), layout=scan.layout, source=str(tmp_path))
    named = {one.uri.rpartition("/")[2] for one in scan.items if one.id in blank}
    assert named == {"1.png", "3.png"}


def test_a_folder_no_file_speaks_for_may_stay_without_words(tmp_path):
    rng = np.random.default_rng(1)
    for name in ("told/1.png", "told/2.png", "untold/3.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (70, 70, 3), np.uint8)).save(path)
    said = {"1.png": "a dog", "2.png": ""}
    (tmp_path / "told" / "descriptions.json").write_text(json.dumps(said))
    scan = scan_folder(tmp_path, month="2026-11")
    blank = given_blank(scan.items, (), layout=scan.layout, source=str(tmp_path))
    assert [one.uri for one in scan.items if one.id in blank] == [str(tmp_path / "told/2.png")]
