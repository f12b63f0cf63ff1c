"""Spoken digits find handwritten ones: a datamodule over two public collections.

The folder holds the Free Spoken Digit Dataset (`{digit}_{speaker}_{take}.wav`; takes 0 to 4 are its
official test part) and MNIST as `train.npz` and `test.npz` (`images`, `labels`). A content group is
a digit: any recording of a seven and any handwritten seven are two views of one thing, and the word
is a third.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from scrubjay.core.errors import BadConfig, BadMedia, NotReady, UnknownName
from scrubjay.core.protocols import Batch, TrainableEncoder
from scrubjay.core.types import Media, Modality, Sound
from scrubjay.evaluate.retrieval import precision_at_k
from scrubjay.media.audio import decode_sound
from scrubjay.models.builtin.inputs import VariedSpeech
from scrubjay.training.data import PairBatch
from scrubjay.training.epochs import EpochData
from scrubjay.training.handwriting import Handwriting, read_handwriting
from scrubjay.training.order import EpochOrder

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEST_TAKES = range(5)
CUT_OFF = 10
_NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav")


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One person saying one digit once."""

    digit: int
    speaker: str
    take: int
    sound: Sound


def read_recordings(folder: Path) -> list[Recording]:
    """All recordings of a folder, by name.

    Raises:
        NotReady: there is none.
        BadMedia: one cannot be decoded.
    """
    found: list[Recording] = []
    for path in sorted(folder.glob("*.wav")):
        name = _NAME.fullmatch(path.name)
        if name is None:
            continue
        try:
            sound = decode_sound(path.read_bytes())
        except BadMedia as error:
            raise BadMedia(error.reason, str(path)) from error
        found.append(Recording(int(name[1]), name[2], int(name[3]), sound))
    if not found:
        raise NotReady(
            f"no recordings named like 7_theo_12.wav in {folder}; give "
            f"datamodule.folder=FOLDER of the Free Spoken Digit Dataset with MNIST beside it"
        )
    return found


class SpokenDigits(EpochData):
    """Recordings, handwriting and words of the same digit, paired anew in every batch.

    Attributes:
        train_recordings: what is learned from.
        test_recordings: the official test takes; or all of the speaker held out.
    """

    def __init__(
        self,
        encoder: TrainableEncoder,
        *,
        folder: str | None = None,
        held_out_speaker: str | None = None,
        words: bool = True,
        batch_size: int = 128,
        pictures: int = 64,
        batches: int = 100,
        seed: int = 0,
    ) -> None:
        """Read the recordings and the handwriting.

        Args:
            encoder: says how media become inputs.
            folder: of both collections.
            held_out_speaker: a person nothing is learned from; his or her recordings are the test.
            words: whether the digit's English word is a third view.
            batch_size: recordings in a batch.
            pictures: in a batch, of the digits of as many of its recordings.
            batches: in an epoch.
            seed: of order, partners and variation.

        Raises:
            BadConfig: no folder, a batch too small to tell two digits apart, or an encoder that
                cannot hear.
            UnknownName: nobody of that name spoke.
        """
        super().__init__()
        if folder is None:
            raise BadConfig("this experiment needs datamodule.folder=FOLDER of its recordings")
        if not 2 <= pictures <= batch_size or batches < 1:
            raise BadConfig(
                "datamodule.pictures must be 2 or more and datamodule.batch_size no less, "
                "datamodule.batches 1 or more"
            )
        missing = {Modality.IMAGE, Modality.SPEECH} - encoder.spec.modalities
        if missing:
            raise BadConfig(
                f"spoken digits need an encoder with towers for image and speech; this one has no "
                f"{' and no '.join(sorted(missing))} tower"
            )
        recordings = read_recordings(Path(folder))
        speakers = sorted({one.speaker for one in recordings})
        if held_out_speaker is not None and held_out_speaker not in speakers:
            raise UnknownName("speaker", held_out_speaker, speakers)
        self.train_recordings = [
            one
            for one in recordings
            if one.speaker != held_out_speaker and one.take not in TEST_TAKES
        ]
        self.test_recordings = [
            one
            for one in recordings
            if (one.speaker == held_out_speaker if held_out_speaker else one.take in TEST_TAKES)
        ]
        self.train_pictures = read_handwriting(Path(folder) / "train.npz")
        self.test_pictures = read_handwriting(Path(folder) / "test.npz")
        self._encoder = encoder
        self._words = words and Modality.TEXT in encoder.spec.modalities
        self._batch_size, self._n_pictures = batch_size, pictures
        self._batches, self._seed = batches, seed

    def train_dataloader(self) -> DataLoader[PairBatch]:
        """The batches of the epoch that is next."""
        dataset = DigitBatches(
            self.train_recordings,
            self.train_pictures,
            self._encoder,
            words=self._words,
            batch_size=self._batch_size,
            n_pictures=self._n_pictures,
            batches=self._batches,
            seed=self._seed,
        )
        order = EpochOrder(self._batches)
        order.set_epoch(self.next_epoch)
        return DataLoader(dataset, batch_size=None, sampler=order)


class DigitBatches(Dataset[PairBatch]):
    """One batch per (epoch, position), whatever was drawn before."""

    def __init__(
        self,
        recordings: Sequence[Recording],
        pictures: Handwriting,
        encoder: TrainableEncoder,
        *,
        words: bool,
        batch_size: int,
        n_pictures: int,
        batches: int,
        seed: int,
    ) -> None:
        """Take what batches are drawn from; spectra are made once, here, where they can be kept."""
        self._digits = np.array([one.digit for one in recordings], np.int64)
        self._pictures = pictures
        self._drawers = [np.flatnonzero(pictures.labels == digit) for digit in range(len(WORDS))]
        for digit in sorted(set(self._digits.tolist())):
            if not len(self._drawers[digit]):
                raise NotReady(f"no handwritten {digit} to go with the spoken ones")
        self._see = encoder.preprocess(Modality.IMAGE, train=True)
        self._read = encoder.preprocess(Modality.TEXT, train=True) if words else None
        self._hear = _listener(recordings, encoder)
        self._size, self._n_pictures = batch_size, n_pictures
        self._batches, self._seed = batches, seed

    def __len__(self) -> int:
        """Batches in an epoch."""
        return self._batches

    def __getitem__(self, key: tuple[int, int]) -> PairBatch:
        """Draw recordings, and pictures of the first ones' digits."""
        random = np.random.default_rng([self._seed, *key])
        rows = random.choice(len(self._digits), self._size, replace=self._size > len(self._digits))
        digits = self._digits[rows]
        pictures: list[Media] = [
            self._pictures.picture(int(random.choice(self._drawers[digit])))
            for digit in digits[: self._n_pictures]
        ]
        groups = torch.from_numpy(digits)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(random.integers(2**63)))
            inputs = {
                Modality.IMAGE.value: _tensors(self._see(pictures)),
                Modality.SPEECH.value: _tensors(self._hear(rows)),
            }
            labels = {
                Modality.IMAGE.value: groups[: self._n_pictures],
                Modality.SPEECH.value: groups,
            }
            if self._read is not None:
                # Each word once: they do not vary.
                said = np.unique(digits)
                inputs[Modality.TEXT.value] = _tensors(self._read([WORDS[one] for one in said]))
                labels[Modality.TEXT.value] = torch.from_numpy(said)
        return PairBatch(inputs, labels, [])


def _listener(
    recordings: Sequence[Recording], encoder: TrainableEncoder
) -> Callable[[NDArray[np.int64]], Batch]:
    """Rows of recordings to inputs; keeps what need not be computed again, if the family can."""
    hear = encoder.preprocess(Modality.SPEECH, train=True)
    if not isinstance(hear, VariedSpeech):
        return lambda rows: hear([recordings[row].sound for row in rows])
    spectra = [hear.spectrum(one.sound) for one in recordings]
    return lambda rows: hear.varied([spectra[row] for row in rows])


def _tensors(batch: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    return {
        name: torch.from_numpy(np.require(array, requirements=("C", "W")))
        for name, array in batch.items()
    }


class FoundHandwriting(Callback):
    """Logs `test/precision_at_10` when training ends: each test recording asks for its digit."""

    def __init__(self, datamodule: SpokenDigits, encoder: TrainableEncoder) -> None:
        """Take what is asked, and what answers."""
        self._data = datamodule
        self._encoder = encoder

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure after the last epoch only: nothing is chosen by this figure."""
        if trainer.fit_loop.done:
            pl_module.log("test/precision_at_10", precision_at_10(self._data, self._encoder))


def precision_at_10(data: SpokenDigits, encoder: TrainableEncoder) -> float:
    """Share of the ten nearest test pictures that show the digit spoken, mean over recordings."""
    asked = data.test_recordings
    answers = data.test_pictures
    spoken = encoder.encode(Modality.SPEECH, [one.sound for one in asked])
    seen = encoder.encode(
        Modality.IMAGE, [answers.picture(at) for at in range(len(answers.labels))]
    )
    digits = np.array([one.digit for one in asked], np.int64)
    return precision_at_k(spoken, seen, digits, answers.labels, (CUT_OFF,))[CUT_OFF]
