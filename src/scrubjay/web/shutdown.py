"""An end without a lost request: nobody new is let in, and who was let in is answered.

A server that only closes its listening socket resets every connection the kernel took on its
behalf a moment before. So the door is shut first: from then on the kernel ignores who knocks, and
the event loop takes up everybody who is inside. Clients that keep a connection open are told with
their next answer that it is the last.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import socket
import struct
import sys
import threading
import time
from types import FrameType
from typing import Final

import uvicorn

LOG = logging.getLogger("scrubjay.web")

TAKE_UP_S: Final = 0.1
"""For the event loop to accept what the kernel had taken before the door was shut."""
LEAVE_S: Final = 1.0
"""For clients with an open connection to send what they were about to, and be told to leave."""
HARD_S: Final = 5.0
"""After `shutdown_s`, for threads to end; then the process ends without them."""

_SO_ATTACH_FILTER: Final = 26  # Linux, asm-generic/socket.h
_SYN, _ACK = 0x02, 0x10
_IGNORE_WHO_KNOCKS: Final = b"".join(
    struct.pack("HBBI", *instruction)
    for instruction in (
        (0x30, 0, 0, 13),  # load the byte of flags; a TCP socket's filter sees the TCP header
        (0x54, 0, 0, _SYN | _ACK),
        (0x15, 0, 1, _SYN),  # a first packet, and not the end of a handshake under way:
        (0x06, 0, 0, 0),  # keep nothing of it
        (0x06, 0, 0, 0xFFFFFFFF),  # keep all of any other
    )
)
"""Classic BPF. Connections half made when the door is shut are still made, and answered."""


class GracefulServer(uvicorn.Server):
    """A uvicorn server that drops no request it accepted, and always ends.

    SIGTERM or SIGINT begins the end, another SIGINT hastens it. A clean end leaves with exit code
    0: for a server, being told to stop is the normal way to go.
    """

    def __init__(self, config: uvicorn.Config, *, shutdown_s: float) -> None:
        """Put it around a configuration.

        Args:
            shutdown_s: how long requests that were accepted have to end; the others are cancelled.
        """
        super().__init__(config)
        self._shutdown_s = shutdown_s
        self._hard_end: threading.Timer | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen until a signal ends it."""
        super().run(sockets)
        if self._hard_end is not None:
            self._hard_end.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the end."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut the door, answer who is inside, and leave."""
        began = time.monotonic()
        self._hard_end = _end_in_any_case(self._shutdown_s + HARD_S)
        for server in self.servers:
            for listening in server.sockets:
                shut(listening.fileno())
        self.server_state.default_headers.append((b"connection", b"close"))
        await asyncio.sleep(min(TAKE_UP_S, self._shutdown_s))
        leave_by = began + min(LEAVE_S, self._shutdown_s)
        while self.server_state.connections and not self.force_exit:
            if time.monotonic() > leave_by:
                break
            await asyncio.sleep(0.02)
        left = max(self._shutdown_s - (time.monotonic() - began), 0.01)
        self.config.timeout_graceful_shutdown = left  # type: ignore[assignment]
        await super().shutdown(sockets)


def shut(listening: int) -> None:
    """Let the kernel ignore new connections to a listening socket; those it took stay.

    Whoever knocks is not refused yet: its first packet is as if lost, and is sent again a second
    later, when the socket is closed or another server has it.

    Args:
        listening: its file descriptor.
    """
    if not sys.platform.startswith("linux"):
        return
    code = ctypes.create_string_buffer(_IGNORE_WHO_KNOCKS)
    count = len(_IGNORE_WHO_KNOCKS) // struct.calcsize("HBBI")
    program = struct.pack("HL", count, ctypes.addressof(code))
    with socket.socket(fileno=os.dup(listening)) as door:
        door.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def _end_in_any_case(after_s: float) -> threading.Timer:
    """A thread that cannot be interrupted must not keep the process; what lasts is crash-safe."""

    def end() -> None:
        LOG.error("work that does not end was left behind %.0f s after the signal", after_s)
        os._exit(1)

    timer = threading.Timer(after_s, end)
    timer.daemon = True
    timer.start()
    return timer
