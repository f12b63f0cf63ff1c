"""The challenge's CSV files: what is taken, and what is refused with the line that is wrong."""

from __future__ import annotations

import csv

import pytest

from scrubjay.ask.extracting.challenge_csv import predictions, read_questions
from scrubjay.ask.extracting.entities import Entity
from scrubjay.core.errors import WrongUse

HEAD = "index,image_link,group_id,entity_name"


def questions(tmp_path, text, **options):
    file = tmp_path / "test.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_questions(file, **options)


def test_rows_are_read_in_order_with_paths_from_the_csv(tmp_path) -> None:
    rows = questions(tmp_path, f"{HEAD}\n7,a/b.jpg,1,item_weight\n3,c.jpg,1,volume\n")
    assert [(row.index, row.entity) for row in rows] == [
        ("7", Entity.ITEM_WEIGHT),
        ("3", Entity.ITEM_VOLUME),
    ]
    assert rows[0].picture == tmp_path / "a" / "b.jpg"
    assert rows[0].truth is None


def test_the_right_answers_are_read_where_they_are(tmp_path) -> None:
    first, second = questions(
        tmp_path, f"{HEAD},entity_value\n0,a.jpg,1,width,5.0 inch\n1,a.jpg,1,height,\n"
    )
    assert (first.truth, second.truth) == ("5.0 inch", "")


@pytest.mark.parametrize(
    "text",
    [
        f"\N{ZERO WIDTH NO-BREAK SPACE}{HEAD}\n0,a.jpg,1,width\n",
        f"{HEAD}\r\n0,a.jpg,1,width\r\n",
        f'{HEAD}\n\n"0","a.jpg","1","width"\n\n',
        "entity_name,index,image_link\nwidth,0,a.jpg\n",
        f"{HEAD}\n 0 , a.jpg ,, Width",
    ],
)
def test_other_spellings_of_the_same_file_are_the_same(tmp_path, text) -> None:
    (row,) = questions(tmp_path, text)
    assert (row.index, row.picture, row.entity) == ("0", tmp_path / "a.jpg", Entity.WIDTH)


def test_with_a_folder_a_link_stands_for_its_last_part(tmp_path) -> None:
    link = "https://example.org/images/I/61I%209.jpg?size=3"
    (row,) = questions(tmp_path, f"{HEAD}\n0,{link},1,width\n", folder=tmp_path / "images")
    assert row.picture == tmp_path / "images" / "61I 9.jpg"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", r"line 1 must name the columns .*index, image_link, entity_name is not among them"),
        ("index,image_link\n", r"line 1 .*entity_name is not among them"),
        (f"{HEAD},index\n", r"line 1 names a column twice"),
        (f"{HEAD}\n", "has no questions"),
        (f"{HEAD}\n0,a.jpg,1\n", r"line 2 has 3 values for 4 columns"),
        (f"{HEAD}\n0,a.jpg,1,width\n1,a.jpg,1,widht\n", r"line 3: unknown entity 'widht'.*'width'"),
        (f"{HEAD}\n0,a.jpg,1,width\n0,b.jpg,1,width\n", r"line 3: the index '0' is that of line 2"),
        (f"{HEAD}\n0,,1,width\n", r"line 2 must have an index and an image_link"),
        (f"{HEAD}\n0,https://x.org/a.jpg,1,width\n", r"line 2: https://x.org/a.jpg is a link"),
        (f'{HEAD}\n0,"a.jpg,1,width\n', r"line 2 is no CSV"),
        (f'{HEAD}\n0,"a\nb.jpg",1,width\n1,c.jpg,1\n', r"line 4 has 3 values"),
        (f"{HEAD}\n0,a\0.jpg,1,width\n", r"line 2"),
        (b"\xff\xfe0", "cannot be read"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(tmp_path, text, told) -> None:
    with pytest.raises(WrongUse, match=told):
        questions(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path) -> None:
    with pytest.raises(WrongUse, match="cannot be read"):
        read_questions(tmp_path / "none.csv")


def test_predictions_are_the_challenges(tmp_path) -> None:
    told = predictions([("7", "500.0 gram"), ("3", ""), ("a,b", "1.0 volt")])
    assert told.decode() == 'index,prediction\n7,500.0 gram\n3,\n"a,b",1.0 volt\n'
    assert [row["prediction"] for row in csv.DictReader(told.decode().splitlines())] == [
        *("500.0 gram", "", "1.0 volt")
    ]
