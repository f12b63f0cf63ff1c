"""Whether a month could run here now: one small check a thing it needs."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from scrubjay.core.errors import MissingExtra, ScrubjayError
from scrubjay.core.types import Modality
from scrubjay.retrain.health.finding import Finding, State
from scrubjay.retrain.health.installed import extras, python
from scrubjay.retrain.telling.notify import Notifier, NotifySettings
from scrubjay.retrain.telling.textfile import FILE
from scrubjay.store.home import Home
from scrubjay.store.lease import read_tenure

GIGABYTE = 10**9
LEAST_FREE = GIGABYTE
WANTED_FREE = 5 * GIGABYTE
VERSIONS_A_MONTH = 6
"""A challenger, its checkpoints and its package, each as large as the champion, at the worst."""
GENERATIONS_A_MONTH = 2
READ_AT_MOST = 10_000_000
"""Bytes of the one object that is read to see whether reading is allowed."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is examined: a home, and what its months are configured with.

    Attributes:
        source: `s3://bucket/prefix`, a folder, or None.
        textfile: the file metrics of a run go to, or None.
    """

    home: Home
    source: str | None
    notifier: Notifier
    textfile: Path | None

    @property
    def begin(self) -> str:
        """What brings a home its first items and version."""
        if self.source is None:
            return "scrubjay add FOLDER, then scrubjay train"
        return "the first month does it: scrubjay retrain"


def configured(home: Home, compose: Callable[[], Mapping[str, Any]]) -> tuple[Finding, Subject]:
    """What a composed configuration says of the months of a home.

    Args:
        compose: makes it; what it raises is what the finding says.
    """
    try:
        config = compose()
        from scrubjay.retrain.month_plan import plan_of

        plan = plan_of(config)
    except MissingExtra as error:
        finding = Finding("config", State.WARN, f"not composed: {error}")
    except ScrubjayError as error:
        finding = Finding("config", State.FAIL, str(error), "correct it; see docs/operations.md")
    else:
        said = f"months learn from {plan.data.source or 'what is added'}"
        metrics = None if plan.metrics.folder is None else Path(plan.metrics.folder) / FILE
        subject = Subject(home, plan.data.source, Notifier(plan.notify), metrics)
        return Finding("config", State.OK, said), subject
    return finding, Subject(home, None, Notifier(NotifySettings()), None)


def examine(subject: Subject, *, send: bool = False) -> Iterator[Finding]:
    """Look at everything, one finding after the other; nothing is changed.

    Args:
        send: send a test message to every notification address.
    """
    home = subject.home
    checks: Sequence[tuple[str, Callable[[], Finding]]] = (
        ("python", python),
        ("extras", extras),
        ("home", lambda: home_folder(home.path, begin=subject.begin)),
        ("disk", lambda: disk(home.path)),
        ("registry", lambda: registry(home, begin=subject.begin)),
        ("champion", lambda: champion(home, begin=subject.begin)),
        ("source", lambda: source(subject.source)),
        ("lease", lambda: lease(home)),
        ("notify", lambda: notifications(subject.notifier, send=send)),
        ("metrics", lambda: textfile(subject.textfile)),
    )
    for name, check in checks:
        try:
            yield check()
        except (ScrubjayError, OSError) as error:
            yield Finding(name, State.FAIL, str(error))


def home_folder(path: Path, *, begin: str) -> Finding:
    """The home can be read and written."""
    if not path.exists():
        nearest = next(one for one in path.parents if one.exists())
        if not os.access(nearest, os.W_OK | os.X_OK):
            return Finding(
                "home",
                State.FAIL,
                f"{path} is not there, and {nearest} is not writable",
                "create it for the user Scrubjay runs as, or give another with --home",
            )
        return Finding("home", State.WARN, f"{path} is not there yet", begin)
    unreadable = [one.name for one in path.iterdir() if not os.access(one, os.R_OK | os.W_OK)]
    if problem := _unwritable(path):
        return Finding("home", State.FAIL, problem, _OWN)
    if unreadable:
        return Finding(
            "home", State.FAIL, f"{', '.join(sorted(unreadable))} in {path}: no access", _OWN
        )
    return Finding("home", State.OK, f"{path} can be read and written")


_OWN = "give it to the user Scrubjay runs as (chown, chmod)"


def disk(home: Path) -> Finding:
    """There is room for a month."""
    nearest = next(one for one in (home, *home.parents) if one.exists())
    free = shutil.disk_usage(nearest).free
    wanted = max(WANTED_FREE, _a_month_writes(home))
    says = f"{free / GIGABYTE:.1f} GB free, a month here may want {wanted / GIGABYTE:.1f} GB"
    if free < LEAST_FREE:
        return Finding("disk", State.FAIL, says, "make room on the disk the home is on")
    if free < wanted:
        return Finding("disk", State.WARN, says, "make room before the collection grows")
    return Finding("disk", State.OK, says)


def registry(home: Home, *, begin: str) -> Finding:
    """The registry answers."""
    versions = home.registry.ids()
    if not versions:
        return Finding("registry", State.WARN, "no versions yet", begin)
    return Finding("registry", State.OK, f"it answers; versions: {len(versions)}")


def champion(home: Home, *, begin: str) -> Finding:
    """The version being served is what was registered, loads, and makes sound vectors."""
    from scrubjay.models.load import load_version

    now = home.registry.champion()
    if now is None:
        return Finding("champion", State.WARN, "nothing serves yet", begin)
    home.registry.verify(now.version)
    encoder = load_version(
        home.registry.folder(now.version), version=now.version, threads=home.settings.threads
    )
    if Modality.TEXT in encoder.spec.modalities:
        row = encoder.encode(Modality.TEXT, ["a test"])[0]
        if not np.isfinite(row).all() or abs(float(np.linalg.norm(row)) - 1) > 1e-3:
            return Finding(
                "champion",
                State.FAIL,
                f"{now.version} makes vectors that are not of length 1",
                "serve an earlier version: scrubjay rollback",
            )
    rows = home.generations.open(now.generation).count()
    says = f"{now.version} is as it was registered and loads; {rows:,} rows"
    if rows == 0:
        return Finding("champion", State.WARN, says, "nothing can be found: scrubjay add FOLDER")
    return Finding("champion", State.OK, says)


def source(url: str | None) -> Finding:
    """The source can be listed, and one of its objects read."""
    from scrubjay.store.bucket import Patience, open_bucket

    if url is None:
        return Finding("source", State.OK, "none configured: months learn from what is added")
    bucket = open_bucket(
        url, patience=Patience(connect_s=5, stall_s=15, answer_s=120, retries=2, retry_s=20)
    )
    objects = bucket.list()
    if not objects:
        return Finding(
            "source", State.WARN, f"{url} is empty", "check the prefix, or wait for the first data"
        )
    smallest = min(objects, key=lambda one: one.size)
    if smallest.size <= READ_AT_MOST:
        bucket.read(smallest.name, max_bytes=READ_AT_MOST)
    size = sum(one.size for one in objects)
    return Finding(
        "source", State.OK, f"{url}: {len(objects):,} objects, {size / GIGABYTE:.2f} GB, readable"
    )


def lease(home: Home) -> Finding:
    """Whether a run is going on."""
    tenure = read_tenure(home.lease)
    if tenure is None or tenure.holder is None:
        return Finding("lease", State.OK, "free")
    held = f"{tenure.holder}, since {datetime.fromtimestamp(tenure.since, UTC):%Y-%m-%d %H:%M} UTC"
    if not tenure.is_live():
        return Finding("lease", State.OK, f"free: {held}, ended without giving it back")
    return Finding(
        "lease",
        State.WARN,
        f"held by {held}",
        "wait for that run to end; scrubjay retrain leaves with 3 until then",
    )


def notifications(notifier: Notifier, *, send: bool) -> Finding:
    """Everybody who is to be told can be."""
    count = len(notifier)
    if count == 0:
        return Finding(
            "notify",
            State.WARN,
            "nobody is told how a month went",
            "set notify.urls (or $SCRUBJAY_NOTIFY) to apprise addresses",
        )
    if problems := notifier.check():
        return Finding("notify", State.FAIL, "; ".join(problems), "correct the addresses")
    if not send:
        return Finding(
            "notify", State.OK, f"addresses, all well formed: {count}; --send sends them a test"
        )
    if problems := notifier.test():
        return Finding(
            "notify",
            State.FAIL,
            "; ".join(problems),
            "check the address, its token and the network",
        )
    return Finding("notify", State.OK, f"a test was delivered; addresses: {count}")


def textfile(path: Path | None) -> Finding:
    """Metrics of a run can be written."""
    if path is None:
        return Finding("metrics", State.OK, "none configured")
    if not path.parent.is_dir():
        return Finding(
            "metrics",
            State.FAIL,
            f"there is no folder {path.parent}",
            "set metrics.folder to the node exporter's --collector.textfile.directory",
        )
    if problem := _unwritable(path.parent):
        return Finding("metrics", State.FAIL, problem, _OWN)
    return Finding("metrics", State.OK, f"{path.parent} can be written")


def _unwritable(folder: Path) -> str | None:
    """Why a file cannot be written there; it is tried, permissions alone do not tell."""
    trial = folder / f".doctor-{secrets.token_hex(4)}"
    try:
        trial.write_bytes(b"x")
    except OSError as error:
        return f"{folder} cannot be written: {error.strerror}"
    finally:
        trial.unlink(missing_ok=True)
    return None


def _a_month_writes(home: Path) -> int:
    """Bytes, from the largest version and generation the home's disk holds."""
    versions = [*home.glob("registry/versions/*"), *home.glob("cache/*/versions/*")]
    version = max(map(_size, versions), default=0)
    generation = max(map(_size, home.glob("generations/*.lance")), default=0)
    return VERSIONS_A_MONTH * version + GENERATIONS_A_MONTH * generation


def _size(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
