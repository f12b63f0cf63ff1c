"""Collections to diagnose on: spoken and written digits, or the world the built-in encoder knows.

    python bench/diagnose.py digits ../shared/data/spoken-digits DIGITS
    scrubjay train experiment=spoken_digits datamodule.folder=../shared/data/spoken-digits
    scrubjay diagnose --folder DIGITS

    python bench/diagnose.py world WORLD
    scrubjay diagnose --folder WORLD

    python bench/diagnose.py world MORE --learn 480
    scrubjay diagnose --folder MORE --curve

`digits` lays the Free Spoken Digit Dataset and MNIST out as a folder with a manifest: a content
group is a digit, so that a query has many right answers; takes 0 to 4 are the test part, and with
`--held-out theo` all of what one person said, for a version trained with
`datamodule.held_out_speaker=theo`. `world`
draws scenes nobody learned from, writes what they show in four languages and speaks it (needs
espeak-ng); `--learn` adds others to learn from, a sixth of them to validate with. With `--home
HOME` the version served there is diagnosed and its figures are printed.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import time
import wave
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import SAMPLE_RATE

SEED = 7
PICTURES = {"test": 100, "train": 50}
"""Of each digit."""
SCENES = 600
VOICES = 12


def main() -> None:
    options = _options()
    began = time.monotonic()
    if not (options.folder / "manifest.csv").exists():
        if options.what == "digits":
            rows = list(digits(options.source, options.folder, options.held_out))
        else:
            rows = list(world(options.folder, options.scenes, learn=options.learn))
        write_manifest(options.folder, rows)
        print(f"{options.folder}: {len(rows)} rows, {time.monotonic() - began:.0f} s")
    if options.home is not None:
        report(options.home, options.folder, as_json=options.json)


def digits(source: Path, folder: Path, held_out: str | None) -> Iterable[dict[str, Any]]:
    """Recordings as they are, handwriting as PNG; one row a file."""
    from PIL import Image

    from scrubjay.training.handwriting import read_handwriting
    from scrubjay.training.spoken_digits import TEST_TAKES, WORDS, read_recordings

    for name in ("recordings", "pictures"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for one in read_recordings(source):
        name = f"{one.digit}_{one.speaker}_{one.take}.wav"
        shutil.copyfile(source / name, folder / "recordings" / name)
        yield {
            "file": f"recordings/{name}",
            "caption": WORDS[one.digit],
            "group": WORDS[one.digit],
            "split": "test" if one.take in TEST_TAKES or one.speaker == held_out else "train",
            "speaker": one.speaker,
            "digit": f"digit {one.digit}",
        }
    for part, count in PICTURES.items():
        written = read_handwriting(source / f"{part}.npz")
        for digit, word in enumerate(WORDS):
            for at in np.flatnonzero(written.labels == digit)[:count]:
                name = f"pictures/{part}-{digit}-{at:05}.png"
                Image.fromarray(written.picture(int(at))).save(folder / name)
                yield {
                    "file": name,
                    "caption": word,
                    "group": word,
                    "split": part,
                    "digit": f"digit {digit}",
                }


def world(
    folder: Path, scenes: int, *, learn: int = 0, seed: int = SEED
) -> Iterable[dict[str, Any]]:
    """Scenes, each drawn, written in one language and said by one of a few voices.

    The first are the test part; those to learn from are said by the same voices.
    """
    from PIL import Image

    from scrubjay.media.world.captions import caption
    from scrubjay.media.world.draw import draw
    from scrubjay.media.world.scene import Sampler, meaning
    from scrubjay.media.world.speak import Speaker, any_voice
    from scrubjay.media.world.things import Language

    for name in ("recordings", "pictures"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    random, speaker = np.random.default_rng([seed, 40_000_003]), Speaker()
    voices = {
        language: [any_voice(language, random, held_out=True) for _ in range(VOICES // 4)]
        for language in Language
    }
    found: dict[int, Any] = {}
    while len(found) < scenes + learn:
        scene = Sampler().scene(random)
        found.setdefault(meaning(scene), scene)
    languages = [Language.ENGLISH, *Language]  # English twice as often
    for at, scene in enumerate(found.values()):
        language = languages[at % len(languages)]
        text = caption(scene, language, random).text
        voice = voices[language][int(random.integers(len(voices[language])))]
        Image.fromarray(draw(scene, random).picture).save(folder / f"pictures/{at:04}.png")
        write_wave(folder / f"recordings/{at:04}.wav", speaker.say(text, voice).sound)
        about = {
            "caption": text,
            "group": f"scene-{at:04}",
            "split": "test" if at < scenes else "train" if at % 6 else "val",
            "language": language.value,
            "template": str(scene.template.value),
        }
        yield {"file": f"pictures/{at:04}.png", **about}
        yield {"file": f"recordings/{at:04}.wav", **about, "speaker": voice.name}


def write_wave(path: Path, sound: NDArray[np.float32]) -> None:
    """A sound as 16-bit PCM."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def write_manifest(folder: Path, rows: list[dict[str, Any]]) -> None:
    """The table that says what every file is; it comes last."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows(rows)


def report(home: Path, folder: Path, *, as_json: bool) -> None:
    """Diagnose what is served, and print the figures."""
    from scrubjay.core.protocols import silent
    from scrubjay.core.types import Split
    from scrubjay.services import diagnose, open_home

    began = time.monotonic()
    found = diagnose(
        open_home(home),
        None,
        against=None,
        split=Split.TEST,
        folder=folder,
        curve=False,
        progress=silent,
    )
    told = found.to_json()
    if as_json:
        print(json.dumps(told))
        return
    print(f"{told['version']}, {told['n_items']} items, {time.monotonic() - began:.0f} s")
    for one in told["directions"]:
        print(f"  {one['name']:16} {_recall(one['recall'])}")
    slices = told["sections"]["slices"]
    for direction in slices.get("directions", ()):
        for one in direction["slices"]:
            if one["worse"]:
                print(
                    f"  worse: {direction['name']} {one['about']}: {one['name']}, "
                    f"{_recall(one['recall'])}, {one['difference']['value']:+.3f} "
                    f"(p {one['p_adjusted']:.3f})"
                )
    for direction in told["sections"]["noise"].get("directions", ()):
        for level in direction["levels"]:
            name = f"{level['noise']} {level['snr_db']:g} dB" if level["noise"] else "clean"
            print(f"  {direction['name']} {name:14} {_recall(level['recall'])}")


def _recall(recall: Mapping[str, Mapping[str, float]]) -> str:
    return ", ".join(
        f"R@{k} {one['value']:.3f} ({one['low']:.3f}-{one['high']:.3f})"
        for k, one in recall.items()
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    kinds = parser.add_subparsers(dest="what", required=True)
    for name, about in (("digits", "spoken and written digits"), ("world", "drawn scenes")):
        one = kinds.add_parser(name, help=about)
        if name == "digits":
            one.add_argument("source", type=Path, help="recordings, train.npz and test.npz")
            one.add_argument("--held-out", metavar="SPEAKER", help="all of a speaker is tested on")
        else:
            one.add_argument("--scenes", type=int, default=SCENES)
            one.add_argument("--learn", type=int, default=0, help="scenes beside the test part")
        one.add_argument("folder", type=Path, help="where the collection goes")
        one.add_argument("--home", type=Path, help="diagnose the version that is served there")
        one.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
