"""Spoken captions, made once and kept: spectra as bytes, with the meaning of every frame.

Clips come in twins, two scenes that differ in one thing. They lie in shards that are written aside
and renamed, so that making them can be stopped and gone on with. Each shard is spoken by a process
of its own: what espeak-ng says depends on all it said before.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import signal
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import Damaged
from scrubjay.core.failpoint import failpoint
from scrubjay.core.protocols import Progress, silent
from scrubjay.media.world.captions import Caption, caption
from scrubjay.media.world.scene import Sampler, Scene, Template, exchange_colours, twin
from scrubjay.media.world.speak import Speaker, Spoken, any_voice
from scrubjay.media.world.things import Language
from scrubjay.models.speech_input import FLOOR, SpeechInput

SHARD = 2048
SILENCE = -1
"""Frames in which no word with a meaning is said."""
STEP = 0.1
"""Of a stored spectrum, in nepers of power."""
LANGUAGES = {
    Language.ENGLISH: 0.55,
    Language.SPANISH: 0.15,
    Language.FRENCH: 0.15,
    Language.GERMAN: 0.15,
}
"""Shares of the captions learned from."""
SCENES = Sampler(shapes=0.3, company=0.6)
"""What is learned from: more coloured shapes side by side than are asked for afterwards."""
EXCHANGED = 0.5
"""Share of twins of two coloured shapes that exchange their colours, at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A spoken caption.

    Attributes:
        spectrum: (frames, mels) float32, natural logarithm of power.
        atoms: (frames,) int16 meaning said in each frame, or SILENCE.
    """

    scene: Scene
    language: Language
    spectrum: NDArray[np.float32]
    atoms: NDArray[np.int16]


class Clips:
    """All clips of a folder, in memory."""

    def __init__(self, folder: Path, count: int) -> None:
        """Read what `write_clips` wrote.

        Raises:
            Damaged: a shard is missing or was not written by it.
        """
        self._spectra: list[NDArray[np.uint8]] = []
        self._atoms: list[NDArray[np.int16]] = []
        self._described: list[list[Any]] = []
        for path, _ in _shards(folder, count):
            try:
                with np.load(path, allow_pickle=False) as arrays:
                    cuts = arrays["ends"][:-1]
                    self._spectra += np.split(arrays["spectra"], cuts)
                    self._atoms += np.split(arrays["atoms"], cuts)
                    self._described += json.loads(str(arrays["scenes"]))
            except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
                raise Damaged(
                    f"{path} holds no spoken captions ({error}); delete it and train again: it "
                    f"is spoken anew"
                ) from error

    def __len__(self) -> int:
        """How many; an even number."""
        return len(self._spectra)

    @cached_property
    def exchanged(self) -> NDArray[np.int64]:
        """Pairs of twins that differ in whose colour is whose, and in nothing else.

        Without those that say where each thing is: place tells them apart, and is learned sooner.
        """
        scenes = [_scene(scene) for scene, _ in self._described]
        twins = zip(scenes[::2], scenes[1::2], strict=True)
        return np.flatnonzero(
            [one.place is None and exchange_colours(one, other) for one, other in twins]
        )

    def __getitem__(self, at: int) -> Clip:
        """One; its twin is at `at ^ 1`."""
        scene, language = self._described[at]
        return Clip(
            _scene(scene),
            Language(language),
            self._spectra[at].astype(np.float32) * np.float32(STEP) + np.float32(np.log(FLOOR)),
            self._atoms[at],
        )


def write_clips(
    folder: Path, count: int, *, seed: int, hear: SpeechInput, progress: Progress = silent
) -> None:
    """Speak what is missing.

    Args:
        folder: of the shards.
        count: clips, rounded up to an even number.
        seed: of scenes, sentences and voices; a shard's own follows from it.
        hear: sounds to spectra.
        progress: told of every shard.

    Raises:
        NotReady: espeak-ng is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shards = _shards(folder, count)
    done = 0
    with ProcessPoolExecutor(
        1,
        mp_context=multiprocessing.get_context("spawn"),
        # Ctrl-C is for this process; the speaking one ends with it.
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
        max_tasks_per_child=1,
    ) as fresh:
        for number, (path, size) in enumerate(shards):
            progress("speaking captions", done, count)
            if not path.exists():
                _write(path, fresh.submit(_shard, size // 2, hear, [seed, number]).result())
            done += size
    progress("speaking captions", done, done)


def _shards(folder: Path, count: int) -> list[tuple[Path, int]]:
    """Every shard's file and clips; the last may hold fewer."""
    sizes = [min(SHARD, count - start + count % 2) for start in range(0, count, SHARD)]
    return [(folder / f"clips-{at:05d}-{size}.npz", size) for at, size in enumerate(sizes)]


def _shard(pairs: int, hear: SpeechInput, seed: list[int]) -> bytes:
    """The bytes of a shard: in a fresh process the same on every machine with this espeak-ng."""
    clips = list(_speak(pairs, Speaker(), hear, np.random.default_rng(seed)))
    spectra = np.concatenate([clip.spectrum for clip in clips])
    levels = np.rint((spectra - np.log(FLOOR)) / STEP).clip(0, 255).astype(np.uint8)
    out = io.BytesIO()
    np.savez(
        out,
        spectra=levels,
        atoms=np.concatenate([clip.atoms for clip in clips]),
        ends=np.cumsum([len(clip.atoms) for clip in clips]),
        scenes=np.array(json.dumps([[asdict(clip.scene), clip.language] for clip in clips])),
    )
    return out.getvalue()


def _write(path: Path, shard: bytes) -> None:
    aside = path.with_suffix(".part")
    with aside.open("wb") as file:
        file.write(shard)
        file.flush()
        os.fsync(file.fileno())
    failpoint("world.before_clips")
    aside.replace(path)
    failpoint("world.after_clips")
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _speak(
    pairs: int, speaker: Speaker, hear: SpeechInput, random: np.random.Generator
) -> Iterator[Clip]:
    languages = list(LANGUAGES)
    for _ in range(pairs):
        language = languages[int(random.choice(len(languages), p=list(LANGUAGES.values())))]
        scene = SCENES.scene(random)
        for one in (scene, twin(scene, random, exchanged=EXCHANGED)):
            said = caption(one, language, random)
            spoken = speaker.say(said.text, any_voice(language, random))
            spectrum = hear.spectrum(spoken.sound)
            yield Clip(one, language, spectrum, frame_atoms(said, spoken, len(spectrum)))


def frame_atoms(said: Caption, spoken: Spoken, frames: int) -> NDArray[np.int16]:
    """(frames,) what is being said in each frame of 10 ms."""
    atoms = np.full(frames, SILENCE, np.int16)
    for word in spoken.words:
        for meaning in said.meanings:
            # espeak-ng leaves the letters of an apostrophe out of a word's length.
            if word.start < meaning.end and max(word.end, word.start + 1) > meaning.start:
                atoms[round(word.begin * 100) : round(word.finish * 100)] = meaning.atom
    return atoms


def _scene(values: dict[str, Any]) -> Scene:
    return Scene(
        **{
            **values,
            "template": Template(values["template"]),
            "concepts": tuple(values["concepts"]),
        }
    )
