"""Files made on the spot, by the libraries that define their formats."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from scrubjay.core.types import Picture

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


def scenery(width: int = 96, height: int = 64, *, seed: int = 0) -> Picture:
    """A smooth random picture: what JPEG was made for."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smooth)


def saved(picture: Picture | Image.Image, format: str, **options: Any) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def tone(seconds: float = 0.5, rate: int = 16_000, *, pitch: float = 440.0) -> NDArray[np.float32]:
    time = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


def recorded(samples: NDArray[Any], rate: int, format: str, subtype: str | None = None) -> bytes:
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=format, subtype=subtype)
    return out.getvalue()


def by_ffmpeg(samples: NDArray[np.float32], rate: int, container: str, codec: str) -> bytes:
    av = pytest.importorskip("av", reason="needs the speech extra")
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        track = file.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
        frame.sample_rate = rate
        convert = av.AudioResampler(format=track.format.name, layout="mono", rate=rate)
        for part in convert.resample(frame):
            file.mux(track.encode(part))
        file.mux(track.encode(None))
    return out.getvalue()


def video() -> bytes:
    av = pytest.importorskip("av", reason="needs the speech extra")
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        track = file.add_stream("mpeg4", rate=10)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for seed in range(3):
            picture = scenery(64, 48, seed=seed)
            file.mux(track.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(track.encode(None))
    return out.getvalue()
