from __future__ import annotations

import json
from pathlib import Path

import pytest

from scrubjay.core.errors import BadConfig, BadMedia, NotReady, UnknownName, WrongUse
from scrubjay.core.types import Split
from scrubjay.training.vlm.table import Columns, Table, read_table

ROWS = [
    {"image": "a.png", "name": "Kite", "category": "toys", "description": "A red kite."},
    {"image": "b.png", "name": "Drum", "category": "music", "description": "A drum, blue."},
]


def csv_of(folder: Path, text: str, name: str = "t.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def read(path: Path, instruction: str | None = None, **columns: str) -> Table:
    return read_table(path, columns=Columns(**columns), instruction=instruction)


def as_csv(folder: Path) -> Path:
    lines = ["image;name;category;description"]
    lines += [";".join(row.values()) for row in ROWS]
    return csv_of(folder, "\n".join(lines))


def as_jsonl(folder: Path) -> Path:
    return csv_of(folder, "\n".join(map(json.dumps, ROWS)), "t.jsonl")


def as_parquet(folder: Path) -> Path:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(ROWS), folder / "t.parquet")
    return folder / "t.parquet"


@pytest.mark.parametrize("made", [as_csv, as_jsonl, as_parquet])
def test_a_table_of_products_is_understood_unasked(made, tmp_path) -> None:
    table = read(made(tmp_path))
    assert table.instruction == "Describe the product {name}, category {category}."
    assert [row.instruction for row in table.rows] == [
        "Describe the product Kite, category toys.",
        "Describe the product Drum, category music.",
    ]
    assert [(row.picture, row.answer) for row in table.rows] == [
        ("a.png", "A red kite."),
        ("b.png", "A drum, blue."),
    ]
    assert not table.problems


def test_pictures_inside_a_parquet_table_are_its_own(tmp_path) -> None:
    import pyarrow
    from pyarrow import parquet

    rows = [{"image": {"bytes": b"one", "path": "a.png"}, "text": "x"}]
    rows += [{"image": {"bytes": None, "path": "b.png"}, "text": "y"}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "t.parquet")
    (tmp_path / "b.png").write_bytes(b"two")
    table = read(tmp_path / "t.parquet")
    assert [table.bytes_of(row.picture) for row in table.rows] == [b"one", b"two"]


def test_a_plain_table_of_instructions(tmp_path) -> None:
    path = csv_of(tmp_path, "picture,instruction,answer,split\na.png,What is it?,a kite,dev\n")
    (row,) = read(path).rows
    assert (row.instruction, row.answer, row.split) == ("What is it?", "a kite", Split.VAL)
    assert read(csv_of(tmp_path, "file,text\na.png,x\n")).instruction == "Describe this picture."


def test_columns_may_have_any_name(tmp_path) -> None:
    path = csv_of(tmp_path, "Foto,Ware,Beschreibung\na.png,Drachen,rot\n")
    table = read(path, "Beschreibe {ware}.", image="Foto", answer="beschreibung")
    assert table.rows[0].instruction == "Beschreibe Drachen."
    assert table.rows[0].answer == "rot"


def test_rows_that_cannot_be_used_are_named_with_their_lines(tmp_path) -> None:
    path = csv_of(
        tmp_path,
        "image,name,description,split\na.png,Kite,,train\n,Drum,x,\nb.png,,x,\nc.png,Cup,x,half\n"
        'd.png,"two\nlines",x,test\n',
    )
    table = read(path)
    assert [row.line for row in table.rows] == [6]
    assert table.problems == (
        (2, "its 'description' is empty"),
        (3, "its 'image' is empty"),
        (4, "its 'name' is empty"),
        (5, "its 'split' is 'half', not train, val or test"),
    )


@pytest.mark.parametrize(
    ("text", "name", "error", "message"),
    [
        ("image,text,text\na,b,c\n", "t.csv", WrongUse, "line 1: two columns"),
        ("image,text\na,b,c\n", "t.csv", WrongUse, "line 2: 3 fields for 2"),
        ('image,text\na,"b\n', "t.csv", WrongUse, "line 2: not CSV"),
        ("{\n", "t.jsonl", WrongUse, "line 1: not JSON"),
        ("[1]\n", "t.jsonl", WrongUse, "line 1: expected one JSON object"),
        ("no parquet", "t.parquet", WrongUse, "no Parquet file"),
        ("image,text\n", "t.xlsx", WrongUse, "no table that is read here"),
        ("price,text\n1,2\n", "t.csv", BadConfig, r"datamodule\.columns\.image=COLUMN"),
        ("image,price\n1,2\n", "t.csv", BadConfig, r"datamodule\.columns\.answer=COLUMN"),
    ],
)
def test_what_is_no_such_table_says_why(text, name, error, message, tmp_path) -> None:
    with pytest.raises(error, match=message):
        read(csv_of(tmp_path, text, name))


def test_a_missing_table_and_an_unknown_column_are_named(tmp_path) -> None:
    with pytest.raises(NotReady, match=r"no table .*t\.csv"):
        read(tmp_path / "t.csv")
    with pytest.raises(UnknownName, match="'image'"):
        read(as_csv(tmp_path), image="images")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "missing.png", "sub"])
def test_only_files_beside_the_table_are_read(name, tmp_path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "in" / "sub").mkdir(parents=True)
    table = read(csv_of(tmp_path / "in", f"image,text\n{name},x\n"))
    with pytest.raises(BadMedia, match="table"):
        table.bytes_of(name)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").symlink_to(tmp_path / "secret.png")
    table = read(csv_of(tmp_path / "in", "image,text\na.png,x\n"))
    with pytest.raises(BadMedia, match="outside"):
        table.bytes_of("a.png")
