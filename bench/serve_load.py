"""The clients of bench/serve.py: a process of their own, so that they take little from a server.

Each line on standard input is an order in JSON; each is answered by a line of figures. A client
sends its next request when the last was answered, over one connection, with a text nobody sent
before.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from serve_home import texts

SEARCHED = re.compile(rb'"took_ms":\s*\{[^}]*"search":\s*([0-9.]+)')
SEED = 7
AT_ONCE = 200_000


@dataclass
class Told:
    """Seconds of every request, and what else the answers say."""

    took: list[float] = field(default_factory=list)
    searched_ms: list[float] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


def main() -> None:
    asked = queries()
    next(asked)
    for line in sys.stdin:
        print(json.dumps(asyncio.run(loaded(json.loads(line), asked))), flush=True)


def queries() -> Iterator[str]:
    """Without end; so many are made at once that no measurement waits for more."""
    for seed in itertools.count(SEED):
        yield from texts(AT_ONCE, seed=seed)


async def loaded(order: dict[str, Any], asked: Iterator[str]) -> dict[str, Any]:
    """Let some clients ask for some seconds."""
    told = Told()
    cpu = time.process_time()
    began = time.perf_counter()
    end = began + order["seconds"]
    async with asyncio.TaskGroup() as clients:
        for _ in range(order["clients"]):
            clients.create_task(client(order, asked, end, told))
    seconds = time.perf_counter() - began
    return {
        "took": told.took,
        "searched_ms": told.searched_ms,
        "bad": told.bad[:3],
        "seconds": seconds,
        "client_cpu": (time.process_time() - cpu) / seconds,
    }


async def client(order: dict[str, Any], asked: Iterator[str], end: float, told: Told) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", order["port"])
    while time.perf_counter() < end:
        body = json.dumps({**order["body"], order["text"]: next(asked)}).encode()
        head = (
            f"POST {order['path']} HTTP/1.1\r\nHost: 127.0.0.1:{order['port']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        writer.write(head.encode() + body)
        status, answer = await answered(reader)
        told.took.append(time.perf_counter() - began)
        if status != 200 or order["expected"].encode() not in answer:
            told.bad.append(f"{status} {answer[:200]!r}")
        if found := SEARCHED.search(answer):
            told.searched_ms.append(float(found[1]))
    writer.close()


async def answered(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    size = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if size is None:
        raise RuntimeError(f"an answer without a length: {head!r}")
    return int(head.split(b" ", 2)[1]), await reader.readexactly(int(size[1]))


if __name__ == "__main__":
    main()
