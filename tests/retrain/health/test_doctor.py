"""Each check of the doctor, on things as they should be and as they should not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import namedtuple
from importlib import metadata
from pathlib import Path

import pytest

from scrubjay.core.config import Settings
from scrubjay.core.errors import BadConfig, MissingExtra, NotReady, WrongUse
from scrubjay.retrain.health import doctor, installed
from scrubjay.retrain.health.doctor import Subject, configured, examine
from scrubjay.retrain.health.finding import State
from scrubjay.retrain.telling.notify import Notifier, NotifySettings
from scrubjay.store.home import Home
from scrubjay.store.lease import acquire
from tests.retrain.telling.listening import HOST, Listener, dead_port

UNWRITABLE = Path("/proc")
"""Not even root may write there."""
needs_proc = pytest.mark.skipif(not UNWRITABLE.is_dir(), reason="no /proc here")


@pytest.fixture(autouse=True)
def _straight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", HOST)
    monkeypatch.delenv("SCRUBJAY_NOTIFY", raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(Settings(home=tmp_path / "home"))


def test_this_python_is_one_scrubjay_runs_on_and_others_are_told_apart(monkeypatch) -> None:
    assert installed.python().state is State.OK
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    finding = installed.python()
    assert finding.state is State.FAIL
    assert finding.says.startswith("3.9.2, scrubjay ")
    assert ">=3.11" in finding.do


@pytest.mark.parametrize(
    ("version", "wanted", "within"),
    [
        ((3, 11), "<3.14,>=3.11", True),
        ((3, 13), ">=3.11,<3.14", True),
        ((3, 14), ">=3.11,<3.14", False),
        ((3, 9), ">=3.11", False),
        ((3, 9), "", True),
    ],
)
def test_a_range_of_versions_is_read_as_packages_write_it(version, wanted, within) -> None:
    assert installed._within(version, wanted) is within


def test_extras_that_a_month_needs_are_named_with_how_to_get_them(monkeypatch) -> None:
    wanted = [
        "numpy>=2",
        "numpy>=2; extra == 'hf'",
        "numpy>=2; extra == 'train'",
        "no-such-package-a>=1; extra == 'train'",
        'no-such-package-b; extra == "month"',
        "no-such-package-a; extra == 'all'",
    ]
    monkeypatch.setattr(metadata, "requires", lambda name: wanted)
    finding = installed.extras()
    assert finding.state is State.WARN
    assert finding.says == (
        "installed: hf; not: train, month (no-such-package-a, no-such-package-b not installed)"
    )
    assert finding.do == "to retrain here: pip install 'scrubjay[train,month]'"


def test_extras_that_a_month_does_not_need_are_no_warning(monkeypatch) -> None:
    monkeypatch.setattr(
        metadata, "requires", lambda name: ["numpy; extra == 'train'", "no-such; extra == 'vlm'"]
    )
    finding = installed.extras()
    assert (finding.state, finding.says) == (State.OK, "installed: train; not: vlm")


def test_a_home_is_tried_by_writing_and_left_as_it_was(home: Home) -> None:
    assert doctor.home_folder(home.path, begin="").state is State.OK
    assert list(home.path.iterdir()) == []


def test_a_home_that_is_not_there_yet_is_no_failure(tmp_path: Path) -> None:
    finding = doctor.home_folder(tmp_path / "deep" / "home", begin="scrubjay add FOLDER")
    assert finding.state is State.WARN
    assert "scrubjay add FOLDER" in finding.do


@needs_proc
def test_a_home_nobody_can_write_fails_with_what_to_do() -> None:
    finding = doctor.home_folder(UNWRITABLE, begin="")
    assert finding.state is State.FAIL
    assert "chown" in finding.do


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("free", "state"),
    [(5 * 10**8, State.FAIL), (2 * 10**9, State.WARN), (10**11, State.OK)],
)
def test_room_on_the_disk(free: int, state: State, home: Home, monkeypatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 10**12 - free, free))
    assert doctor.disk(home.path / "not" / "there").state is state


def test_room_a_month_wants_grows_with_its_versions_and_generations(
    home: Home, monkeypatch
) -> None:
    for name, size in {"registry/versions/a": 2, "registry/versions/b": 1}.items():
        (home.path / name).mkdir(parents=True)
        with (home.path / name / "model.safetensors").open("wb") as file:
            file.truncate(size * 10**9)
    (home.path / "generations" / "a.lance").mkdir(parents=True)
    with (home.path / "generations" / "a.lance" / "data").open("wb") as file:
        file.truncate(3 * 10**9)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 0, 17 * 10**9))
    finding = doctor.disk(home.path)
    assert finding.state is State.WARN
    assert "18.0 GB" in finding.says


@pytest.mark.parametrize(
    ("source", "advice"),
    [(None, "scrubjay add FOLDER, then scrubjay train"), ("in", "scrubjay retrain")],
)
def test_a_new_home_is_told_how_it_begins(source: str | None, advice: str, tmp_path: Path) -> None:
    home = Home(Settings(home=tmp_path / "home"))
    subject = doctor.Subject(home, source, Notifier(NotifySettings()), None)
    found = {one.name: one for one in doctor.examine(subject)}
    for name in ("home", "registry", "champion"):
        assert found[name].state is State.WARN
        assert advice in found[name].do


def test_a_folder_as_source(tmp_path: Path) -> None:
    assert doctor.source(None).state is State.OK
    (tmp_path / "in").mkdir()
    assert doctor.source(str(tmp_path / "in")).state is State.WARN
    (tmp_path / "in" / "a.txt").write_text("hello")
    finding = doctor.source(str(tmp_path / "in"))
    assert finding.state is State.OK
    assert "1 objects" in finding.says


def test_a_source_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises((WrongUse, NotReady), match="nowhere"):
        doctor.source(str(tmp_path / "nowhere"))


def test_a_bucket_as_source_is_listed_and_read(s3) -> None:
    s3.put("drops/a.txt", b"hello")
    assert doctor.source(s3.url("drops")).state is State.OK
    s3.proxy.fail("a.txt", status=403)
    finding = findings(source=s3.url("drops"))["source"]
    assert finding.state is State.FAIL
    assert "credentials" in finding.says


def findings(home: Home | None = None, *, send: bool = False, **given):
    subject = Subject(
        home or Home(Settings(home=Path("/nonexistent/home"))),
        given.get("source"),
        Notifier(given.get("notify", NotifySettings())),
        given.get("textfile"),
    )
    return {one.name: one for one in examine(subject, send=send)}


def test_everything_is_looked_at_once_whatever_fails(home: Home) -> None:
    (home.path / "lease.json").write_text("no lease")
    (home.path / "registry").mkdir()
    (home.path / "registry" / "champion.json").write_text("{")
    found = findings(home, source="ftp://x")
    assert list(found) == [
        "python", "extras", "home", "disk", "registry", "champion", "source", "lease", "notify",
        "metrics",
    ]  # fmt: skip
    failed = {name for name, one in found.items() if one.state is State.FAIL}
    assert failed == {"champion", "source", "lease"}
    assert "champion.json" in found["champion"].says
    assert "s3://" in found["source"].says
    assert "lease.json" in found["lease"].says


def test_the_lease_is_free_held_or_left_behind(home: Home) -> None:
    path = home.path / "lease.json"
    assert doctor.lease(home).says == "free"
    lease = acquire(path, holder="me", ttl_s=60)
    finding = doctor.lease(home)
    assert finding.state is State.WARN
    assert finding.says.startswith("held by me, since ")
    assert "leaves with 3" in finding.do
    lease.check()
    lease.release()
    assert doctor.lease(home).says == "free"
    program = (
        "import sys, pathlib\n"
        "from scrubjay.store.lease import acquire\n"
        "acquire(pathlib.Path(sys.argv[1]), holder='the late one', ttl_s=600)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True, timeout=280)
    finding = doctor.lease(home)
    assert finding.state is State.OK
    assert finding.says.startswith("free: the late one, since ")


def test_nobody_to_tell_is_a_warning_and_a_malformed_address_a_failure() -> None:
    assert findings()["notify"].state is State.WARN
    finding = findings(notify=NotifySettings(urls=("nosuch://T0K3N",)))["notify"]
    assert finding.state is State.FAIL
    assert "notify.urls[0]" in finding.says
    assert "T0K3N" not in finding.says


def test_a_test_message_is_sent_only_when_asked_for() -> None:
    with Listener() as there:
        notify = NotifySettings(failure=(there.url(),))
        assert findings(notify=notify)["notify"].state is State.OK
        assert there.received == []
        assert findings(notify=notify, send=True)["notify"].state is State.OK
        assert len(there.received) == 1
    dead = NotifySettings(failure=(f"json://{HOST}:{dead_port()}",), retries=0)
    finding = findings(notify=dead, send=True)["notify"]
    assert finding.state is State.FAIL
    assert finding.says.startswith("notify.failure[0] (json://***): ")


def test_the_folder_of_metrics_is_tried(tmp_path: Path) -> None:
    assert doctor.textfile(None).state is State.OK
    assert doctor.textfile(tmp_path / "scrubjay.prom").state is State.OK
    assert list(tmp_path.iterdir()) == []
    finding = doctor.textfile(tmp_path / "missing" / "scrubjay.prom")
    assert finding.state is State.FAIL
    assert "metrics.folder" in finding.do


@needs_proc
def test_a_folder_of_metrics_nobody_can_write_fails() -> None:
    assert doctor.textfile(UNWRITABLE / "scrubjay.prom").state is State.FAIL


def test_what_a_configuration_says_is_what_is_examined(home: Home) -> None:
    config = {
        "data": {"source": "s3://pictures/in"},
        "notify": {"urls": ["json://localhost"]},
        "metrics": {"folder": "/srv/metrics"},
    }
    finding, subject = configured(home, lambda: config)
    assert finding.state is State.OK
    assert (subject.source, len(subject.notifier)) == ("s3://pictures/in", 1)
    assert subject.textfile == Path("/srv/metrics/scrubjay.prom")


@pytest.mark.parametrize(
    ("error", "state"),
    [(BadConfig("no such key"), State.FAIL), (MissingExtra("composing", "train"), State.WARN)],
)
def test_a_configuration_that_cannot_be_composed_is_a_finding(error, state, home: Home) -> None:
    def compose():
        raise error

    finding, subject = configured(home, compose)
    assert (finding.state, subject.source, subject.textfile) == (state, None, None)
    assert str(error) in finding.says
