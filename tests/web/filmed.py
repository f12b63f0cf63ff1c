"""A film of drawn scenes as a WebM file, and as an item of a home whose moments are found."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scrubjay import services
from scrubjay.core.types import Clue, Item, Kind, Modality, Picture, Split
from scrubjay.media.world.captions import plainest
from scrubjay.media.world.draw import SIDE, draw
from scrubjay.media.world.scene import Sampler
from scrubjay.store.home import Home
from scrubjay.store.rows import Row

SHOT_S = 2.0
RATE = 10
HEARD_RATE = 48_000


@dataclass(frozen=True)
class Shot:
    """A scene that is shown for SHOT_S seconds, with what is said and to be read in it."""

    picture: Picture
    caption: str
    said: str | None = None
    read: str | None = None


def shots(
    count: int, *, seed: int = 9, said: str | None = None, read: str | None = None
) -> list[Shot]:
    """Different scenes; what is said and read is so in the second."""
    drawn = np.random.default_rng(seed)
    made = []
    for number in range(count):
        scene = Sampler().scene(drawn)
        picture = draw(scene, drawn).picture
        words = {"said": said, "read": read} if number == 1 else {}
        made.append(Shot(picture, plainest(scene).text, **words))
    return made


def write_webm(
    path: Path,
    made: Sequence[Shot],
    *,
    codec: str = "libvpx-vp9",
    sound: str | None = "libopus",
    container: str = "webm",
) -> Path:
    """The scenes one after the other, and a tone; a key frame begins each."""
    av = pytest.importorskip("av", reason="no video to make: pip install 'scrubjay[video]'")
    with av.open(str(path), "w", format=container) as out:
        seen = out.add_stream(codec, rate=RATE)
        seen.width, seen.height, seen.pix_fmt = SIDE, SIDE, "yuv420p"
        seen.codec_context.gop_size = RATE
        heard = None
        if sound is not None:
            heard = out.add_stream(sound, rate=HEARD_RATE)
            heard.layout = "mono"
        for number in range(round(len(made) * SHOT_S * RATE)):
            frame = av.VideoFrame.from_ndarray(made[int(number / RATE / SHOT_S)].picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(seen.encode(frame))
        out.mux(seen.encode(None))
        if heard is not None:
            length = len(made) * SHOT_S
            times = np.arange(round(HEARD_RATE * length)) / HEARD_RATE
            tone = (0.2 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)[None]
            for at in range(0, tone.shape[1], 960):
                part = np.ascontiguousarray(tone[:, at : at + 960])
                piece = av.AudioFrame.from_ndarray(part, format="flt", layout="mono")
                piece.sample_rate, piece.pts = HEARD_RATE, at
                piece.time_base = Fraction(1, HEARD_RATE)
                out.mux(heard.encode(piece))
            out.mux(heard.encode(None))
    return path


def film_item(path: Path, made: Sequence[Shot], **said: object) -> Item:
    """What the catalog says of it."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    told = {
        "id": digest[:16],
        "kind": Kind.VIDEO,
        "uris": (str(path),),
        "sha256": digest,
        "group": digest[:16],
        "split": Split.TRAIN,
        "month": "2026-11",
        "size": path.stat().st_size,
        "width": SIDE,
        "height": SIDE,
        "duration_s": len(made) * SHOT_S,
    }
    return Item(**{**told, **said})


def moments_of(made: Sequence[Shot]) -> list[tuple[float, float]]:
    return [(SHOT_S * at, SHOT_S * (at + 1)) for at in range(len(made))]


def put_film(home: Home, item: Item, made: Sequence[Shot]) -> None:
    """Catalogue it, and index every shot as the champion sees, hears and reads it."""
    home.catalog.upsert([item])
    champion = services.current_champion(home)
    encoder = services.open_encoder(home, champion.version)
    rows, vectors = [], []
    for (begins, ends), shot in zip(moments_of(made), made, strict=True):
        told = [(Clue.SEEN, Modality.IMAGE, None, shot.picture)]
        told += [(Clue.SAID, Modality.TEXT, shot.said, shot.said)] if shot.said else []
        told += [(Clue.READ, Modality.TEXT, shot.read, shot.read)] if shot.read else []
        for clue, modality, text, media in told:
            rows.append(
                Row(item, modality, champion.version, begins, ends, clue, text, (begins, ends))
            )
            vectors.append(encoder.encode(modality, [media])[0])
    home.generations.open(champion.generation).add(rows, np.stack(vectors))
