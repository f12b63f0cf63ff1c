"""What is kept of the forgotten: ids and hashes, in the order of the requests."""

import json

import pytest

from scrubjay.core.errors import Damaged, UnknownName
from scrubjay.core.known import Known
from scrubjay.store.forgotten import Forgotten


@pytest.fixture
def forgotten(tmp_path):
    return Forgotten(tmp_path / "forgotten")


def test_nothing_is_there_before_the_first_request(forgotten, tmp_path):
    assert forgotten.events() == []
    assert forgotten.sha256s() == frozenset()
    assert not (tmp_path / "forgotten").exists()


def test_a_request_is_unfinished_until_it_is_marked(forgotten, tmp_path):
    made = forgotten.add(["a", "b"], ["1", "2"], version="v1")
    assert (made.ids, made.sha256s, made.version, made.finished) == (
        ("a", "b"), ("1", "2"), "v1", False,
    )  # fmt: skip
    forgotten.add(["c"], ["3"], version=None)
    forgotten.finish(made.number)
    again = Forgotten(tmp_path / "forgotten").events()
    assert [(one.ids, one.finished) for one in again] == [(("a", "b"), True), (("c",), False)]
    assert forgotten.sha256s() == {"1", "2", "3"}


def test_files_hold_ids_hashes_and_times_only(forgotten, tmp_path):
    forgotten.add(["a"], ["1"], version="v1")
    (path,) = (tmp_path / "forgotten").iterdir()
    event = json.loads(path.read_bytes())
    assert event.keys() == {"at", "version", "items"}
    assert event["items"] == [{"id": "a", "sha256": "1"}]


@pytest.mark.parametrize("name", ["a", "1"])
def test_what_is_allowed_is_taken_again_and_may_be_forgotten_again(forgotten, name):
    forgotten.add(["a", "b"], ["1", "2"], version=None)
    assert forgotten.allow([name]) == ("1",)
    assert forgotten.ids_by_sha256() == {"2": "b"}
    forgotten.add(["a"], ["1"], version=None)
    assert forgotten.sha256s() == {"1", "2"}


def test_only_the_forgotten_can_be_allowed(forgotten):
    forgotten.add(["abcd"], ["1"], version=None)
    with pytest.raises(UnknownName, match="did you mean 'abcd'"):
        forgotten.allow(["abce"])
    assert forgotten.sha256s() == {"1"}


def test_a_damaged_file_is_named_and_nothing_is_taken_again_by_mistake(forgotten, tmp_path):
    forgotten.add(["a"], ["1"], version=None)
    (path,) = (tmp_path / "forgotten").iterdir()
    path.write_text("{")
    with pytest.raises(Damaged, match=path.name):
        forgotten.sha256s()


def test_content_another_item_holds_is_not_barred():
    known = Known(ids_by_sha256={"1": "twin"}, forgotten={"1": "a", "2": "b"})
    assert known.why_forgotten("1") is None
    assert known.why_forgotten("3") is None
    assert "--allow b" in (known.why_forgotten("2") or "")
