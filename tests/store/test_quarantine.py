from dataclasses import dataclass

import pytest

from scrubjay.store.quarantine import Quarantine
from scrubjay.store.table import StoredTable


@dataclass
class Problem:
    path: str
    reason: str


@pytest.fixture
def path(tmp_path):
    return tmp_path / "quarantine.lance"


def listed(quarantine, **options):
    return [(one.root, one.path, one.reason, one.month) for one in quarantine.all(**options)]


def test_a_new_quarantine_is_empty_and_creates_nothing(path):
    assert Quarantine(path).all() == []
    assert Quarantine(path).replace("/a", [], month="2026-11") == 0
    assert not path.exists()


def test_the_same_scan_twice_is_noted_once(path):
    problems = [Problem("b.png", "truncated"), Problem("a.wav", "empty"), Problem("a.wav", "empty")]
    assert Quarantine(path).replace("/a", problems, month="2026-11") == 2
    first, version = Quarantine(path).all(), StoredTable(path, point="").version()
    assert Quarantine(path).replace("/a", reversed(problems), month="2026-12") == 2
    assert Quarantine(path).all() == first
    assert StoredTable(path, point="").version() == version
    assert listed(Quarantine(path)) == [
        ("/a", "a.wav", "empty", "2026-11"),
        ("/a", "b.png", "truncated", "2026-11"),
    ]


def test_a_scan_replaces_what_its_own_folder_said_and_nothing_else(path):
    quarantine = Quarantine(path)
    quarantine.replace("/a", [Problem("1", "old"), Problem("2", "stays")], month="2026-10")
    quarantine.replace("/it's", [Problem("1", "other")], month="2026-10")
    noted = {one.path: one.noted_at for one in quarantine.all(root="/a")}
    quarantine.replace("/a", [Problem("2", "stays"), Problem("3", "new")], month="2026-11")
    assert listed(quarantine) == [
        ("/a", "2", "stays", "2026-10"),
        ("/a", "3", "new", "2026-11"),
        ("/it's", "1", "other", "2026-10"),
    ]
    assert quarantine.all(root="/a")[0].noted_at == noted["2"]
    quarantine.replace("/it's", [], month="2026-11")
    assert listed(quarantine, root="/it's") == []
    assert len(quarantine.all()) == 2


def test_one_file_may_have_two_problems(path):
    quarantine = Quarantine(path)
    quarantine.replace("/a", [Problem("1", "x"), Problem("1", "y")], month="2026-11")
    assert [one.reason for one in quarantine.all()] == ["x", "y"]


def test_a_name_that_is_not_text_is_made_printable(path):
    Quarantine(path).replace("/a", [Problem("caf\udce9\x00", "why")], month="2026-11")
    assert Quarantine(path).all()[0].path == "caf\\udce9\\x00"
