"""A language that is understood less, found by diagnose and mended as its advice says.

    python bench/mend_language.py

The encoder in the box is diagnosed on 600 drawn scenes that voices it never heard describe in four
languages (the collection of `bench/diagnose.py world`). Of what is shown to be worse there the
advice is: add pairs in that language, among others. So it goes on learning from scenes none of
which is asked about, half of them spoken in that language, by voices that are not asked either, and
is diagnosed again, against what it was; and once more on 600 scenes with other voices that nothing
was looked at before. About seven minutes on two cores; needs espeak-ng.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from diagnose import world, write_manifest, write_wave
from scrubjay.cli.compose import compose
from scrubjay.core.protocols import silent
from scrubjay.core.types import Split
from scrubjay.media.world.things import Language
from scrubjay.services import add_folder, current_champion, diagnose, open_home, train
from scrubjay.store.home import Home

LESSONS_SEED = 2
OTHER_VOICES = 11
FILES: Sequence[tuple[str, str]] = (("pictures", "png"), ("recordings", "wav"))
SETTINGS = ("trainer.max_epochs=8", "model.lr=1e-4", "logger=none")


def main() -> None:
    options = _options()
    language = Language(options.language)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        asked, other, lessons = (Path(folder) / name for name in ("asked", "other", "lessons"))
        write_manifest(asked, list(world(asked, options.scenes)))
        write_manifest(other, list(world(other, options.scenes, seed=OTHER_VOICES)))
        known = {row["caption"] for one in (asked, other) for row in _rows(one)}
        write_manifest(lessons, _lessons(lessons, language, options.lessons, known))
        home = open_home(Path(folder) / "home", builtin=True)
        add_folder(home, asked, month="2026-01", progress=silent)
        before = current_champion(home).version
        recipe = ["experiment=demo", "encoder=builtin_shipped", f"datamodule.folder={lessons}"]
        trained = train(home, compose([*recipe, *SETTINGS]), resume=False, progress=silent)
        for where in (None, other):
            _show(home, str(trained.version), before, where, language)
    print(f"{time.monotonic() - began:.0f} s")


def _rows(folder: Path) -> list[dict[str, str]]:
    import csv

    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _lessons(folder: Path, language: Language, count: int, known: set[str]) -> list[dict[str, Any]]:
    """Scenes with a caption that is not asked, half of them in one language."""
    from PIL import Image

    from scrubjay.media.world.captions import caption
    from scrubjay.media.world.draw import draw
    from scrubjay.media.world.scene import Sampler
    from scrubjay.media.world.speak import Speaker, any_voice

    for name in ("recordings", "pictures"):
        (folder / name).mkdir(parents=True)
    random, speaker = np.random.default_rng([LESSONS_SEED, 77]), Speaker()
    others = [one for one in Language if one is not language]
    rows: list[dict[str, Any]] = []
    for at in range(count):
        spoken = language if at % 2 else others[at // 2 % len(others)]
        scene = Sampler().scene(random)
        text = caption(scene, spoken, random).text
        if text in known:
            continue
        voice = any_voice(spoken, random, held_out=False)
        Image.fromarray(draw(scene, random).picture).save(folder / f"pictures/{at:04}.png")
        write_wave(folder / f"recordings/{at:04}.wav", speaker.say(text, voice).sound)
        about = {
            "caption": text,
            "group": f"lesson-{at:04}",
            "split": "train",
            "language": spoken.value,
        }
        rows += [{"file": f"{one}/{at:04}.{kind}", **about} for one, kind in FILES]
    return rows


def _show(home: Home, version: str, before: str, where: Path | None, language: Language) -> None:
    """R@1 of every language in the spoken directions, before and after, and the paired gain."""
    told: list[dict[tuple[str, str], Mapping[str, Any]]] = []
    for one, against in ((before, None), (version, before)):
        found = diagnose(
            home,
            one,
            against=against,
            split=Split.TEST,
            folder=where,
            curve=False,
            progress=silent,
        )
        told.append(_languages(found.to_json()))
    print(f"\n{'asked' if where is None else 'other voices'}: R@1 before, after, gain")
    for (direction, name), was in told[0].items():
        now = told[1][direction, name]
        mark = " <- worse before" if was["worse"] else ""
        gain = now["change"]["gain"]
        print(
            f"  {direction:14} {name} {_interval(was['recall']['1'])} "
            f"{_interval(now['recall']['1'])} {_interval(gain)}{mark}"
            f"{' (taught)' if name == language.value else ''}"
        )


def _languages(told: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {
        (direction["name"], one["name"]): one
        for direction in told["sections"]["slices"]["directions"]
        for one in direction["slices"]
        if one["about"] == "language" and "speech" in direction["name"]
    }


def _interval(one: Mapping[str, float]) -> str:
    return f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--language", default="es", choices=[one.value for one in Language])
    parser.add_argument("--scenes", type=int, default=600, help="asked about")
    parser.add_argument("--lessons", type=int, default=3000, help="scenes to learn from")
    return parser.parse_args()


if __name__ == "__main__":
    main()
