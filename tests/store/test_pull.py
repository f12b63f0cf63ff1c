import hashlib
import threading
from datetime import UTC, datetime

import pytest

from scrubjay.core.errors import Damaged
from scrubjay.store.manifest import FileSeal, Manifest
from scrubjay.store.pull import pull_files
from tests.store.made import names_in

CONTENT = {"a": b"one" * 100, "deep/b": b"two" * 200}


@pytest.fixture
def manifest():
    files = {
        name: FileSeal(hashlib.sha256(data).hexdigest(), len(data))
        for name, data in CONTENT.items()
    }
    return Manifest("2026-11-abcdef0", datetime.now(UTC), files, {})


def reader(content, asked):
    def read(name, size):
        asked.append(name)
        assert size == len(CONTENT[name])
        return content[name]

    return read


def test_a_file_that_never_arrives_right_is_asked_for_three_times_and_nothing_appears(
    tmp_path, manifest
):
    asked = []
    with pytest.raises(Damaged, match="deep/b of version 2026-11-abcdef0"):
        pull_files(manifest, tmp_path / "model", reader({**CONTENT, "deep/b": b"x"}, asked))
    assert asked == ["a", "deep/b", "deep/b", "deep/b"]
    assert not (tmp_path / "model").exists()


def test_what_was_gathered_is_kept_and_what_is_wrong_there_is_not(tmp_path, manifest):
    with pytest.raises(Damaged):
        pull_files(manifest, tmp_path / "model", reader({**CONTENT, "deep/b": b"x"}, []))
    aside = tmp_path / ".model.pulling"
    assert (aside / "a").read_bytes() == CONTENT["a"]
    (aside / "deep").mkdir(exist_ok=True)
    (aside / "deep" / "b").write_bytes(b"half")
    (aside / "stray").write_bytes(b"x")
    asked = []
    pull_files(manifest, tmp_path / "model", reader(CONTENT, asked))
    assert asked == ["deep/b"]
    assert names_in(tmp_path / "model") == ["a", "deep", "manifest.json"]
    assert names_in(tmp_path) == ["model"]


def test_a_link_among_what_was_gathered_is_not_followed(tmp_path, manifest):
    aside = tmp_path / ".model.pulling"
    aside.mkdir()
    (tmp_path / "precious").write_bytes(b"mine")
    (aside / "a").symlink_to(tmp_path / "precious")
    pull_files(manifest, tmp_path / "model", reader(CONTENT, []))
    assert (tmp_path / "precious").read_bytes() == b"mine"
    assert not (tmp_path / "model" / "a").is_symlink()
    assert (tmp_path / "model" / "a").read_bytes() == CONTENT["a"]


def test_two_that_pull_into_one_folder_both_succeed_and_it_travels_once(tmp_path, manifest):
    asked, failed = [], []

    def pull():
        try:
            pull_files(manifest, tmp_path / "model", reader(CONTENT, asked))
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=pull) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(asked) == ["a", "deep/b"]
    assert names_in(tmp_path) == ["model"]
