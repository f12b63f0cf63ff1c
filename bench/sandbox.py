"""What decoding in another process costs a spoken query, and what it keeps from the server.

    python bench/sandbox.py

Milliseconds from the bytes of a three-second recording to its samples, in this process and through
the sandbox, taken in turn: by the clock, and of processor time (of both processes), which a busy
machine does not stretch. Then the memory that one small file makes a decoder ask for.
"""

from __future__ import annotations

import argparse
import io
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from scrubjay.core.errors import BadMedia
from scrubjay.core.types import Sound
from scrubjay.media import audio
from scrubjay.media.sandbox import Sandbox

SECONDS = 3.0
FILES = (("WAV", 16_000), ("WAV", 48_000), ("OGG", 48_000), ("MP3", 44_100), ("FLAC", 44_100))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    times = parser.parse_args().times
    sandbox = Sandbox(1)
    began = time.perf_counter()
    sandbox.decode_sound(recorded("WAV", 16_000))
    print(
        f"first file, with the start of the process: {1000 * (time.perf_counter() - began):.0f} ms"
    )
    columns = ("here p50", "there p50", "more p50", "more p99", "processor")
    print(f"{'three seconds of':>17}" + "".join(f"{one:>11}" for one in columns))
    for name, rate in FILES:
        data = recorded(name, rate)
        sandbox = Sandbox(1)
        sandbox.decode_sound(data)
        (process,) = sandbox.processes()
        here, there, busy = [], [], []
        for _ in range(times):
            before = time.process_time_ns()
            here.append(timed(audio.decode_sound, data))
            between = time.process_time_ns()
            elsewhere = processor_ns(process)
            there.append(timed(sandbox.decode_sound, data))
            after = time.process_time_ns() - between + processor_ns(process) - elsewhere
            busy.append((after - (between - before)) / 1e6)
        more = np.array(there) - np.median(here)
        figures = (np.median(here), np.median(there), np.median(more), np.quantile(more, 0.99))
        label = f"{name} at {rate // 1000} kHz"
        print(f"{label:>17}" + "".join(f"{one:>11.2f}" for one in (*figures, np.median(busy))))
        sandbox.close()
    show_bomb()


def recorded(format: str, rate: int) -> bytes:
    import soundfile

    at = np.arange(round(SECONDS * rate)) / rate
    out = io.BytesIO()
    soundfile.write(out, 0.5 * np.sin(2 * np.pi * 440 * at), rate, format=format)
    return out.getvalue()


def timed(decode: Callable[[bytes], Sound], data: bytes) -> float:
    began = time.perf_counter()
    decode(data)
    return 1000 * (time.perf_counter() - began)


def processor_ns(process: int) -> int:
    """Processor time a process has used (Linux, scheduler statistics)."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0])


def show_bomb() -> None:
    data, sandbox = bomb(), Sandbox(1)
    sandbox.start()
    (process,) = sandbox.processes()
    for where, decode, status in (
        ("there", sandbox.decode_sound, f"/proc/{process}/status"),
        ("here", audio.decode_sound, "/proc/self/status"),
    ):
        try:
            decode(data)
        except BadMedia as error:
            reason = error.reason
        (peak,) = re.findall(r"VmPeak:\s+(\d+) kB", Path(status).read_text())
        print(f"a bomb of {len(data):,} bytes, {where}: {int(peak) // 1024:,} MB mapped ({reason})")
    sandbox.close()


def bomb() -> bytes:
    """A second of sound whose table of samples says it has eighty million of them."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        track = file.add_stream("aac", rate=44_100, layout="mono")
        samples = np.zeros((1, 44_100), np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = 44_100
        file.mux(track.encode(frame))
        file.mux(track.encode(None))
    data = bytearray(out.getvalue())
    sizes = data.index(b"stsz") + 8
    data[sizes : sizes + 8] = (1).to_bytes(4, "big") + (80_000_000).to_bytes(4, "big")
    return bytes(data)


if __name__ == "__main__":
    main()
