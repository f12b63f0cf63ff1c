"""`scrubjay forget` and `scrubjay rollback`, as a person and a script call them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from scrubjay import services
from scrubjay.cli import forget as forgetting
from scrubjay.cli import rollback as rolling
from scrubjay.core.errors import UnknownName, WrongUse
from scrubjay.store.lease import acquire
from tests.cli.conftest import Registered

runner = CliRunner()
app = typer.Typer()
app.command("forget")(forgetting.forget)
app.command("rollback")(rolling.rollback)


@pytest.fixture
def path(champion_home, tmp_path):
    """A home of our own to take things out of."""
    shutil.copytree(champion_home.path, tmp_path / "home")
    shutil.rmtree(tmp_path / "home" / "runs", ignore_errors=True)  # others' reports show its items
    return tmp_path / "home"


def run(path, *arguments, **options):
    result = runner.invoke(app, [*arguments, "--home", str(path)], **options)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def ids(path):
    return [item.id for item in services.open_home(path).catalog.items()]


def test_forgotten_at_once_with_yes_and_json_says_what_was_removed(path):
    one, *rest = ids(path)
    told = json.loads(run(path, "forget", one, "--yes", "--json").stdout)
    assert told == {"forgotten": [one], "rows": 1, "media": 0, "set_aside": 0, "files": []}
    assert ids(path) == rest


def test_a_script_must_say_yes_itself(path):
    before = ids(path)
    with pytest.raises(WrongUse, match="--yes"):
        run(path, "forget", before[0])
    assert ids(path) == before


def test_a_person_is_asked_and_may_decline(path, monkeypatch):
    monkeypatch.setattr("scrubjay.cli.forget._asks_a_person", lambda: True)
    before = ids(path)
    declined = run(path, "forget", before[0], input="n\n")
    assert declined.exit_code == 1
    assert before[0] in declined.stderr
    assert ids(path) == before
    assert run(path, "forget", before[0], input="y\n").exit_code == 0
    assert ids(path) == before[1:]


def test_a_whole_folder_is_forgotten(path, champion_home):
    told = json.loads(
        run(path, "forget", "--source", str(champion_home.folder), "--yes", "--json").stdout
    )
    assert len(told["forgotten"]) == 5
    assert ids(path) == []


def test_what_was_forgotten_can_be_allowed_again(path):
    one, *_ = ids(path)
    sha256 = services.open_home(path).catalog.get(one).sha256
    run(path, "forget", one, "--yes")
    told = json.loads(run(path, "forget", "--allow", one, "--json").stdout)
    assert told == {"allowed": [sha256]}
    with pytest.raises(UnknownName):
        run(path, "forget", "--allow", "nobody")


def test_an_unknown_id_and_mixed_options_are_refused(path):
    with pytest.raises(UnknownName):
        run(path, "forget", "nobody", "--yes")
    with pytest.raises(WrongUse, match="not both"):
        run(path, "forget", "x", "--source", "/somewhere", "--yes")
    with pytest.raises(WrongUse, match="stands alone"):
        run(path, "forget", "x", "--allow", "y")


def test_without_an_id_what_was_interrupted_is_finished(path):
    home = services.open_home(path)
    one, *rest = ids(path)
    home.forgotten.add([one], [home.catalog.get(one).sha256], version=None)
    assert "forgotten: 1 items" in run(path, "forget").stdout
    assert ids(path) == rest
    assert "nothing to forget" in run(path, "forget").stdout


@pytest.mark.parametrize(("arguments", "code"), [(["nobody", "--yes"], 2), (["{id}"], 2)])
def test_wrong_use_leaves_with_its_code(path, arguments, code):
    given = [one.format(id=ids(path)[0]) for one in arguments]
    assert real(path, "forget", *given).returncode == code


def test_during_a_run_it_leaves_with_the_code_of_a_held_lease(path):
    lease = acquire(services.open_home(path).lease, holder="a run", ttl_s=600)
    done = real(path, "forget", ids(path)[0], "--yes")
    assert done.returncode == 3
    assert "a run" in done.stderr
    lease.release()
    assert real(path, "forget").returncode == 0
    assert len(ids(path)) == 4


def real(path, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "scrubjay", *arguments, "--home", str(path)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_rollback_says_what_serves_and_what_did(path, champion_home, monkeypatch):
    monkeypatch.setattr(
        "scrubjay.retrain.serving.load_version",
        lambda folder, *, version="", threads=0: Registered(version),
    )
    home = services.open_home(path)

    def build(staging):
        (staging / "export").mkdir()
        (staging / "export" / "encoder.json").write_text("{}")

    newer = home.registry.register(build, month="2026-12", lineage={}, metrics={}, card="fake")
    services.set_champion(home, newer, progress=lambda *_: None)
    told = json.loads(run(path, "rollback", "--json").stdout)
    assert told.pop("took_s") > 0
    assert told == {
        "version": champion_home.version,
        "generation": champion_home.version,
        "before": newer,
        "gone": 0,
        "embedded": 0,
    }
    assert newer in run(path, "rollback", newer).stdout
