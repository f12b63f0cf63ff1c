"""Twelve monthly drops for `year.py`: scenes with a new kind of thing each month, or tickets.

    python bench/year_drops.py

As a script it only says what the drops hold. Two scene months are bad as they arrive: in one a
share of the files is cut short, in the other captions have changed places. Their owner mends each
a month later.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scrubjay.media.world.captions import caption, plainest
from scrubjay.media.world.draw import draw
from scrubjay.media.world.scene import Sampler, Scene, Template, meaning
from scrubjay.media.world.things import Language, newcomers, things

SEED = 12
NEW_SHARE = 0.6
"""Share of a month's scenes that show its new kind."""
BROKEN_SHARE = 0.3
CUT = 200
"""Bytes that are left of a broken file."""
BROKEN_MONTH, SHUFFLED_MONTH = 5, 9
"""Counted from 1."""


@dataclass(frozen=True, slots=True)
class Drop:
    """What lands in the bucket in one month.

    Attributes:
        month: `YYYY-MM`.
        files: name below the bucket's prefix -> bytes.
        mended: files of the month before, as they should have been.
        truth: picture's name -> caption that is right, of the held-out ones.
        note: what is special about it.
    """

    month: str
    files: Mapping[str, bytes]
    mended: Mapping[str, bytes]
    truth: Mapping[str, str]
    note: str = ""


def scene_drops(months: int, each: int) -> Iterator[Drop]:
    """Scenes; every third is held out, every tenth is for choosing weights."""
    seen: set[int] = set()
    mended: dict[str, bytes] = {}
    for number in range(1, months + 1):
        month = f"2026-{number:02d}"
        kind = newcomers()[number - 1]
        random = np.random.default_rng([SEED, number])
        scenes = list(_scenes(kind, each, seen, random))
        pictures = [_png(scene, random) for scene in scenes]
        captions = [
            (plainest(scene).text, caption(scene, Language.ENGLISH, random).text)
            for scene in scenes
        ]
        names = [f"{month}/pictures/scene-{at:04d}.png" for at in range(each)]
        right = _manifest(month, names, captions)
        files = {**dict(zip(names, pictures, strict=True)), f"{month}/manifest.jsonl": right}
        truth = {name: said[0] for name, said in zip(names, captions, strict=True) if _test(name)}
        now, later = _spoiled(number, month, files, names, captions, random)
        yield Drop(month, {**files, **now}, mended, truth, _note(number, things()[kind].name))
        mended = later


def ticket_drops(folder: Path, months: int) -> Iterator[Drop]:
    """A real collection of some hundred pictures, dealt out; nothing is spoiled."""
    described = json.loads((folder / "descriptions.json").read_text(encoding="utf-8"))
    names = sorted(described)
    for number in range(1, months + 1):
        month = f"2026-{number:02d}"
        mine = names[(number - 1) * len(names) // months : number * len(names) // months]
        files = {f"{month}/images/{name}": (folder / "images" / name).read_bytes() for name in mine}
        told = json.dumps({name: described[name] for name in mine}, ensure_ascii=False)
        yield Drop(month, {**files, f"{month}/descriptions.json": told.encode()}, {}, {})


def _note(number: int, kind: str) -> str:
    said = {BROKEN_MONTH: "30% of the files cut short", SHUFFLED_MONTH: "captions shuffled"}
    mended = {one + 1: "the month before mended" for one in said}
    return "; ".join([kind, *filter(None, [said.get(number), mended.get(number)])])


def _spoiled(
    number: int,
    month: str,
    files: Mapping[str, bytes],
    names: list[str],
    captions: list[tuple[str, str]],
    random: np.random.Generator,
) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What is wrong this month, and what its owner puts in its place a month later."""
    if number == BROKEN_MONTH:
        broken = random.permutation(names)[: round(BROKEN_SHARE * len(names))]
        now = {str(name): files[str(name)][:CUT] for name in broken}
        return now, {name: files[name] for name in now}
    if number == SHUFFLED_MONTH:
        mixed = [captions[int(at)] for at in random.permutation(len(captions))]
        name = f"{month}/manifest.jsonl"
        return {name: _manifest(month, names, mixed)}, {name: files[name]}
    return {}, {}


def _manifest(month: str, names: list[str], captions: list[tuple[str, str]]) -> bytes:
    rows = [
        {
            "image": name.removeprefix(f"{month}/"),
            "captions": list(dict.fromkeys(said)),
            "split": _split(name),
        }
        for name, said in zip(names, captions, strict=True)
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _split(name: str) -> str:
    number = int(Path(name).stem.rpartition("-")[2])
    return "test" if number % 3 == 2 else "val" if number % 10 == 0 else "train"


def _test(name: str) -> bool:
    return _split(name) == "test"


def _scenes(kind: int, n: int, seen: set[int], random: np.random.Generator) -> Iterator[Scene]:
    """Scenes whose captions no other of the year shares."""
    wanted = len(seen) + n
    while len(seen) < wanted:
        scene = Sampler().scene(random)
        if random.random() < NEW_SHARE:
            if scene.template is Template.SIGN:
                continue
            at = int(random.integers(len(scene.concepts)))
            scene = replace(scene, concepts=(*scene.concepts[:at], kind, *scene.concepts[at + 1 :]))
        if len(set(scene.concepts)) == len(scene.concepts) and meaning(scene) not in seen:
            seen.add(meaning(scene))
            yield scene


def _png(scene: Scene, random: np.random.Generator) -> bytes:
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(draw(scene, random).picture).save(data, "PNG")
    return data.getvalue()


def main() -> None:
    out = io.StringIO()
    rows = csv.writer(out, delimiter="\t", lineterminator="\n")
    rows.writerow(["month", "files", "held out", "what"])
    for drop in scene_drops(12, 30):
        rows.writerow([drop.month, len(drop.files), len(drop.truth), drop.note])
    print(out.getvalue(), end="")


if __name__ == "__main__":
    main()
