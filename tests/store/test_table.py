import threading
from datetime import timedelta

import pyarrow as pa
import pytest

from scrubjay.core.errors import Conflict, ScrubjayError
from scrubjay.store.table import ATTEMPTS, StoredTable, batched, sql_in, sql_text

SCHEMA = pa.schema([pa.field("id", pa.string()), pa.field("n", pa.int64())])


def rows(*pairs):
    return pa.Table.from_pylist([{"id": one, "n": n} for one, n in pairs], schema=SCHEMA)


def content(table):
    return sorted((row["id"], row["n"]) for row in table.rows().to_pylist())


@pytest.fixture
def table(tmp_path):
    made = StoredTable(tmp_path / "a folder #1 ü%" / "t.lance", point="table")
    with made.writing():
        made.create(SCHEMA)
        made.append(rows(("a", 1), ("b", 2)))
    return made


def test_a_handle_sees_what_another_wrote(table):
    other = StoredTable(table.path, point="table")
    assert content(other) == [("a", 1), ("b", 2)]
    table.append(rows(("c", 3)))
    assert content(other) == [("a", 1), ("b", 2), ("c", 3)]
    assert other.version() == table.version()


def test_merging_updates_inserts_and_replaces_in_one_commit(table):
    table.append(rows(("c", 3)))
    before = table.version()
    table.merge(rows(("a", 10), ("d", 4)), on="id", replacing="id IN ('a', 'b')")
    assert content(table) == [("a", 10), ("c", 3), ("d", 4)]
    assert table.version() == before + 1
    table.merge(rows(("c", 30), ("e", 5)), on="id", insert=False)
    assert content(table) == [("a", 10), ("c", 30), ("d", 4)]


def test_a_commit_that_loses_a_race_is_tried_again(table):
    lost = []

    def change(handle):
        if len(lost) < 3:
            lost.append(1)
            raise RuntimeError("lance error: Retryable commit conflict for version 3")
        return handle.count_rows()

    assert table.commit("counting", change) == 2
    assert len(lost) == 3


def test_a_commit_that_always_loses_is_a_conflict_and_others_say_what_happened(table):
    tries = []

    def conflicting(_):
        tries.append(1)
        raise RuntimeError("Commit conflict for version 3")

    with pytest.raises(Conflict, match="nothing was overwritten"):
        table.commit("writing rows", conflicting)
    assert len(tries) == ATTEMPTS

    def full(_):
        raise OSError("No space left on device\nbacktrace")

    with pytest.raises(ScrubjayError, match=r"writing rows failed \(No space left on device\)"):
        table.commit("writing rows", full)


def test_writers_that_ignore_the_lock_still_lose_nothing(table):
    errors = []

    def write(first):
        try:
            mine = StoredTable(table.path, point="table")
            for n in range(first, first + 6):
                mine.merge(rows((f"new {n}", n)), on="id")
        except Conflict as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(first,)) for first in (0, 100, 200)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == []
    assert table.count() == 2 + 18


def test_compacting_keeps_the_rows_and_old_versions_for_a_while(table):
    for n in range(5):
        table.append(rows((f"new {n}", n)))
    before = content(table)
    table.compact(keep=timedelta(days=1))
    assert content(table) == before
    assert table.small_files() == 1


def test_text_is_quoted_so_that_it_stays_text():
    assert sql_text("it's") == "'it''s'"
    assert sql_in("id", ["a", "b' OR '1'='1"]) == "id IN ('a', 'b'' OR ''1''=''1')"


def test_batches_are_all_there_in_order():
    assert list(batched(range(5), 2)) == [range(2), range(2, 4), range(4, 5)]
    assert list(batched([], 2)) == []


def test_lancedb_sends_nothing_by_itself(table):
    import sys

    assert "lancedb.otel" not in sys.modules
    assert not any(name.partition(".")[0] in {"posthog", "sentry_sdk"} for name in sys.modules)


def test_a_version_is_known_at_once_whoever_commits_however_fast(table):
    other = StoredTable(table.path, point="other")
    for n in range(1, 30):
        before = table.version()
        (table if n % 2 else other).append(rows((str(n), n)))
        assert table.version() == other.version() == before + 1


def test_a_version_that_stays_is_not_asked_of_lance_again_and_again(table, monkeypatch):
    monkeypatch.setattr("scrubjay.store.table.SETTLED_NS", -1)
    version = table.version()
    asked = []
    current = StoredTable.current
    monkeypatch.setattr(StoredTable, "current", lambda one: asked.append(1) or current(one))
    assert [table.version() for _ in range(50)] == [version] * 50
    assert not asked
    monkeypatch.setattr("scrubjay.store.table.TRUSTED_NS", 0)
    assert table.version() == version
    assert asked
