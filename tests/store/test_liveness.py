import os
import subprocess
import sys
from pathlib import Path

import pytest

from scrubjay.store.liveness import surely_dead, this_process

pytestmark = pytest.mark.skipif(this_process() is None, reason="no /proc on this system")
CODE = (
    "from scrubjay.store.liveness import this_process; print(this_process(), flush=True); input()"
)


@pytest.fixture
def other():
    process = subprocess.Popen(
        [sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


def test_a_process_that_runs_is_not_dead(other):
    mark = other.stdout.readline().strip()
    assert mark != this_process()
    assert not surely_dead(mark)
    assert not surely_dead(this_process())


def test_one_that_ended_is_dead_also_before_its_parent_has_looked(other):
    mark = other.stdout.readline().strip()
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert surely_dead(mark)
    other.wait()
    assert surely_dead(mark)


def test_another_process_with_the_same_number_is_another(other):
    place, number, started = other.stdout.readline().strip().rsplit(" ", 2)
    assert surely_dead(f"{place} {number} {int(started) - 1}")


def test_a_process_of_another_person_is_seen_to_run():
    """Process 1 is there, whoever asks; its start time is not ours to know in advance."""
    place = this_process().rsplit(" ", 2)[0]
    started = Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19]
    assert not surely_dead(f"{place} 1 {started}")


@pytest.mark.parametrize("mark", [None, "", "x", "1 2", "boot pid:[1] 1 1", "boot pid:[1] -1 1"])
def test_what_ran_elsewhere_or_is_no_mark_is_never_called_dead(mark):
    assert not surely_dead(mark)
