"""LanceDB starts without the remote client it brings along, and has it when it is asked for."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys
from scrubjay.store.lance import CLIENT, lancedb

first = lancedb()
heavy = [name for name in sys.modules if name.startswith(CLIENT)]
db = first.connect(sys.argv[1])
db.create_table("things", [{"vector": [1.0, 0.0], "name": "a"}])
found = db.open_table("things").search([1.0, 0.0]).limit(1).to_list()[0]["name"]

from lance_namespace import ListTablesResponse as stand_in

made = stand_in(tables=["a"])
from lance_namespace_urllib3_client.models import ListTablesResponse as real

print(json.dumps({
    "heavy": heavy,
    "found": found,
    "made": made.tables,
    "real": type(made) is real,
    "instance": isinstance(made, stand_in) and not isinstance(3, stand_in),
    "fields": sorted(stand_in.model_fields) == sorted(real.model_fields),
    "same": lancedb() is first,
}))
"""

AFTER = """
import lancedb as plain
from scrubjay.store.lance import CLIENT, lancedb
import sys
assert lancedb() is plain and CLIENT in sys.modules
print("{}")
"""


def run(program, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_remote_client_is_imported_when_one_of_its_classes_is_used(tmp_path):
    told = run(PROGRAM, str(tmp_path))
    assert told.pop("heavy") == []
    assert told.pop("found") == "a"
    assert told.pop("made") == ["a"]
    assert all(told.values()), told


def test_whoever_imported_lancedb_plainly_before_keeps_it():
    run(AFTER)
