"""Batches of one world: scenes drawn, written and spoken, mosaics, and what is where in each."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from scrubjay.core.errors import BadConfig
from scrubjay.core.protocols import Progress, TrainableEncoder, silent
from scrubjay.core.types import Media, Modality
from scrubjay.media.world.captions import Caption, caption
from scrubjay.media.world.draw import MOSAIC, cells, draw, mosaic
from scrubjay.media.world.lexicon import OPPOSITE
from scrubjay.media.world.scene import Sampler, Scene, twin
from scrubjay.media.world.things import Language
from scrubjay.models.builtin.inputs import VariedSpeech
from scrubjay.training.epochs import EpochData
from scrubjay.training.order import EpochOrder
from scrubjay.training.world.binding import bound
from scrubjay.training.world.clips import (
    EXCHANGED,
    LANGUAGES,
    SCENES,
    SILENCE,
    Clip,
    Clips,
    write_clips,
)
from scrubjay.training.world.facts import PLACES, UNKNOWN, Facts, facts_of
from scrubjay.training.world.network import network_of

SLOWEST, FASTEST = 0.82, 1.2
"""How a clip's tempo may change."""
FOCUS_FROM = 0.6
"""Share of the epochs after which many twins exchange their colours."""
_WORD = re.compile(r"\w+")


class WorldBatch(NamedTuple):
    """Scenes in three modalities; the first texts are of the scenes pictured and spoken.

    Attributes:
        pixel_values: (pictured + mosaics, 3, size, size).
        cells: (pictured + mosaics, tokens) concept in each cell; -1 for none.
        cells_placed: (pictured + mosaics, tokens) place of the object in each cell, or UNKNOWN.
        features: (texts, words, features).
        meanings: (texts, words) atom of each word; UNKNOWN past its end, -1 for none.
        words_bound: (texts, words) the concept it helps to name, and that object's place.
        mel: (scenes, frames, mels).
        lengths: (scenes,) frames.
        said: (scenes, tokens) atom said in each token; -1 for none, UNKNOWN past its end.
        said_bound: (scenes, tokens) the same of what is said.
        facts: of the texts' scenes.
        pictured: scenes with a picture, the first ones.
    """

    pixel_values: Tensor
    cells: Tensor
    cells_placed: Tensor
    features: Tensor
    meanings: Tensor
    words_bound: tuple[Tensor, Tensor]
    mel: Tensor
    lengths: Tensor
    said: Tensor
    said_bound: tuple[Tensor, Tensor]
    facts: Facts
    pictured: int


class World(EpochData):
    """Endless scenes; an epoch is so many batches of them."""

    def __init__(
        self,
        encoder: TrainableEncoder,
        *,
        run: str,
        folder: str | None = None,
        clips: int = 32_768,
        scenes: int = 80,
        pictured: int = 48,
        mosaics: int = 24,
        texts: int = 2,
        exchanged: float = 0.4,
        batches: int = 100,
        epochs: int = 40,
        workers: int = 1,
        seed: int = 0,
        progress: Progress = silent,
    ) -> None:
        """Say how much of it.

        Args:
            encoder: says how media become inputs.
            run: the run's folder.
            folder: where spoken captions are kept; None keeps them in the run's folder.
            clips: spoken captions.
            scenes: written and spoken in a batch; half of them are the others' twins.
            pictured: so many of them have a picture.
            mosaics: pictures of nine objects in a batch, at first; they become fewer.
            texts: written for each scene: its own, its twins, others.
            exchanged: share of the scenes that differ from their twins only in whose colour is
                whose, in the last two fifths of the epochs; before it is what chance gives.
            batches: in an epoch.
            epochs: over which mosaics become fewer, and of which two fifths are the last.
            workers: processes that draw; 0 draws in this one.
            seed: of everything.
            progress: told of captions spoken.

        Raises:
            BadConfig: a number that cannot be.
        """
        super().__init__()
        if scenes % 2 or not 2 <= pictured <= scenes:
            raise BadConfig("datamodule.scenes is even; pictured is 2 or more and no more than it")
        if not 0 <= exchanged <= 1:
            raise BadConfig("datamodule.exchanged is a share: from 0 to 1")
        if min(mosaics, workers) < 0 or min(texts, batches, clips) < 1:
            raise BadConfig("datamodule.texts, batches and clips are 1 or more, others 0 or more")
        self._folder = Path(folder or run) / "clips"
        self._workers, self._seed = workers, seed
        self._progress = progress
        self._data = WorldBatches(
            encoder,
            self._folder,
            clips=clips,
            scenes=scenes,
            pictured=pictured,
            mosaics=mosaics,
            texts=texts,
            exchanged=exchanged,
            batches=batches,
            epochs=epochs,
            seed=seed,
        )

    def prepare_data(self) -> None:
        """Speak the captions that are not there yet."""
        write_clips(
            self._folder,
            self._data.clips_wanted,
            seed=self._seed,
            hear=self._data.hear.plain,
            progress=self._progress,
        )

    def train_dataloader(self) -> DataLoader[WorldBatch]:
        """The batches of the epoch that is next."""
        order = EpochOrder(len(self._data))
        order.set_epoch(self.next_epoch)
        return DataLoader(
            self._data,
            batch_size=None,
            sampler=order,
            num_workers=self._workers,
            persistent_workers=self._workers > 0,
            multiprocessing_context="spawn" if self._workers else None,
            prefetch_factor=4 if self._workers else None,
        )


class WorldBatches(Dataset[WorldBatch]):
    """One batch per (epoch, position), whatever was drawn before."""

    def __init__(
        self,
        encoder: TrainableEncoder,
        folder: Path,
        *,
        clips: int,
        scenes: int,
        pictured: int,
        mosaics: int,
        texts: int,
        exchanged: float,
        batches: int,
        epochs: int,
        seed: int,
    ) -> None:
        """Take what batches are made from; clips are read by whoever makes the first."""
        settings = network_of(encoder).settings
        hear = encoder.preprocess(Modality.SPEECH, train=True)
        if not isinstance(hear, VariedSpeech):
            raise BadConfig("this experiment teaches the built-in encoder; use encoder=builtin")
        self.hear = hear
        self.clips_wanted = clips
        self._see = encoder.preprocess(Modality.IMAGE, train=False)
        self._read = encoder.preprocess(Modality.TEXT, train=False)
        self._folder = folder
        self._clips: Clips | None = None
        self._scenes, self._pictured = scenes, pictured
        self._mosaics, self._texts, self._exchanged = mosaics, texts, exchanged
        self._batches, self._epochs, self._seed = batches, epochs, seed
        self._across = settings.image_size // settings.patch
        self._stride = math.prod(settings.speech_strides)

    def __len__(self) -> int:
        """Batches in an epoch."""
        return self._batches

    def __getitem__(self, key: tuple[int, int]) -> WorldBatch:
        """Draw, write and take clips."""
        if self._clips is None:
            self._clips = Clips(self._folder, self.clips_wanted)
        random = np.random.default_rng([self._seed, *key])
        pairs = self._pairs(self._clips, key[0], random)
        clips = [self._clips[2 * int(pair) + side] for pair in pairs for side in (0, 1)]
        scenes = [clip.scene for clip in clips]
        pixel_values, seen = self._pictures(scenes[: self._pictured], key[0], random)
        told = self._tell(scenes, random)
        features, meanings = self._written([said for _, said in told])
        mel, lengths, said = self._spoken(clips, random)
        return WorldBatch(
            torch.from_numpy(pixel_values),
            torch.from_numpy(seen),
            torch.from_numpy(_placed(seen, scenes[: self._pictured])),
            torch.from_numpy(features),
            torch.from_numpy(meanings),
            _tensors(bound(meanings)),
            torch.from_numpy(mel),
            torch.from_numpy(lengths),
            torch.from_numpy(said),
            _tensors(bound(said)),
            facts_of([scene for scene, _ in told]),
            self._pictured,
        )

    def _pairs(self, clips: Clips, epoch: int, random: np.random.Generator) -> NDArray[np.int64]:
        """Twins at random, towards the end many that exchange their colours."""
        pairs = random.integers(len(clips) // 2, size=self._scenes // 2)
        if epoch < FOCUS_FROM * self._epochs or not len(clips.exchanged):
            return pairs
        focused = random.random(len(pairs)) < self._exchanged
        return np.where(focused, random.choice(clips.exchanged, size=len(pairs)), pairs)

    def _pictures(
        self, scenes: Sequence[Scene], epoch: int, random: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        share = max(0.2, 1 - 1.2 * epoch / max(1, self._epochs))
        drawn = [draw(scene, random) for scene in scenes]
        sampler = Sampler(shapes=0.3)
        mosaics = range(round(self._mosaics * share))
        drawn += [mosaic(sampler.concepts(random, MOSAIC * MOSAIC), random) for _ in mosaics]
        pictures: list[Media] = [one.picture for one in drawn]
        seen = np.stack([cells(one, self._across) for one in drawn])
        return self._see(pictures)["pixel_values"], seen

    def _tell(
        self, scenes: Sequence[Scene], random: np.random.Generator
    ) -> list[tuple[Scene, Caption]]:
        """Each scene's caption, then captions of scenes much like it, then of any."""
        told = list(scenes)
        for round_ in range(1, self._texts):
            if round_ % 2:
                told += [twin(scene, random, exchanged=EXCHANGED) for scene in scenes]
            else:
                told += [SCENES.scene(random) for _ in scenes]
        languages = list(LANGUAGES)
        chosen = random.choice(len(languages), size=len(told), p=list(LANGUAGES.values()))
        return [
            (scene, caption(scene, Language(languages[int(one)]), random))
            for scene, one in zip(told, chosen, strict=True)
        ]

    def _written(self, captions: Sequence[Caption]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        features = self._read([said.text for said in captions])["features"]
        meanings = np.full(features.shape[:2], UNKNOWN, np.int64)
        for row, said in enumerate(captions):
            words = zip(range(features.shape[1]), _WORD.finditer(said.text), strict=False)
            for place, word in words:
                found = [m.atom for m in said.meanings if m.start <= word.start() < m.end]
                meanings[row, place] = found[0] if found else -1
        return features, meanings

    def _spoken(
        self, clips: Sequence[Clip], random: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
        longest = self.hear.plain.max_frames
        spectra, atoms = [], []
        for clip in clips:
            frames = len(clip.atoms)
            tempo = random.uniform(SLOWEST, FASTEST)
            length = min(longest, max(8, int(frames / tempo)))
            at = np.minimum(frames - 1, (np.arange(length) * tempo).astype(np.int64))
            spectra.append(clip.spectrum[at])
            atoms.append(clip.atoms[at])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(random.integers(2**63)))
            heard = self.hear.varied(spectra)
        mel, lengths = heard["mel"], heard["lengths"].astype(np.int64)
        tokens = -(-mel.shape[1] // self._stride)
        said = np.full((len(clips), tokens), UNKNOWN, np.int64)
        for row, one in enumerate(atoms):
            middle = np.arange(0, lengths[row], self._stride) + (self._stride - 1) // 2
            said[row, : len(middle)] = one[np.minimum(middle, len(one) - 1)]
        said[said == SILENCE] = -1
        return mel, lengths, said


def _placed(seen: NDArray[np.int64], scenes: Sequence[Scene]) -> NDArray[np.int64]:
    """Where the object in each cell is, seen from the other, in scenes of two."""
    places = np.full(seen.shape, UNKNOWN, np.int64)
    for row, scene in zip(range(len(seen)), scenes, strict=False):
        if scene.place is not None:
            first, second = scene.concepts
            places[row, seen[row] == first] = PLACES.index(scene.place)
            places[row, seen[row] == second] = PLACES.index(OPPOSITE[scene.place])
    return places


def _tensors(pair: tuple[NDArray[np.int64], NDArray[np.int64]]) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(pair[0]), torch.from_numpy(pair[1])
