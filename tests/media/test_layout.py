from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Split
from scrubjay.media.layout import Entry, Layout, Problem, recognise

FLICKR = """audio_file,image_file,caption_number,id_,split
wavs/1_0.wav,1.jpg,0,10,train
wavs/1_1.wav,1.jpg,1,11,train
wavs/2_0.wav,2.jpg,0,12,test
"""


def look(files: Mapping[str, str]) -> Layout:
    return recognise(list(files), lambda name: files[name].encode())


def entries(layout: Layout) -> dict[str, Entry]:
    return {entry.path: entry for entry in layout.entries}


def test_images_with_descriptions_beside_them() -> None:
    text = json.dumps({"0.png": " a bald man \n", "1.png": "an old man"})
    layout = look({"descriptions.json": text, "images/0.png": "", "images/1.png": ""})
    assert layout.name == "descriptions"
    assert layout.entries == (
        Entry("images/0.png", captions=("a bald man",)),
        Entry("images/1.png", captions=("an old man",)),
    )
    assert layout.problems == ()
    assert layout.ignored == 1


def test_descriptions_among_the_pictures_and_one_folder_down() -> None:
    beside = look({"descriptions.json": '{"0.png": "x"}', "0.png": ""})
    assert beside.entries == (Entry("0.png", captions=("x",)),)
    below = look({"set/descriptions.json": '{"0.png": "x"}', "set/images/0.png": "", "b.png": ""})
    assert below.entries == (Entry("b.png"), Entry("set/images/0.png", captions=("x",)))


def test_an_entry_without_its_file_and_a_file_without_an_entry_are_problems() -> None:
    layout = look({
        "descriptions.json": '{"0.png": "x", "ghost.png": "y"}',
        "images/0.png": "",
        "images/stray.png": "",
        "README.txt": "",
    })  # fmt: skip
    assert [entry.path for entry in layout.entries] == ["images/0.png"]
    assert layout.problems == (
        Problem("ghost.png", "there is no such file (named in descriptions.json)"),
        Problem("images/stray.png", "no entry in descriptions.json"),
    )
    assert layout.ignored == 2


def test_the_flickr_audio_table_links_recordings_to_their_pictures() -> None:
    files = {"flickr.csv": FLICKR, "Images/1.jpg": "", "Images/2.jpg": ""}
    files |= dict.fromkeys(("wavs/1_0.wav", "wavs/1_1.wav", "wavs/2_0.wav"), "")
    layout = look(files)
    assert layout.name == "manifest"
    assert layout.problems == ()
    found = entries(layout)
    assert found["wavs/1_1.wav"] == Entry(
        "wavs/1_1.wav",
        split=Split.TRAIN,
        attributes={"caption_number": 1, "id_": 11},
        linked=("Images/1.jpg",),
    )
    assert found["Images/1.jpg"] == Entry("Images/1.jpg", split=Split.TRAIN)
    assert found["Images/2.jpg"] == Entry(
        "Images/2.jpg", split=Split.TEST, attributes={"caption_number": 0, "id_": 12}
    )


def test_a_picture_named_by_several_rows_has_all_their_captions() -> None:
    table = "image,caption,price\na.png,one,3\na.png,two,3\na.png,one,4\n"
    layout = look({"m.csv": table, "a.png": ""})
    assert layout.entries == (Entry("a.png", captions=("one", "two")),)


def test_a_caption_in_a_linked_row_belongs_to_both() -> None:
    rows = '{"image": "a.png", "audio": "a.wav", "caption": "x"}\n'
    layout = look({"m.jsonl": rows, "a.png": "", "a.wav": ""})
    assert [entry.captions for entry in layout.entries] == [("x",), ("x",)]


def test_every_role_and_typed_attributes_from_csv() -> None:
    table = (
        "id,path,text,split,group,lang,tags,month,price,colour,added on,kind\n"
        "shoe-1,a.png,a shoe,validation,shoes,en,red;new,2026-10,19.5,red,2026-11-01,x\n"
        "shoe-2,b.png,,,,,,,20,,,\n"
    )
    layout = look({"m.csv": table, "a.png": "", "b.png": ""})
    assert layout.entries == (
        Entry(
            "a.png",
            captions=("a shoe",),
            id="shoe-1",
            group="shoes",
            split=Split.VAL,
            language="en",
            tags=("red", "new"),
            month="2026-10",
            attributes={
                "price": 19.5,
                "colour": "red",
                "added_on": date(2026, 11, 1),
                "kind_": "x",
            },
        ),
        Entry("b.png", id="shoe-2", attributes={"price": 20.0}),
    )


def test_a_month_column_that_holds_no_months_is_an_attribute() -> None:
    layout = look({"m.csv": "file,month\na.png,March\n", "a.png": ""})
    assert layout.entries == (Entry("a.png", attributes={"month_": "March"}),)


def test_a_column_has_one_type_over_all_manifests() -> None:
    layout = look({
        "test.csv": "file,price,split\nb.png,x,test\n",
        "train.csv": "file,price,split\na.png,3,train\n",
        "a.png": "",
        "b.png": "",
    })  # fmt: skip
    assert [entry.attributes for entry in layout.entries] == [{"price": "3"}, {"price": "x"}]


@pytest.mark.parametrize(
    ("written", "split"),
    [("train", Split.TRAIN), ("Training", Split.TRAIN), ("dev", Split.VAL), ("VALID", Split.VAL),
     ("test", Split.TEST), ("", None)],
)  # fmt: skip
def test_split_names(written: str, split: Split | None) -> None:
    layout = look({"m.csv": f"file,split\na.png,{written}\n", "a.png": ""})
    assert layout.entries == (Entry("a.png", split=split),)


def test_rows_that_disagree_on_a_split_hold_the_picture_out() -> None:
    layout = look({"m.csv": "file,split\na.png,train\na.png,test\n", "a.png": ""})
    assert layout.entries == (Entry("a.png", split=Split.TEST),)


def test_an_unknown_split_sets_the_file_aside_once() -> None:
    layout = look({"m.csv": "file,split\na.png,holdout\n", "a.png": ""})
    assert layout.entries == ()
    assert layout.problems == (
        Problem("a.png", "unknown split 'holdout'; use train, val or test (m.csv, line 2)"),
    )


@pytest.mark.parametrize("reference", ["../a.png", "/home/a.png", "C:\\a.png"])
def test_a_reference_that_leaves_the_folder_is_a_problem(reference: str) -> None:
    layout = look({"m.csv": f"image,caption\n{reference},x\n", "a.png": ""})
    assert layout.entries == ()
    assert [problem.path for problem in layout.problems] == [*sorted([reference, "a.png"])]


def test_a_row_without_a_file_names_its_line() -> None:
    layout = look({"m.csv": "image,caption\n,orphan\na.png,x\n", "a.png": ""})
    assert layout.problems == (Problem("m.csv, line 2", "names no file"),)


def test_a_linked_row_without_its_picture_keeps_its_recording() -> None:
    layout = look({"m.csv": "image,audio\nghost.jpg,a.wav\n", "a.wav": ""})
    assert layout.entries == (Entry("a.wav"),)
    assert [problem.path for problem in layout.problems] == ["ghost.jpg"]


def test_a_row_id_is_its_pictures_unless_the_picture_repeats() -> None:
    once = look({"m.csv": "id,image,audio\n7,a.png,a.wav\n", "a.png": "", "a.wav": ""})
    assert {entry.path: entry.id for entry in once.entries} == {"a.png": "7", "a.wav": None}
    table = "id,image,audio\n7,a.png,a.wav\n8,a.png,b.wav\n"
    twice = look({"m.csv": table, "a.png": "", "a.wav": "", "b.wav": ""})
    assert {entry.path: entry.id for entry in twice.entries} == {
        "a.png": None,
        "a.wav": "7",
        "b.wav": "8",
    }


def test_a_tree_is_all_media_and_ignores_the_rest() -> None:
    layout = look({
        "a.JPG": "", "deep/b.wav": "", ".DS_Store": "", "__MACOSX/a.jpg": "", ".git/c.png": "",
        "train.npz": "", "README.txt": "", "notes.csv": "day,sales\n1,2\n",
    })  # fmt: skip
    assert layout == Layout("tree", (Entry("a.JPG"), Entry("deep/b.wav")), (), 6)


def test_content_decides_where_the_name_says_nothing() -> None:
    layout = recognise(["scan0001", "notes"], lambda _: b"", is_media=lambda name: "scan" in name)
    assert layout == Layout("tree", (Entry("scan0001"),), (), 1)


def test_a_general_path_column_that_names_no_file_here_is_no_manifest() -> None:
    layout = look({"sizes.csv": "path,bytes\n/var/log,3\n", "a.png": ""})
    assert layout == Layout("tree", (Entry("a.png"),), (), 1)


def test_an_empty_manifest_is_a_problem_and_the_rest_is_a_tree() -> None:
    layout = look({"manifest.csv": "", "a.png": ""})
    assert layout.entries == (Entry("a.png"),)
    assert layout.problems == (Problem("manifest.csv", "empty manifest"),)


def test_a_header_without_rows_leaves_every_file_without_an_entry() -> None:
    layout = look({"m.csv": "image,caption\n", "a.png": ""})
    assert layout.problems == (Problem("a.png", "no entry in m.csv"),)


def test_a_malformed_manifest_stops_with_its_line() -> None:
    with pytest.raises(WrongUse, match=r"descriptions\.json, line 2"):
        look({"descriptions.json": '{"a.png":\n}', "a.png": ""})


NAMES = st.sampled_from(["a.png", "images/b.jpg", "c.wav", "x/d.png", "notes.txt", "ghost.png"])


@given(
    st.lists(st.tuples(NAMES, st.text(max_size=10), st.sampled_from(["train", "test", ""]))),
    st.randoms(use_true_random=False),
)
def test_the_layout_does_not_depend_on_the_order_of_the_listing(
    rows: list[tuple[str, str, str]], random: object
) -> None:
    lines = [json.dumps({"file": f, "text": t, "split": s}) for f, t, s in rows]
    files = {"m.jsonl": "\n".join(lines), "a.png": "", "images/b.jpg": "", "c.wav": ""}
    files |= {"x/d.png": "", "notes.txt": ""}
    shuffled = list(files.items())
    random.shuffle(shuffled)
    layout = look(files)
    assert look(dict(shuffled)) == layout
    # Every media file is an entry or a problem, never both, never lost.
    placed = {entry.path for entry in layout.entries}
    problems = {problem.path for problem in layout.problems}
    assert placed | problems >= {"a.png", "images/b.jpg", "c.wav", "x/d.png"}
    assert not placed & problems
