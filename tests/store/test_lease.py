import json
import os
import re
import subprocess
import sys
import threading
import time

import pytest

from scrubjay.core.config import REGISTRY_VARIABLE
from scrubjay.core.errors import Conflict, Damaged, LeaseHeld, WrongUse
from scrubjay.core.types import Champion
from scrubjay.store import lease as lease_module
from scrubjay.store.lease import acquire, read_tenure
from tests.store.holder import Holder
from tests.store.killing import killed
from tests.store.scenarios import build, opened


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lease.json"


def rewritten(path, **fields):
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **fields}))


def test_one_holds_it_and_the_other_is_told_who_since_when_until_when(path):
    lease = acquire(path, holder="machine a, process 7", ttl_s=60)
    with pytest.raises(LeaseHeld) as refused:
        acquire(path, holder="machine b", ttl_s=60)
    assert refused.value.exit_code == 3
    said = str(refused.value)
    assert "machine a, process 7" in said
    since, until = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", said)
    assert since < until
    lease.check()


def test_given_back_it_is_free_and_the_token_rises(path):
    tokens = []
    for _ in range(3):
        lease = acquire(path, holder="a", ttl_s=60)
        tokens.append(lease.token)
        lease.release()
        with pytest.raises(LeaseHeld, match="held by nobody"):
            lease.check()
    assert tokens == [1, 2, 3]
    assert read_tenure(path).holder is None


def test_a_token_is_above_the_fence_that_outlived_the_file(path):
    assert acquire(path, holder="a", ttl_s=60, above=41).token == 42


def test_of_many_that_ask_at_once_exactly_one_holds_it(path):
    outcomes, barrier = [], threading.Barrier(8)

    def ask(n):
        barrier.wait()
        try:
            outcomes.append(acquire(path, holder=str(n), ttl_s=60).token)
        except LeaseHeld:
            outcomes.append("held")

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [1, *["held"] * 7]


class Clocks:
    """The clocks a lease reads, which a test puts forward: a busy machine cannot."""

    def __init__(self):
        self.ahead = 0.0

    def time(self):
        return time.time() + self.ahead

    def clock_gettime(self, clock):
        return time.clock_gettime(clock) + self.ahead


@pytest.fixture
def clocks(monkeypatch):
    made = Clocks()
    monkeypatch.setattr(lease_module, "time", made)
    monkeypatch.setattr(lease_module, "RENEWALS", 600)
    return made


def until_renewed(path):
    before, until = read_tenure(path).renewed, time.monotonic() + 60
    while read_tenure(path).renewed == before:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_not_renewed_it_expires_for_the_holder_and_for_others(path, clocks):
    first = acquire(path, holder="a", ttl_s=60)
    first.check()
    clocks.ahead += 61
    with pytest.raises(LeaseHeld, match="expired"):
        first.check()
    with pytest.raises(LeaseHeld, match="expired"):
        first.renew()
    second = acquire(path, holder="b", ttl_s=60)
    assert second.token == first.token + 1
    with pytest.raises(LeaseHeld, match="held by b, since"):
        first.check()
    first.release()
    second.check()


def test_renewed_in_a_thread_it_outlasts_its_time(path, clocks):
    lease = acquire(path, holder="a", ttl_s=60)
    with lease.renewing():
        for _ in range(8):
            clocks.ahead += 20
            until_renewed(path)
            lease.check()
            with pytest.raises(LeaseHeld):
                acquire(path, holder="b", ttl_s=60)
    assert not [one for one in threading.enumerate() if "_renew_until" in one.name]


def test_a_renewal_that_fails_is_tried_again(path, monkeypatch, clocks):
    lease = acquire(path, holder="a", ttl_s=60)
    failed, renew = [], lease.renew

    def fails_first():
        if len(failed) < 2:
            failed.append(1)
            raise OSError("disk full")
        renew()

    monkeypatch.setattr(lease, "renew", fails_first)
    with lease.renewing():
        until_renewed(path)
        clocks.ahead += 30
        lease.check()
    assert len(failed) == 2


def test_a_clock_that_was_put_back_does_not_hold_it_for_ever(path):
    acquire(path, holder="a", ttl_s=60)
    rewritten(path, renewed=time.time() + 30)
    with pytest.raises(LeaseHeld):
        acquire(path, holder="b", ttl_s=60)
    rewritten(path, renewed=time.time() + 3600)
    assert acquire(path, holder="b", ttl_s=60).token == 2


def test_a_holder_that_was_killed_here_is_not_waited_for(tmp_path, path):
    assert killed("hold", tmp_path, "lease.after_replace")
    assert json.loads(path.read_bytes())["ttl_s"] == 600
    assert acquire(path, holder="b", ttl_s=60).token == 2


def test_killed_before_it_was_written_nobody_holds_it(tmp_path, path):
    assert killed("hold", tmp_path, "lease.before_replace")
    assert acquire(path, holder="b", ttl_s=60).token == 1


@pytest.mark.parametrize("elsewhere", [None, "another-boot pid:[4026531836] 1 1", "", "x", "1 2"])
def test_a_holder_elsewhere_is_waited_for_until_it_expires(path, elsewhere):
    acquire(path, holder="a", ttl_s=60)
    rewritten(path, process=elsewhere)
    with pytest.raises(LeaseHeld):
        acquire(path, holder="b", ttl_s=60)
    rewritten(path, renewed=time.time() - 61)
    assert acquire(path, holder="b", ttl_s=60).token == 2


@pytest.mark.parametrize(
    "written", [b"", b"{", b"[]", b"null", b"\xff", b'{"token": 1}', b'{"holder": "a"}']
)
def test_what_is_no_lease_says_what_to_do(path, written):
    path.write_bytes(written)
    with pytest.raises(Damaged, match="remove it when no run"):
        acquire(path, holder="a", ttl_s=60)


@pytest.mark.parametrize("field", ["token", "since", "renewed", "ttl_s"])
def test_a_lease_with_a_field_that_is_no_number_is_damaged(path, field):
    acquire(path, holder="a", ttl_s=60)
    rewritten(path, **{field: "soon"})
    with pytest.raises(Damaged):
        read_tenure(path)


@pytest.mark.parametrize("ttl", [0, -1, float("nan")])
def test_a_time_that_is_none_is_refused(path, ttl):
    with pytest.raises(WrongUse):
        acquire(path, holder="a", ttl_s=ttl)


def test_two_processes_at_once_exactly_one_proceeds(tmp_path):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from scrubjay.core.errors import LeaseHeld\n"
        "from scrubjay.store.lease import acquire\n"
        "try: acquire(Path(sys.argv[1]), holder=sys.argv[2], ttl_s=60)\n"
        "except LeaseHeld as error: print(error); sys.exit(error.exit_code)\n"
        "time.sleep(60)\n"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "lease.json"), f"run {n}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(2)
    ]
    try:
        deadline = time.monotonic() + 30
        while all(run.poll() is None for run in runs) and time.monotonic() < deadline:
            time.sleep(0.02)
        codes = [run.poll() for run in runs]
        assert sorted(codes, key=str) == [3, None]
        loser = codes.index(3)
        assert f"run {1 - loser}" in runs[loser].stdout.read()
    finally:
        for run in runs:
            run.kill()
            run.communicate()


# Paused past expiry (SIGSTOP), on the champion's pointer


TTL_S, LONG_S = 3.0, 600.0


def expired(path):
    """Let a holder that stands still look as if it had for long."""
    rewritten(path, renewed=time.time() - LONG_S)


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.slow)])
def served(request, tmp_path, monkeypatch):
    """A home that serves `old`, with `new` ready."""
    monkeypatch.delenv(REGISTRY_VARIABLE, raising=False)
    if request.param == "bucket":
        monkeypatch.setenv(REGISTRY_VARIABLE, request.getfixturevalue("s3").url("models"))
    registry = opened(tmp_path)
    version = registry.register(build, month="2026-11", lineage={}, metrics={}, card="")
    for name in ("old", "new", "newer"):
        versions = tmp_path / "generations" / f"{name}.lance" / "_versions"
        versions.mkdir(parents=True)
        (versions / "1.manifest").write_bytes(b"x")
    registry.publish(Champion(version, "old"), expected=None)
    return registry


def take_over(registry, path):
    lease = acquire(path, holder="the second", ttl_s=60, above=registry.fence)
    registry.claim(lease.token)
    return lease


def test_a_holder_that_renews_can_publish_after_its_first_time_has_passed(tmp_path, served):
    with Holder(tmp_path, TTL_S) as first:
        time.sleep(2 * TTL_S)
        assert first.told("publish") == "done"
    assert served.champion().generation == "new"


def test_a_holder_paused_past_expiry_cannot_publish_though_nobody_took_over(tmp_path, served):
    with Holder(tmp_path, TTL_S) as first:
        first.stop()
        time.sleep(TTL_S)
        first.go_on()
        assert first.told("publish").startswith("LeaseHeld: the lease of this run was not renewed")
    assert served.champion().generation == "old"


def test_a_holder_paused_past_expiry_cannot_publish_when_another_took_over(tmp_path, served, path):
    with Holder(tmp_path, LONG_S) as first:
        with pytest.raises(LeaseHeld, match="the first"):
            take_over(served, path)
        first.stop()
        expired(path)
        second = take_over(served, path)
        first.go_on()
        said = first.told("publish")
        assert said.startswith("LeaseHeld: this run no longer holds the lease")
        assert "the second" in said
        second.check()
    old = served.champion()
    assert old.generation == "old"
    newer = Champion(old.version, "newer")
    served.publish(newer, expected=old, fence=second.token)
    assert served.champion() == newer


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize(
    "where", ["stand still, then publish", "publish, and stand still before writing"]
)
def test_a_holder_paused_between_its_check_and_its_write_cannot_publish(
    tmp_path, served, path, where, published
):
    """What no check can see, the fence does: also when the champion is still the one expected."""
    with Holder(tmp_path, LONG_S) as first:
        first.ask(where)
        first.wait_stopped()
        expired(path)
        second = take_over(served, path)
        old = served.champion()
        if published:
            served.publish(Champion(old.version, "newer"), expected=old, fence=second.token)
        first.go_on()
        said = first.answer()
        if where == "stand still, then publish":
            assert said.startswith("Conflict: a later run has taken over")
        assert said.startswith("Conflict: ")
    assert served.champion().generation == ("newer" if published else "old")


def test_a_killed_holder_is_followed_at_once_and_its_token_is_refused(tmp_path, served, path):
    with Holder(tmp_path, 600) as first:
        first.kill()
        second = take_over(served, path)
        assert second.token == first.token + 1
    old = served.champion()
    with pytest.raises(Conflict, match="later run"):
        served.publish(Champion(old.version, "new"), expected=old, fence=first.token)


def test_a_killed_holder_that_nobody_has_waited_for_counts_as_ended(tmp_path, served, path):
    """Its parent may be slow: a zombie writes nothing any more."""
    with Holder(tmp_path, 600) as first:
        first._process.kill()
        os.waitid(os.P_PID, first._process.pid, os.WEXITED | os.WNOWAIT)
        assert take_over(served, path).token == first.token + 1
