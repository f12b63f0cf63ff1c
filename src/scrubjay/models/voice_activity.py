"""Where somebody speaks in a sound: silero VAD, by its own weights, without torch.

The network hears windows of 32 ms, each with the 4 ms before it, and keeps a state between them; it
says how likely it is that each has speech in it (github.com/snakers4/silero-vad). Its file comes
with the faster-whisper package; OpenVINO runs it three times as fast as ONNX Runtime, to the same
seventh digit.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadConfig, MissingExtra
from scrubjay.core.types import SAMPLE_RATE, Sound

WINDOW: Final = 512
CONTEXT: Final = 64
STATE: Final = 128
WINDOWS_AT_ONCE: Final = 256
"""Eight seconds, of which one copy is made."""
LEAD: Final = 4
"""Windows of silence it hears first: a word at once is otherwise missed one time in ten."""
MURMUR: Final = 1e-4
"""Noise it hears with it, at -80 dB: out of digital silence a word is otherwise missed one time in
thirty."""
WINDOW_S: Final = WINDOW / SAMPLE_RATE
PACKAGE, FILE = "faster_whisper", "assets/silero_vad_v6.onnx"

Chances = NDArray[np.float32]


class Span(NamedTuple):
    """Speech, from `start_s` to `end_s` seconds."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class SpeechRules:
    """When windows are taken together as speech.

    Attributes:
        begins: chance a span begins at.
        ends: chance below which a span may end.
        silence_s: for so long it must stay below, or the span goes on.
        least_s: a shorter span is none.
        longest_s: a longer span is cut where its second half is least likely speech.
        before_s: sound kept before a span; a window is only heard to be speech when it is over.
        after_s: sound kept after it.
    """

    begins: float = 0.5
    ends: float = 0.35
    silence_s: float = 0.3
    least_s: float = 0.17
    longest_s: float = 30.0
    before_s: float = 0.04
    after_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be followed.

        Raises:
            BadConfig: a value out of its range.
        """
        if not 0 < self.ends <= self.begins < 1:
            raise BadConfig("speech begins at a chance below 1 and ends at one above 0, not higher")
        if min(self.silence_s, self.least_s, self.before_s, self.after_s) < 0 or self.longest_s < 1:
            raise BadConfig("times must not be negative, and the longest span must be 1 s or more")


class VoiceActivity:
    """silero VAD; safe to be used by several threads."""

    def __init__(self) -> None:
        """Load the network.

        Raises:
            MissingExtra: its file is not installed.
        """
        self._network = _network()

    def chances(self, sound: Sound, *, lead: int = 0, murmur: float = 0.0) -> Iterator[Chances]:
        """Chance of speech in every window of 32 ms, some windows at a time.

        Args:
            sound: (samples,) at 16 kHz; what is missing of its last window is silence.
            lead: windows of silence that are heard first.
            murmur: deviation of the noise that is added; it is always the same.
        """
        run = self._network.create_infer_request()
        hidden = cell = np.zeros((1, 1, STATE), np.float32)
        step = WINDOW * WINDOWS_AT_ONCE
        for start in range(-lead * WINDOW, len(sound), step):
            inputs = {"input": _windows(sound, start, murmur), "h": hidden, "c": cell}
            found = run.infer(inputs, share_inputs=True)
            speech, hidden, cell = (np.array(found[place]) for place in range(3))
            yield speech.reshape(-1)

    def spans(self, sound: Sound, rules: SpeechRules | None = None) -> Iterator[Span]:
        """Where somebody speaks, in order; found while the sound is heard."""
        rules = rules or SpeechRules()
        length = len(sound) / SAMPLE_RATE
        found = _joined(self.chances(sound, lead=LEAD, murmur=MURMUR), rules, first=-LEAD)
        upcoming = next(found, None)
        before = 0.0
        while upcoming is not None:
            this, upcoming = upcoming, next(found, None)
            # Neighbours share the pause between them.
            after = length if upcoming is None else (this.end_s + upcoming.start_s) / 2
            start = max(before, this.start_s - rules.before_s)
            end = min(length, max(this.end_s, min(after, this.end_s + rules.after_s)))
            before = end if upcoming is None else max(end, after)
            yield Span(start, end)


def together(
    spans: Iterable[Span], *, longest_s: float, pause_s: float = math.inf
) -> Iterator[Span]:
    """Neighbours taken together, pauses and all, as long as they fit into `longest_s`.

    Args:
        spans: in order of time.
        longest_s: of spans taken together.
        pause_s: neighbours with a longer pause between them stay apart.
    """
    held: Span | None = None
    for span in spans:
        if held is not None and (
            span.end_s - held.start_s > longest_s or span.start_s - held.end_s > pause_s
        ):
            yield held
            held = None
        held = Span(held.start_s if held else span.start_s, span.end_s)
    if held is not None:
        yield held


def _windows(sound: Sound, start: int, murmur: float) -> Sound:
    """(windows, CONTEXT + WINDOW) from sample `start`, each with the samples before it."""
    stop = min(len(sound), start + WINDOW * WINDOWS_AT_ONCE)
    count = -(-(stop - start) // WINDOW)
    length = CONTEXT + count * WINDOW
    padded = np.zeros(length, np.float32)
    if murmur:
        padded += np.float32(murmur) * np.random.default_rng(0).standard_normal(length, np.float32)
    known = max(0, start - CONTEXT)
    padded[known - start + CONTEXT : stop - start + CONTEXT] += sound[known:stop]
    views = np.lib.stride_tricks.sliding_window_view(padded, CONTEXT + WINDOW)
    return np.ascontiguousarray(views[::WINDOW])


def _joined(chances: Iterator[Chances], rules: SpeechRules, *, first: int = 0) -> Iterator[Span]:
    """Spans of windows from number `first` on, not yet with the sound around them."""
    patience = max(1, round(rules.silence_s / WINDOW_S))
    longest = round(rules.longest_s / WINDOW_S)
    heard: list[float] = []
    after = first
    for chance in (one for some in chances for one in some.tolist()):
        after += 1
        if heard or chance >= rules.begins:
            heard.append(chance)
        if len(heard) >= patience and max(heard[-patience:]) < rules.ends:
            yield from _span(heard, after, rules)
            heard.clear()
        elif len(heard) >= longest:
            half = longest // 2
            rest = heard[half + int(np.argmin(heard[half:])) :]
            yield from _span(heard[: len(heard) - len(rest)], after - len(rest), rules)
            heard = rest
    yield from _span(heard, after, rules)


def _span(heard: list[float], after: int, rules: SpeechRules) -> Iterator[Span]:
    """The speech in windows that end before the window `after`, if it is long enough."""
    sure = [place for place, chance in enumerate(heard) if chance >= rules.begins]
    if not sure:
        return
    first = after - len(heard)
    begins, ends = first + sure[0], first + sure[-1] + 1
    if (ends - begins) * WINDOW_S >= rules.least_s:
        yield Span(begins * WINDOW_S, ends * WINDOW_S)


@lru_cache(maxsize=1)
def _network() -> Any:  # noqa: ANN401 - openvino.CompiledModel
    from scrubjay.models.runtime import openvino_core

    settings = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}
    return openvino_core().compile_model(_weights(), "CPU", settings)


def _weights() -> Path:
    """The file, found without importing the package it comes with."""
    package = importlib.util.find_spec(PACKAGE)
    for folder in (package.submodule_search_locations or ()) if package else ():
        if (file := Path(folder) / FILE).is_file():
            return file
    raise MissingExtra("hearing where somebody speaks", "speech")
