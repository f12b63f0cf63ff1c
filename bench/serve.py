"""Text query to ten of 100,000 vectors over HTTP, beside the bare encoder and infinity-emb.

    python bench/serve.py --peer-python /tmp/peer/bin/python

A text tower of ViT-B/32 size with random weights is registered and exported like any version, and
`scrubjay serve` serves it in a process of its own. The bare encoder is the same graphs called in a
loop by another process with the same threads. Clients are a third process; queries are of 6 to 14
words, no two alike. All take turns in rounds; figures are medians of the rounds with their range,
p99 is of all rounds together.

The peer embeds with the same weights by its default engine, torch. It needs an environment of its
own, and none of this project's:

    python -m venv /tmp/peer
    /tmp/peer/bin/pip install 'infinity-emb[server,torch]' torch==2.13.0
    /tmp/peer/bin/pip uninstall --yes torchvision

(without torchvision, which does not fit that torch where it comes along; pip takes transformers 4,
click 8.1 and typer 0.12 by itself, the ones it works with). The model's folder is written for it as
transformers 4 reads it, and of a text it reads 20 tokens: no query has more than 16.

Last the built-in encoder: seconds from `scrubjay serve` to its first yes at /readyz, and memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ingest import draw
from serve_home import built, filled_home, texts
from serve_processes import SCRUBJAY, asked, loads_torch, memory_mib, ours, peer, worker

HERE = Path(__file__).parent
BARE = "encode"
NAMES = {
    "search": "scrubjay, text to ten of the vectors",
    "embed": "scrubjay, text to embedding",
    "peer": "infinity-emb, text to embedding",
}


@dataclass
class Figures:
    """Of one way to ask, a value a round; `took` has the seconds of every request."""

    p50: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    searched: list[float] = field(default_factory=list)
    client_cpu: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)

    def add(self, told: Mapping[str, Any]) -> None:
        """Take what the clients tell of a round."""
        if told["bad"]:
            raise RuntimeError(f"answers were wrong: {told['bad']}")
        self.took += told["took"]
        self.p50.append(1000 * statistics.median(told["took"]))
        self.rate.append(len(told["took"]) / told["seconds"])
        self.client_cpu.append(100 * told["client_cpu"])
        if told["searched_ms"]:
            self.searched.append(statistics.median(told["searched_ms"]))


def main() -> None:
    given = arguments()
    if given.bare:
        return bare(given)
    with tempfile.TemporaryDirectory() as made:
        scratch = given.scratch or Path(made)
        version = built(scratch)
        if not given.only_start:
            compared(scratch, version, given)
        started(scratch, given)
    return None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each way in a round")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--peer-python", type=Path, help="of the environment infinity-emb is in")
    parser.add_argument("--scratch", type=Path, help="a folder to keep what was built")
    parser.add_argument("--only-start", action="store_true", help="measure only the start")
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def compared(scratch: Path, version: Path, given: argparse.Namespace) -> None:
    home = scratch / f"home-{given.rows}"
    filled_home(home, version, given.rows)
    with ExitStack() as running:
        port, pid = running.enter_context(ours(home, scratch / "ours.log"))
        orders = {"search": order(port, search=True), "embed": order(port, model="champion")}
        if given.peer_python:
            served = peer(given.peer_python, scratch / "peer", scratch / "peer.log")
            orders["peer"] = {
                **order(running.enter_context(served), model="bench"),
                "path": "/embeddings",
            }
            agree(orders["embed"], orders["peer"])
        until_in_memory(scratch / "ours.log")
        load = running.enter_context(worker([sys.executable, str(HERE / "serve_load.py")]))
        alone = running.enter_context(worker([sys.executable, __file__, "--bare", str(version)]))
        busy = os.getloadavg()[0]
        found = measured(orders, load, alone, given)
        print(
            f"median of {given.rounds} rounds of {given.seconds:g} s, {os.cpu_count()} cores, "
            f"{given.rows} vectors; machine's load before: {busy:.1f}\n"
        )
        report(found, given.clients)
        print(
            f"\nserver's memory {memory_mib(pid):.0f} MiB, at most {memory_mib(pid, 'VmHWM'):.0f}"
        )


def order(port: int, *, search: bool = False, model: str = "") -> dict[str, Any]:
    """What the clients are told to ask."""
    if search:
        return {
            "port": port,
            "path": "/v1/search",
            "text": "text",
            "body": {"k": 10},
            "expected": '"hits":[{',
        }
    return {
        "port": port,
        "path": "/v1/embeddings",
        "text": "input",
        "body": {"model": model},
        "expected": '"embedding":[',
    }


def agree(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    """Both servers have the same encoder, or nothing is compared."""
    vectors = []
    for one in (mine, theirs):
        body = {**one["body"], "input": texts(8, seed=1)}
        status, said = asked(one["port"], "POST", one["path"], body)
        if status != 200:
            raise RuntimeError(f"{status}: {said}")
        rows = np.array([each["embedding"] for each in said["data"]])
        vectors.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    least = float((vectors[0] * vectors[1]).sum(axis=1).min())
    if least < 0.99:
        raise RuntimeError(f"the servers' vectors differ: cosine {least:.3f}")
    print(f"vectors of both servers: cosine at least {least:.4f}")


def until_in_memory(log: Path) -> None:
    """Until the server says that it has read its index; one that never does is measured so."""
    end = time.monotonic() + 60
    while time.monotonic() < end and "in memory" not in log.read_text(errors="replace"):
        time.sleep(0.2)


def bare(given: argparse.Namespace) -> None:
    """One process: encodes one text after the other for as long as it is told."""
    import json

    from scrubjay.core.types import Modality
    from scrubjay.models.load import load_version

    encoder = load_version(given.bare, version="bench")
    asked_for = iter(texts(500_000, seed=3))
    for line in sys.stdin:
        took = []
        end = time.perf_counter() + json.loads(line)["seconds"]
        while (began := time.perf_counter()) < end:
            encoder.encode(Modality.TEXT, [next(asked_for)])
            took.append(time.perf_counter() - began)
        print(json.dumps(1000 * statistics.median(took)), flush=True)


def measured(
    orders: Mapping[str, dict[str, Any]],
    load: Callable[[Any], Any],
    alone: Callable[[Any], Any],
    given: argparse.Namespace,
) -> dict[tuple[str, int], Figures]:
    """Figures of every way and number of clients; the bare encoder's are of one."""
    found = {(name, clients): Figures() for name in orders for clients in given.clients}
    encoded = found[BARE, 1] = Figures()
    for turn in range(given.rounds + 1):
        # The first round is short and warms up.
        seconds = given.seconds if turn else min(2.0, given.seconds)
        ways = list(orders) if turn % 2 else list(orders)[::-1]
        for clients in given.clients:
            p50 = alone({"seconds": seconds}) if clients == given.clients[0] else None
            if turn and p50 is not None:
                encoded.p50.append(p50)
            for name in ways:
                told = load({**orders[name], "clients": clients, "seconds": seconds})
                if turn:
                    found[name, clients].add(told)
    return found


def report(found: Mapping[tuple[str, int], Figures], clients: list[int]) -> None:
    encoded = found[BARE, 1].p50
    line("bare encoder, one text", encoded, "ms")
    for (name, n), figures in found.items():
        if name == BARE:
            continue
        p99 = 1000 * float(np.percentile(figures.took, 99))
        print(f"\n{NAMES[name]}, {n} client{'s' * (n > 1)}")
        line("  p50", figures.p50, "ms", f"p99 {p99:.1f} ms of {len(figures.took)} requests")
        line("  requests", figures.rate, "/s", "")
        line("  the clients' own processor time", figures.client_cpu, "%", "of one core")
        if figures.searched:
            shares = ratios(figures.searched, figures.p50, 100)
            line("  the search itself", figures.searched, "ms")
            line("  its share of the p50", shares, "%")
        if name == "search" and n == 1:
            line("  p50 over the bare encoder's", ratios(figures.p50, encoded), "x", "aimed at 1.5")
    for n in clients:
        if ("peer", n) in found:
            many = ratios(found["embed", n].rate, found["peer", n].rate)
            line(f"\nrequests/s over the peer's, {n} clients", many, "x", "aimed at 4 or more")


def ratios(some: list[float], others: list[float], scale: float = 1) -> list[float]:
    return [scale * one / other for one, other in zip(some, others, strict=True)]


def line(name: str, figures: list[float], unit: str, remark: str = "") -> None:
    spread = f"[{min(figures):.2f}, {max(figures):.2f}]"
    print(f"{name:<42}{statistics.median(figures):9.2f} {unit:<4}{spread:<20}{remark}")


def started(scratch: Path, given: argparse.Namespace) -> None:
    """Start a home with the built-in encoder and some pictures, again and again."""
    home, pictures = scratch / "builtin", scratch / "pictures"
    if not home.exists():
        draw(pictures, argparse.Namespace(pictures=40, width=320, height=240))
        add = [*SCRUBJAY, "add", str(pictures), "--home", str(home)]
        subprocess.run(add, check=True, stdout=subprocess.DEVNULL)
    took, memory = [], []
    for _ in range(given.rounds + 1):
        began = time.perf_counter()
        with ours(home, scratch / "start.log") as (port, pid):
            took.append(time.perf_counter() - began)
            memory.append(memory_mib(pid))
            status, found = asked(port, "POST", "/v1/search", {"text": "a red apple"})
            if status != 200 or not found["hits"] or loads_torch(pid):
                raise RuntimeError(f"{status}: {found}; torch: {loads_torch(pid)}")
    print("\nbuilt-in encoder")
    line("  start to ready", took[1:], "s", "aimed at less than 2")
    line("  memory when ready", memory[1:], "MiB", "without torch")


if __name__ == "__main__":
    main()
