"""Several processes train one run: the first begins, exports and registers it, the others help.

Lightning starts the others by running the same command again, with their rank in the environment;
on several machines, whoever starts the processes (torchrun, SLURM) does, and names the run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scrubjay.core.errors import NotReady, WrongUse
from scrubjay.core.protocols import silent
from scrubjay.retrain import steps
from scrubjay.retrain.run import CONFIG, Run, begun
from scrubjay.retrain.source import training_source
from scrubjay.store.home import Home

RUN: Final = "SCRUBJAY_RUN"
"""Names the run all processes work at."""
RANKS: Final = ("RANK", "SLURM_PROCID", "LOCAL_RANK")
"""Say which process this is, the first one that is set."""
PATIENCE_S: Final = 600.0
"""How long the first process may take to begin the run."""


def rank() -> int:
    """Which process this is, of those that train one run."""
    told = next((os.environ[name] for name in RANKS if os.environ.get(name)), "0")
    return int(told) if told.isdecimal() else 0


def run_name() -> str | None:
    """What the run is to be called; None: as the clock says.

    Raises:
        WrongUse: it is no name of a folder.
    """
    name = os.environ.get(RUN)
    if name and (Path(name).name != name or name.startswith(".")):
        raise WrongUse(f"{RUN}={name!r} is no name of a run; use letters, digits and -")
    return name or None


def is_helper() -> bool:
    """Whether this process helps another.

    Raises:
        WrongUse: it does not know with what.
    """
    if rank() == 0:
        return False
    if run_name() is None:
        raise WrongUse(
            f"this is process {rank()} of several, and they must agree on a run: set {RUN}=NAME "
            f"for all of them, the same new name for each training"
        )
    return True


@contextmanager
def let_help(run: Run) -> Iterator[None]:
    """Tell the processes that are started meanwhile what to help with."""
    before = os.environ.get(RUN)
    os.environ[RUN] = run.id
    try:
        yield
    finally:
        os.environ.pop(RUN)
        if before is not None:
            os.environ[RUN] = before


def help_fit(home: Home, *, resume: bool) -> Path:
    """Train with the others until they are done; return the run's folder."""
    folder = home.runs / str(run_name())
    until = time.monotonic() + PATIENCE_S
    while not (folder / CONFIG).exists():
        if time.monotonic() > until:
            raise NotReady(f"the first process did not begin {folder} in {PATIENCE_S:.0f} s")
        time.sleep(0.2)
    run = begun(folder)
    source = training_source(home, run.config, snapshot=run.snapshot, progress=silent)
    steps.fit_run(home, run, source, resume=resume, progress=silent, leads=False)
    return folder
