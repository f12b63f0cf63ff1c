"""A speech tower beside any image-text encoder: speech in the space that pictures are found in.

A speech model that others trained (Whisper, HuBERT, wav2vec 2.0) stays as it is; learned layer
weights and a small transformer on top bring what it hears into the base's space, as in the parallel
branch of SpeechCLIP (Shih et al. 2022). Pictures and texts are the base's: their vectors are its
own, bit for bit, as long as its towers are frozen.

Its native format is a folder:

speech_tower.json   the base's family, the head's sizes, what the speech model wants to hear
base/               the base encoder in its own format
speech/             the speech encoder in the transformers library's
head.safetensors    layer weights and head
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadConfig, Damaged, MissingExtra, UnsupportedModality, WrongUse
from scrubjay.core.protocols import Preprocess, TrainableEncoder
from scrubjay.core.types import EncoderSpec, Media, Modality
from scrubjay.models.export import Tower, join_exports, write_export
from scrubjay.models.fingerprint import ModuleFingerprint
from scrubjay.models.speech import folder as native

if TYPE_CHECKING:
    from torch import nn

    from scrubjay.models.speech.head import HeadSettings, SpeechTower
    from scrubjay.models.speech.opening import OpenedSpeech

FAMILY = "speech"
OF_THE_BASE = (Modality.IMAGE, Modality.TEXT)
ROWS_AT_ONCE = 16

EXAMPLES: list[Media] = [
    np.sin(np.arange(8000) / 9).astype(np.float32),
    np.sin(np.arange(12000) / 5).astype(np.float32),
]
"""To trace the speech tower with: rows of different lengths."""

DYNAMIC: dict[str, tuple[int, ...]] = {"waveform": (1,)}
"""Axes besides the batch that may have any length; a Whisper's window is fixed."""


def load(
    *,
    base: Mapping[str, Any] | None = None,
    speech: str | Path | None = None,
    window_s: float | None = None,
    head: Mapping[str, Any] | None = None,
    seed: int = 0,
    source: str | Path | None = None,
) -> SpeechEncoder:
    """A new speech tower on an encoder, or what was saved of one.

    Args:
        base: `family` of an encoder for pictures and texts, and that family's options.
        speech: directory of a Whisper, HuBERT or wav2vec 2.0, or of the encoder alone of one.
        window_s: longest sound in seconds. None is a Whisper's own window (30 s mostly, which
            every sound is padded to), 15 s of the others. A shorter window of a Whisper costs less
            and gives other states than its own: positions and silence are cut.
        head: settings of `HeadSettings`.
        seed: of the head's random weights.
        source: folder that `save_pretrained` wrote; then nothing else is given, and what may vary
            is what was saved.

    Raises:
        MissingExtra: torch or transformers are not installed, or what the base needs.
        BadConfig: a setting that cannot be, or one that is decided by what the source holds.
        UnknownName: no such family, or a setting nobody knows.
        ModelNotFound: a folder is not on this machine, or holds no such model.
        UnsupportedModality: the base sees no pictures, or reads no texts.
        Damaged: the source, or the speech model, is not whole.
    """
    try:
        import safetensors.torch  # noqa: F401
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise MissingExtra("a speech tower, outside its exported form,", "hf") from error
    if source is not None:
        given = {"base": base, "speech": speech, "window_s": window_s, "head": head}
        decided = [name for name, value in given.items() if value is not None]
        if decided:
            raise BadConfig(
                f"encoder.{decided[0]} is decided by what encoder.source={source} holds; remove "
                f"one of the two"
            )
        return _load_folder(Path(source))
    if base is None or speech is None:
        raise WrongUse(
            "a speech tower needs what it is put on and what it listens with: give "
            "encoder.base.family=... with its options (encoder.base.source=DIR) and "
            "encoder.speech=DIR; or encoder.source=DIR of one that was saved"
        )
    from scrubjay.models.speech.head import HeadSettings

    settings = HeadSettings.from_json(head or {})
    family, image_text = native.load_base(base)
    from scrubjay.models.speech.opening import open_speech

    opened = open_speech(speech, window_s=window_s)
    return SpeechEncoder(image_text, family, opened, settings, seed=seed)


class SpeechEncoder:
    """A TrainableEncoder of a base's image and text towers and a speech tower of its own."""

    def __init__(
        self,
        base: TrainableEncoder,
        family: str,
        opened: OpenedSpeech,
        settings: HeadSettings,
        *,
        seed: int = 0,
    ) -> None:
        """Put a new head between them.

        Raises:
            UnsupportedModality: the base sees no pictures, or reads no texts.
        """
        import torch

        from scrubjay.models.speech.head import SpeechHead, SpeechTower

        spec = base.spec
        for modality in OF_THE_BASE:
            if modality not in spec.modalities:
                raise UnsupportedModality(spec.name, modality, spec.modalities)
        self._base, self._family = base, family
        self._opened, self._settings = opened, settings
        self._dim = spec.dim
        frozen = opened.frozen
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            head = SpeechHead(settings, width=frozen.width, layers=frozen.layers, dim=spec.dim)
        self._tower: SpeechTower = SpeechTower(frozen, head).eval()
        self._fingerprint = ModuleFingerprint(self._tower, opened.input.to_json())

    @property
    def spec(self) -> EncoderSpec:
        """The base's, with speech; the fingerprint follows the weights of all towers."""
        base = self._base.spec
        made_of = f"{FAMILY} {base.fingerprint} {self._fingerprint}"
        return EncoderSpec(
            name=FAMILY,
            version="",
            dim=self._dim,
            modalities=frozenset({*OF_THE_BASE, Modality.SPEECH}),
            fingerprint=hashlib.sha256(made_of.encode()).hexdigest(),
            image_size=base.image_size,
            speech_window_s=self._opened.input.window_s,
        )

    def encode(self, modality: Modality, batch: Sequence[Media]) -> NDArray[np.float32]:
        """(n, dim) float32 unit rows; of pictures and texts, the base's own."""
        if modality in OF_THE_BASE:
            return self._base.encode(modality, batch)
        import torch

        device = next(self._tower.parameters()).device
        out = np.zeros((len(batch), self._dim), np.float32)
        training = self._tower.training
        self._tower.eval()
        # Neighbours of like length: a row is padded to the longest it is encoded with.
        order = sorted(range(len(batch)), key=lambda row: len(batch[row]))
        try:
            for start in range(0, len(order), ROWS_AT_ONCE):
                rows = order[start : start + ROWS_AT_ONCE]
                inputs = {
                    name: torch.from_numpy(array).to(device)
                    for name, array in self._opened.input([batch[row] for row in rows]).items()
                }
                with torch.inference_mode():
                    vectors = torch.nn.functional.normalize(self._tower(**inputs).float(), dim=-1)
                out[rows] = vectors.cpu().numpy()
        finally:
            self._tower.train(training)
        return out

    def tower(self, modality: Modality) -> nn.Module:
        """One modality's module; the speech tower's own weights at rest are part of it."""
        return self._base.tower(modality) if modality in OF_THE_BASE else self._tower

    def preprocess(self, modality: Modality, *, train: bool) -> Preprocess:
        """Media to inputs: the base's for pictures and texts, the speech model's for sounds."""
        if modality in OF_THE_BASE:
            return self._base.preprocess(modality, train=train)
        return self._opened.input

    def logit_scale_init(self) -> tuple[float, float]:
        """The base's: it is its space."""
        return self._base.logit_scale_init()

    def save_pretrained(self, folder: Path) -> None:
        """Write base, speech encoder and head, each in its own format."""
        from safetensors.torch import save_file

        for name, save in (
            (native.BASE, self._base.save_pretrained),
            (native.SPEECH, self._opened.save),
        ):
            (folder / name).mkdir()
            save(folder / name)
        head = {
            name: tensor.detach().cpu().contiguous()
            for name, tensor in self._tower.head.state_dict().items()
        }
        save_file(head, folder / native.HEAD)
        values = {
            "family": FAMILY,
            "format": native.FORMAT,
            "base": self._family,
            "window_s": self._opened.input.window_s,
            "head": self._settings.to_json(),
        }
        text = json.dumps(values, indent=2, sort_keys=True)
        (folder / native.CONFIG).write_text(text + "\n", encoding="utf-8")

    def export(self, folder: Path) -> None:
        """Write the base's graphs, as the base exports itself, and one of the speech tower."""
        from scrubjay.models.pretrained.quiet import quiet_transformers

        heard = self._opened.input
        example = heard(EXAMPLES)
        free = {name: axes for name, axes in DYNAMIC.items() if name in example}
        tower = Tower(self._tower, heard, example, free)
        spec = self.spec
        with tempfile.TemporaryDirectory(dir=folder, prefix="part-") as aside:
            image_text, speech = Path(aside) / native.BASE, Path(aside) / native.SPEECH
            image_text.mkdir()
            speech.mkdir()
            self._base.export(image_text)
            with quiet_transformers():
                write_export(speech, spec=spec, towers={Modality.SPEECH: tower})
            parts = {**dict.fromkeys(OF_THE_BASE, image_text), Modality.SPEECH: speech}
            join_exports(folder, spec=spec, parts=parts)

    def take_head(self, path: Path) -> None:
        """The weights of a head that was saved.

        Raises:
            Damaged: the file is not whole, or of another head.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            self._tower.head.load_state_dict(load_file(path))
        except (SafetensorError, OSError, RuntimeError) as error:
            raise Damaged(
                f"{path} does not hold the head that {native.CONFIG} describes "
                f"({str(error).splitlines()[0]}); nothing was loaded"
            ) from error


def _load_folder(source: Path) -> SpeechEncoder:
    from scrubjay.models.speech.head import HeadSettings
    from scrubjay.models.speech.opening import open_speech

    saved = native.read_config(source, family=FAMILY)
    try:
        settings = HeadSettings.from_json(saved.head)
    except WrongUse as error:
        raise Damaged(f"{source / native.CONFIG} describes no head: {error}") from error
    options = native.saved_options(source / native.BASE, saved.base)
    family, base = native.load_base(
        {**options, "family": saved.base, "source": source / native.BASE}
    )
    opened = open_speech(source / native.SPEECH, window_s=saved.window_s)
    made = SpeechEncoder(base, family, opened, settings)
    made.take_head(source / native.HEAD)
    return made
