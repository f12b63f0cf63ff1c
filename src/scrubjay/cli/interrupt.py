"""Whether Ctrl-C was pressed: a library it reaches may turn it into an error of its own."""

from __future__ import annotations

import signal
import threading
from types import FrameType

_pressed = threading.Event()


def listen() -> None:
    """Remember Ctrl-C from here on; it interrupts as it did. Handlers of others stay theirs."""
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        signal.signal(signal.SIGINT, _remember)


def pressed() -> bool:
    """Whether it was, in this process."""
    return _pressed.is_set()


def _remember(signum: int, frame: FrameType | None) -> None:
    _pressed.set()
    signal.default_int_handler(signum, frame)
