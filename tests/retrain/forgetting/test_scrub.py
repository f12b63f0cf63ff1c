"""What shows an item leaves a run's files, whatever they are, and nothing else does."""

import json

import pytest

from scrubjay.retrain.forgetting.scrub import reword, scrub_runs
from scrubjay.retrain.forgetting.tfevents import without_pictures
from scrubjay.retrain.forgetting.traces import Traces

URI = "/pictures/shop/0815.png"


def traces(**given):
    return Traces(
        **{
            "ids": frozenset({"it"}),
            "sha256s": frozenset({"f" * 64}),
            "groups": frozenset({"its group"}),
            "names": frozenset({URI, "shop/0815.png", "0815.png"}),
            "texts": (URI, "shop/0815.png", "aunt and parrot", "0815.png"),
            "labels": frozenset({"aunt and parrot", "parrot", "0815.png"}),
            **given,
        }
    )


def scrubbed(tmp_path, name, data, *, saw=True):
    """What is left of a file, or None."""
    path = tmp_path / "runs" / "one" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    changed = scrub_runs(tmp_path / "runs", traces(), saw=lambda run: saw)
    left = path.read_bytes() if path.exists() else None
    assert bool(changed) == (left != (data if isinstance(data, bytes) else data.encode()))
    return left


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"items": [{"id": "it"}, {"id": "other"}]}, {"items": [{"id": "other"}]}),
        ([{"item": "it"}, {"sha256": "f" * 64}, {"uri": URI}, {"path": "0815.png"}, 1], [1]),
        (
            {"problems": [["0815.png", "torn"], ["1.png", "torn"]]},
            {"problems": [["1.png", "torn"]]},
        ),
        ({"said": f"cannot open {URI}, sorry"}, {"said": "cannot open (forgotten), sorry"}),
        ({"found": {URI: 3, "else": 4}}, {"found": {"(forgotten)": 3, "else": 4}}),
        ({"new": ["it", "other"]}, {"new": ["it", "other"]}),
        (
            [{"id": "other", "sha256": "0", "captions": ["aunt and parrot"]}],
            [{"id": "other", "sha256": "0", "captions": ["aunt and parrot"]}],
        ),
        (
            {"status": "promoted", "n": [1.5, None, True]},
            {"status": "promoted", "n": [1.5, None, True]},
        ),
    ],
)
def test_json_loses_the_items_rows_and_what_is_said_of_it(tmp_path, before, after):
    assert json.loads(scrubbed(tmp_path, "step.json", json.dumps(before)) or "") == after


def test_json_that_does_not_show_it_is_left_byte_for_byte(tmp_path):
    text = '{"b":1,   "a": [ "é" ]}\n'
    assert scrubbed(tmp_path, "step.json", text) == text.encode()


def test_what_claims_to_be_json_and_is_not_loses_the_words(tmp_path):
    assert scrubbed(tmp_path, "torn.json", f'{{"said": "{URI}"') == b'{"said": "(forgotten)"'


def test_a_log_keeps_its_other_lines_and_fields(tmp_path):
    lines = [
        json.dumps({"event": "row refused", "item": "it"}),
        json.dumps({"event": "odd", "why": f"{URI}: odd"}),
        json.dumps({"event": "fine"}),
        "{torn",
    ]
    left = scrubbed(tmp_path, "log.jsonl", "\n".join(lines)) or b""
    assert left.decode().splitlines() == [
        json.dumps({"event": "odd", "why": "(forgotten): odd"}),
        json.dumps({"event": "fine"}),
        "{torn",
    ]


@pytest.mark.parametrize("name", ["notes.md", "table.csv", "out.txt"])
def test_other_texts_lose_the_lines_that_show_it(tmp_path, name):
    assert scrubbed(tmp_path, name, f"a\nb, {URI}\nc\n") == b"a\nc\n"


def test_a_page_goes_when_it_shows_it_and_stays_when_it_does_not(tmp_path):
    page = "<p>aunt and parrot</p>"
    assert scrubbed(tmp_path / "a", "report.html", page) is None
    assert scrubbed(tmp_path / "b", "report.html", "<p>a parrot</p>") is not None
    pictured = '<img src="data:image/jpeg;base64,AAAA" alt="a parrot">'
    assert scrubbed(tmp_path / "c", "report.html", pictured) is None, "it may be its picture"
    escaped = scrubbed(tmp_path / "d", "report.html", "<p>aunt&#32;and parrot</p>")
    assert escaped is None


def test_pictures_go_only_where_the_run_saw_it(tmp_path):
    assert scrubbed(tmp_path / "a", "panel.png", b"picture") is None
    assert scrubbed(tmp_path / "b", "panel.png", b"picture", saw=False) == b"picture"


def test_other_binary_files_go_when_they_name_it(tmp_path):
    assert scrubbed(tmp_path / "a", "run.wandb", b"\xff\xfe" + URI.encode()) is None
    assert scrubbed(tmp_path / "b", "run.wandb", b"\xff\xfe") == b"\xff\xfe"


def test_weights_stay_whatever_they_hold(tmp_path):
    data = b"\xff" + URI.encode()
    assert scrubbed(tmp_path, "last.ckpt", data) == data


def test_what_calls_itself_views_and_is_not_goes(tmp_path):
    assert scrubbed(tmp_path, "views.npz", b"no archive") is None


def test_a_link_is_not_followed(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text(URI)
    run = tmp_path / "runs" / "one"
    run.mkdir(parents=True)
    (run / "link.txt").symlink_to(outside)
    assert scrub_runs(tmp_path / "runs", traces(), saw=lambda run: True) == ()
    assert outside.read_text() == URI


@pytest.mark.parametrize(
    ("name", "data", "stays"),
    [
        ("epoch-1.png.part", b"picture", False),
        (".drop.json.1-a.part", URI.encode(), False),
        (".drop.json.1-a.part", b"nothing", True),
        ("last.ckpt.part", URI.encode(), True),
    ],
)
def test_what_a_killed_writer_left_is_looked_at_too(tmp_path, name, data, stays):
    assert (scrubbed(tmp_path, name, data) is not None) == stays


def test_records_lose_words_and_no_rows(tmp_path):
    kept = {"objects": {"k": [5, {"sha256": "f" * 64}, f"as {URI}"]}}
    (tmp_path / "listing.json").write_text(json.dumps(kept))
    (tmp_path / "torn.json").write_text("{")
    assert reword(tmp_path, traces()) == 1
    kept["objects"]["k"][2] = "as (forgotten)"
    assert json.loads((tmp_path / "listing.json").read_bytes()) == kept
    assert (tmp_path / "torn.json").read_text() == "{"
    assert reword(tmp_path, traces()) == 0


def test_no_runs_are_no_work(tmp_path):
    assert scrub_runs(tmp_path / "runs", traces(), saw=lambda run: True) == ()


def test_a_torn_tracker_file_keeps_its_whole_records():
    record = (3).to_bytes(8, "little") + b"crcc" + b"abc" + b"crcc"
    shown = (11).to_bytes(8, "little") + b"crcc" + b"..\x89PNG\r\n\x1a\n." + b"crcc"
    assert without_pictures(record + shown + record) == record + record
    assert without_pictures(record + record[:-2]) == record
    assert without_pictures(b"") == b""
