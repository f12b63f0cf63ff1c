"""Does a search say "nothing here is close enough" when it should? At 1,000 and 100,000 items.

    python bench/cutoff.py --sizes 1000 100000

Scenes are drawn, described and spoken by the world the encoder in the box comes from, without a
fifth of the kinds of thing it knows and without the twelve it was never shown. The cutoff is fitted
as a home fits it, from half of the collection; then strangers ask: for scenes of the other half, in
words, drawings and voices of their own, and for kinds that are nowhere in the collection. One
thread; most of the time goes into drawing and embedding, which `--cache FOLDER` keeps.
Needs espeak-ng.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Item, Kind, Media, Modality, Split
from scrubjay.media.world.captions import caption, plainest
from scrubjay.media.world.draw import draw
from scrubjay.media.world.scene import Sampler, Scene, Template
from scrubjay.media.world.speak import Speaker, any_voice
from scrubjay.media.world.things import Language, familiar, newcomers
from scrubjay.models.load import load_trainable, load_version
from scrubjay.search.calibrate import Fitted, calibrate
from scrubjay.search.cutoff import Cutoffs
from scrubjay.store.generations import Generations
from scrubjay.store.index import Generation, Row

VERSION = "bench"
SEED = 5
LEFT_OUT = 31
"""Kinds of thing the encoder knows that are nowhere in the collection."""
TWICE = 600
"""Of the first scenes, those that may ask have a second picture and a recording."""
QUERIES = 200
AT_ONCE = 64
PLAIN = (Template.ONE, Template.COUNT, Template.PLACE, Template.SOME)

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class World:
    """What is drawn, and what is not."""

    there: Sampler
    left_out: Sampler
    never_shown: Sampler

    @classmethod
    def divided(cls) -> World:
        """A fifth of the familiar things is left out."""
        known = [int(one) for one in np.random.default_rng(SEED).permutation(familiar())]
        return cls(
            Sampler(shown=tuple(known[LEFT_OUT:])),
            Sampler(shown=tuple(known[:LEFT_OUT]), shapes=0.0),
            Sampler(shown=newcomers(), shapes=0.0),
        )


def main() -> None:
    """Fit and measure at every size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--cache", type=Path, help="keeps what was drawn and embedded")
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        encoder = exported(Path(scratch) / "version")
        cache = given.cache or Path(scratch)
        cache.mkdir(parents=True, exist_ok=True)
        world = World.divided()
        scenes = drawn_scenes(world, max(given.sizes))
        pictures = embedded(encoder, scenes, cache)
        print(f"drawn and embedded: {time.monotonic() - began:.0f} s", flush=True)
        asked = strangers(encoder, world, scenes[: min(given.sizes)])
        files: list[Path] = []
        for size in sorted(given.sizes):
            place = Path(scratch) / f"of-{size}"
            items, generation = collection(encoder, scenes[:size], pictures[:size], place)
            fitted, path = fit(encoder, generation, items, place)
            report(fitted)
            for file in [*files, path]:
                measure(encoder, generation, file, asked)
            files.append(path)
    print(f"in all {time.monotonic() - began:.0f} s")


def exported(folder: Path) -> Encoder:
    """The encoder in the box as it serves, on one thread."""
    (folder / "export").mkdir(parents=True)
    load_trainable("builtin", source="shipped").export(folder / "export")
    return load_version(folder, version=VERSION, threads=1)


def drawn_scenes(world: World, n: int) -> list[Scene]:
    """Plans of pictures; a smaller number begins as a larger one does."""
    random = np.random.default_rng([SEED, 1])
    return [world.there.scene(random) for _ in range(n)]


def embedded(encoder: Encoder, scenes: Sequence[Scene], cache: Path) -> Vectors:
    """(n, dim) of one drawing each."""
    name = hashlib.sha256(f"{encoder.spec.fingerprint} {len(scenes)}".encode()).hexdigest()[:16]
    path = cache / f"pictures-{name}.npy"
    if not path.exists():
        random = np.random.default_rng([SEED, 2])
        np.save(path, encoded(encoder, Modality.IMAGE, (draw(one, random)[0] for one in scenes)))
    found: Vectors = np.load(path)
    return found


def encoded(encoder: Encoder, modality: Modality, media: Iterator[Media]) -> Vectors:
    """(n, dim); no more than a batch is in memory."""
    done, batch = [], []
    for one in media:
        batch.append(one)
        if len(batch) == AT_ONCE:
            done.append(encoder.encode(modality, batch))
            batch = []
    return np.concatenate([*done, encoder.encode(modality, batch)])


def collection(
    encoder: Encoder, scenes: Sequence[Scene], pictures: Vectors, folder: Path
) -> tuple[list[Item], Generation]:
    """A generation with a picture a scene, a second one and a recording of some."""
    random = np.random.default_rng([SEED, 3])
    speaker = Speaker()
    rows, vectors = [], [pictures]
    for at, scene in enumerate(scenes):
        rows.append(row(at, Kind.IMAGE, "a", scene, random))
    twice = [at for at in range(min(TWICE, len(scenes))) if may_ask(at)]
    rows += [row(at, Kind.IMAGE, "b", scenes[at], random) for at in twice]
    rows += [row(at, Kind.SPEECH, "c", scenes[at], random) for at in twice]
    again = (draw(scenes[at], random)[0] for at in twice)
    vectors.append(encoded(encoder, Modality.IMAGE, again))
    vectors.append(encoded(encoder, Modality.SPEECH, spoken(speaker, scenes, twice, random)))
    generation = Generations(folder).create(
        VERSION, dim=encoder.spec.dim, attribute_types={}, version=VERSION
    )
    every = np.concatenate(vectors)
    for start in range(0, len(rows), 10_000):
        generation.add(rows[start : start + 10_000], every[start : start + 10_000])
    generation.optimise()
    return [one.item for one in rows], generation


def row(at: int, kind: Kind, which: str, scene: Scene, random: np.random.Generator) -> Row:
    """An item of a scene: the plainest sentence about it and another one."""
    name = f"{at:06d}{which}"
    other = caption(scene, Language.ENGLISH, random).text
    item = Item(
        id=name,
        kind=kind,
        uris=(f"/{name}",),
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        group=f"g{at:06d}",
        split=Split.TEST,
        month="2026-11",
        size=1,
        captions=tuple(dict.fromkeys((plainest(scene).text, other))),
    )
    return Row(item, Modality.IMAGE if kind is Kind.IMAGE else Modality.SPEECH, VERSION)


def may_ask(at: int) -> bool:
    """Whether the cutoff is fitted with a scene's questions; the others are for strangers."""
    return at % 2 == 0


def spoken(
    speaker: Speaker, scenes: Sequence[Scene], which: Sequence[int], random: np.random.Generator
) -> Iterator[Media]:
    """Scenes said by voices the encoder never heard."""
    for at in which:
        voice = any_voice(Language.ENGLISH, random, held_out=True)
        yield speaker.say(plainest(scenes[at]).text, voice).sound


def fit(
    encoder: Encoder, generation: Generation, items: Sequence[Item], folder: Path
) -> tuple[Fitted, Path]:
    """As a home does it."""
    began = time.monotonic()
    asking = frozenset(one.id for one in items if may_ask(int(one.id[:6])))
    fitted = calibrate(generation, items, encoder, asking=asking)
    path = folder / "cutoff.json"
    path.write_text(json.dumps(fitted.calibration.to_json()), encoding="utf-8")
    print(f"\n{len(items):,} items, fitted in {time.monotonic() - began:.0f} s", flush=True)
    return fitted, path


def report(fitted: Fitted) -> None:
    """Every way that was tried, on questions it was not fitted on."""
    for name, laws in fitted.tried.items():
        tried = ", ".join(
            f"{law.way} {100 * law.measured.kept:.1f} / {100 * law.measured.empty:.1f}"
            for law in laws
        )
        taken = [law.way for law in fitted.calibration.laws.get(name, ())]
        print(f"  {name}: kept / empty {tried or 'too few questions'}; taken: {taken or 'none'}")


def strangers(
    encoder: Encoder, world: World, scenes: Sequence[Scene]
) -> dict[str, dict[Modality, Vectors]]:
    """What is asked for -> its queries, in every modality."""
    random = np.random.default_rng([SEED, 4])
    speaker = Speaker()
    others = [scene for at, scene in enumerate(scenes) if not may_ask(at)][:QUERIES]
    asked = {
        "there": others,
        "a kind left out": absent(world.left_out, random),
        "a kind never shown": absent(world.never_shown, random),
    }
    making: dict[Modality, Callable[[Sequence[Scene]], Iterator[Media]]] = {
        Modality.TEXT: lambda some: (caption(s, Language.ENGLISH, random).text for s in some),
        Modality.IMAGE: lambda some: (draw(s, random)[0] for s in some),
        Modality.SPEECH: lambda some: spoken(speaker, some, range(len(some)), random),
    }
    return {
        name: {
            modality: encoded(encoder, modality, make(some)) for modality, make in making.items()
        }
        for name, some in asked.items()
    }


def absent(sampler: Sampler, random: np.random.Generator) -> list[Scene]:
    """Scenes in which nothing is of a kind the collection has."""
    return [sampler.scene(random, PLAIN[at % len(PLAIN)]) for at in range(QUERIES)]


def measure(
    encoder: Encoder,
    generation: Generation,
    path: Path,
    asked: dict[str, dict[Modality, Vectors]],
) -> None:
    """Strangers ask for pictures; whatever is not cut is kept."""
    cutoffs = Cutoffs(path, encoder, generation)
    calibration = cutoffs.calibration()
    laws = {} if calibration is None else calibration.laws
    print(f"  strangers, by the cutoff fitted in {path.parent.name}:")
    for modality in Modality:
        if f"{modality.value}->image" not in laws:
            print(f"    {modality.value}: nothing is cut")
            continue
        shares, took = [], []
        for name, of in asked.items():
            cut = []
            for vector in of[modality]:
                began = time.perf_counter()
                far = cutoffs.judge(modality, vector, kinds=frozenset({Kind.IMAGE})).far
                took.append(1000 * (time.perf_counter() - began))
                cut.append(bool(far))
            share = 100 * float(np.mean(cut))
            shares.append(f"{name}: {100 - share:.1f}% kept, {share:.1f}% empty")
        print(f"    {modality.value}: {'; '.join(shares)}; {np.median(took):.1f} ms", flush=True)


if __name__ == "__main__":
    main()
