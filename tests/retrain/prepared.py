"""A home whose first month came from a bucket, copied for every test that goes on from it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from scrubjay.cli.main import main
from scrubjay.core.protocols import Progress, silent
from scrubjay.store.home import Home
from tests.bucket import ObjectStore
from tests.retrain.bands import flags, write_month
from tests.retrain.months import FIRST, QUICK, Ran, opened

FAST = [*QUICK, "trainer.max_epochs=1", "gate.minimum_n=2"]
PREFIX = "incoming"
SECOND = "orange"
FIRST_COUNT, SECOND_COUNT = 72, 18
"""Items of the two months; enough are held out to learn a bridge from (50 content groups)."""


@dataclass
class Prepared:
    """What the first month left: a home, and the objects of its bucket."""

    home: Path
    bucket: str
    objects: Mapping[str, bytes]


def scrubjay(home: Path, *arguments: str) -> Ran:
    """A command as `scrubjay` runs it, in this process."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    given = ["scrubjay", *arguments, "--home", str(home), "--json"]
    with (
        mock.patch.object(sys, "argv", given),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    said = err.getvalue()
    assert "Traceback" not in said, said
    assert "this is a defect" not in said, said
    result = json.loads(out.getvalue()) if out.getvalue().startswith("{") else {}
    return Ran(code, out.getvalue(), said, result)


def elsewhere(*arguments: str, home: Path) -> Ran:
    """A command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "scrubjay", *arguments, "--home", str(home), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ},
    )
    assert "Traceback" not in done.stderr, done.stderr
    result = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return Ran(done.returncode, done.stdout, done.stderr, result)


def last_line(ran: Ran) -> str:
    """The one line that says what went wrong; nothing else may be an error."""
    lines = [line for line in ran.err.splitlines() if line.startswith("scrubjay: ")]
    assert len(lines) == 1, ran.err
    return lines[0]


@dataclass
class World:
    """A bucket with a first month in it and a home that has learned it."""

    s3: ObjectStore
    home: Path
    folder: Path

    @property
    def url(self) -> str:
        return self.s3.url(PREFIX)

    def upload(self, folder: Path, below: str) -> list[str]:
        """Put a folder's files; return their keys."""
        return upload(self.s3, folder, below)

    def second_month(self, *, most: int = SECOND_COUNT, **more: Any) -> list[str]:
        """Put `2026-02`: flags with a colour nobody has seen."""
        month = self.folder / "2026-02"
        write_month(month, (SECOND,), among=FIRST[:3], most=most, judged=2, **more)
        return self.upload(month, "2026-02")

    def retrain(self, *arguments: str, month: str = "2026-02", home: Path | None = None) -> Ran:
        """`scrubjay retrain` on the bucket."""
        given = [*FAST, f"data.source={self.url}", f"month={month}", *arguments]
        return scrubjay(home or self.home, "retrain", *given)

    def retrain_elsewhere(self, *, home: Path) -> Ran:
        """The same in a process of its own: names inside a graph count up within a process."""
        return elsewhere("retrain", *FAST, f"data.source={self.url}", "month=2026-02", home=home)

    def run(
        self,
        *overrides: str,
        month: str = "2026-02",
        progress: Progress = silent,
        human: Callable[[str], None] | None = None,
        **more: Any,
    ) -> Mapping[str, Any]:
        """The same without the command around it, to be looked at while it runs."""
        from scrubjay.cli.compose import compose
        from scrubjay.retrain.retrain import retrain

        asked = [*FAST, f"data.source={self.url}", f"month={month}", *overrides]
        config = compose(asked, config_name="retrain")
        return retrain(self.opened, config, progress=progress, human=human, **more)

    def copy(self, name: str) -> Path:
        """The home as it is now, elsewhere."""
        return Path(shutil.copytree(self.home, self.folder / name))

    @property
    def opened(self) -> Home:
        return opened(self.home)


def upload(s3: ObjectStore, folder: Path, below: str) -> list[str]:
    keys = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        keys.append(f"{PREFIX}/{below}/{path.relative_to(folder).as_posix()}")
        s3.put(keys[-1], path.read_bytes())
    return keys


def prepare(s3: ObjectStore, folder: Path) -> Prepared:
    """Run a first month from a new bucket."""
    s3.begin()
    write_month(folder / "2026-01", FIRST, most=FIRST_COUNT, judged=2)
    keys = upload(s3, folder / "2026-01", "2026-01")
    home = folder / "home"
    with mock.patch.dict(os.environ, s3.environment()):
        ran = scrubjay(home, "retrain", *FAST, f"data.source={s3.url(PREFIX)}", "month=2026-01")
    assert (ran.code, ran.result["status"]) == (0, "promoted"), ran.err
    return Prepared(home, s3.bucket, {key: s3.get(key) for key in keys})


def begin(s3: ObjectStore, prepared: Prepared, folder: Path) -> World:
    """The same bucket with nothing but its first month, and a home of its own."""
    s3.bucket = prepared.bucket
    for key in sorted(s3.keys()):
        if key not in prepared.objects:
            s3.delete(key)
    for key, data in prepared.objects.items():
        s3.put(key, data)
    home = Path(shutil.copytree(prepared.home, folder / "home"))
    return World(s3, home, folder)


def unseen(colour: str, count: int) -> list[tuple[str, ...]]:
    """Flags that show a colour, in an order that stays the same."""
    return flags((colour,), among=FIRST[:3])[:count]
