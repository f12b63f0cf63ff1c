from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.errors import WrongUse
from scrubjay.media.manifest import Manifest, Role, is_manifest_name, read_manifest, roles_of

CSV = "file,caption,price\na.png,an apple,3\nb.png,a pear,4\n"


def read(name: str, data: bytes | str) -> Manifest:
    manifest = read_manifest(name, data.encode() if isinstance(data, str) else data)
    assert manifest is not None
    return manifest


def read_unless_refused(name: str, data: bytes) -> Manifest | None:
    """None where the manifest is refused, which must name the line."""
    try:
        return read_manifest(name, data)
    except WrongUse as error:
        if f"{name}, line " not in str(error):
            raise
        return None


def cells(manifest: Manifest) -> list[dict[str, object]]:
    return [dict(row.cells) for row in manifest.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_csv_reads_the_same_in_every_encoding(encoding: str, newline: str) -> None:
    text = "file,caption\ncafé.png,déjà vu\n".replace("\n", newline)
    assert cells(read("m.csv", text.encode(encoding))) == [
        {"file": "café.png", "caption": "déjà vu"}
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_reads_the_same_in_every_encoding(encoding: str) -> None:
    text = json.dumps({"é.png": "déjà vu"}, ensure_ascii=False)
    assert cells(read("descriptions.json", text.encode(encoding))) == [
        {"file": "é.png", "caption": "déjà vu"}
    ]
    lines = json.dumps({"file": "é.png"}, ensure_ascii=False) + "\n"
    assert cells(read("m.jsonl", lines.encode(encoding))) == [{"file": "é.png"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found_in_the_header(delimiter: str) -> None:
    text = delimiter.join(("image", "text", "tags")) + "\n" + delimiter.join(("a.png", "x", "y"))
    assert cells(read("m.csv", text)) == [{"image": "a.png", "text": "x", "tags": "y"}]


def test_quoted_fields_may_hold_separators_quotes_and_line_breaks() -> None:
    text = 'file,caption\n"a, b.png","he said ""hi"",\nthen left"\nc.png,x\n'
    manifest = read("m.csv", text)
    assert cells(manifest) == [
        {"file": "a, b.png", "caption": 'he said "hi",\nthen left'},
        {"file": "c.png", "caption": "x"},
    ]
    assert [row.line for row in manifest.rows] == [2, 4]


def test_a_short_row_has_fewer_cells_and_blank_lines_are_no_rows() -> None:
    assert cells(read("m.csv", "file,caption\n\na.png\n,\n")) == [{"file": "a.png"}]


@pytest.mark.parametrize(
    ("name", "text", "line", "what"),
    [
        ("m.csv", "file,caption\na.png,x\nb.png,one, two\n", 3, "3 fields where the header has 2"),
        ("m.csv", 'file,caption\na.png,x\nb.png,"never closed\nc.png,y\n', 3, "not CSV"),
        ("m.csv", "file,file\n", 1, "two columns are called 'file'"),
        ("m.csv", "file,caption\na.png," + "x" * 200_000, 2, "not CSV: field larger"),
        ("m.jsonl", '{"file": "a.png"}\n{"file": "b.png",}\n', 2, "not JSON"),
        ("m.jsonl", '{"file": "a.png"}\n["b.png"]\n', 2, "one JSON object a line"),
        ("m.jsonl", "not json\n", 1, "not JSON"),
        ("descriptions.json", '{"a.png": "x",\n "b.png" "y"}', 2, "not JSON"),
        ("descriptions.json", '["a.png"]', 1, "expected one object"),
        ("descriptions.json", "", 1, "not JSON"),
        ("descriptions.json", "[" * 100_000, 1, "nested too deeply"),
        ("descriptions.json", '{"a.png": ' + "9" * 5000 + "}", 1, "not JSON"),
    ],
)
def test_a_malformed_manifest_names_the_line(name: str, text: str, line: int, what: str) -> None:
    with pytest.raises(WrongUse, match=f"{name}, line {line}: .*{what}.*; mend the file"):
        read_manifest(name, text.encode())


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("m.csv", b"file,caption\na.png,\x81\x8d\n", 2),
        ("m.csv", "file\na.png\n".encode("utf-16-le"), 1),
        ("m.csv", b"\xff\xfefil", 1),
        ("m.jsonl", b'{"file": "a"}\n\x00\n', 2),
        ("descriptions.json", b"\xef\xbb\xbf{}\n\xff", 2),
    ],
)
def test_bytes_that_are_no_text_name_the_line(name: str, data: bytes, line: int) -> None:
    with pytest.raises(WrongUse, match=f"{name}, line {line}: bytes that are not text"):
        read_manifest(name, data)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.csv", ""),
        ("m.csv", " \n"),
        ("m.csv", "day,sales\nmonday,3\n"),
        ("m.jsonl", ""),
        ("m.jsonl", '{"level": "info"}\nand then something else\n'),
    ],
)
def test_a_table_that_names_no_files_is_no_manifest(name: str, text: str) -> None:
    assert read_manifest(name, text.encode()) is None


def test_a_header_alone_is_a_manifest_without_rows() -> None:
    assert read("m.csv", "image,caption\n").rows == ()


def test_descriptions_may_be_lists_or_objects_and_repeat_a_file() -> None:
    text = '{"a.png": ["x", "y"], "b.png": {"caption": "z", "price": 3}, "a.png": "w"}'
    assert cells(read("descriptions.json", text)) == [
        {"file": "a.png", "caption": ["x", "y"]},
        {"file": "b.png", "caption": "z", "price": 3},
        {"file": "a.png", "caption": "w"},
    ]


@pytest.mark.parametrize(
    ("headers", "roles"),
    [
        (
            ("audio_file", "image_file", "caption_number", "id_", "split"),
            {"audio_file": Role.AUDIO, "image_file": Role.IMAGE, "split": Role.SPLIT},
        ),
        (("path", "text"), {"path": Role.FILE, "text": Role.CAPTION}),
        (("File Name", "Description"), {"File Name": Role.FILE, "Description": Role.CAPTION}),
        (("image", "path"), {"image": Role.IMAGE}),
        (("caption", "text", "file"), {"caption": Role.CAPTION, "file": Role.FILE}),
        (
            ("image", "caption_1", "caption_2", "caption_number"),
            {"image": Role.IMAGE, "caption_1": Role.CAPTION, "caption_2": Role.CAPTION},
        ),
        (("id", "group", "lang", "tags", "month"), {
            "id": Role.ID, "group": Role.GROUP, "lang": Role.LANGUAGE, "tags": Role.TAGS,
            "month": Role.MONTH,
        }),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_names(headers: tuple[str, ...], roles: dict[str, Role]) -> None:
    assert roles_of(headers) == roles


@pytest.mark.parametrize("name", ["a/Descriptions.JSON", "x.csv", "x.TSV", "x.jsonl", "x.ndjson"])
def test_names_that_may_be_manifests(name: str) -> None:
    assert is_manifest_name(name)
    assert not is_manifest_name(name + ".bak")


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=5))
def test_what_the_standard_library_writes_as_csv_is_read_back(rows: list[tuple[str, str]]) -> None:
    def storable(text: str) -> str:
        return text.encode("utf-8", "ignore").decode().replace("\x00", "")

    kept = [(storable(file) or "x", storable(text)) for file, text in rows]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("file", "caption"), *kept])
    manifest = read("m.csv", out.getvalue())
    filled = [pair for pair in kept if any(field.strip() for field in pair)]
    assert [(row.cells["file"], row.cells["caption"]) for row in manifest.rows] == filled


@given(st.sampled_from(["m.csv", "m.jsonl", "descriptions.json"]), st.binary(max_size=200))
def test_any_bytes_are_a_manifest_none_or_a_clear_error(name: str, data: bytes) -> None:
    manifest = read_unless_refused(name, data)
    assert manifest is None or manifest.name == name


@given(st.text(alphabet=',;"\n\r\t| ax', max_size=80))
def test_any_text_below_a_header_is_rows_or_a_clear_error(text: str) -> None:
    manifest = read_unless_refused("m.csv", f"file,caption\n{text}".encode())
    assert manifest is None or all(set(row.cells) <= set(manifest.headers) for row in manifest.rows)
