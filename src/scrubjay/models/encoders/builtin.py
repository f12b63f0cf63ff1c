"""Scrubjay's own small encoder for pictures, texts and sounds, from scratch or from a folder.

Its native format is `config.json` (sizes and inputs) and `model.safetensors`. Texts longer than
`words` and sounds longer than `speech_window_s` are cut; nothing at all (an empty text, a sound
without samples) has a vector like anything else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import (
    BadConfig,
    Damaged,
    MissingExtra,
    ModelNotFound,
    UnsupportedModality,
    WrongUse,
)
from scrubjay.core.protocols import Preprocess
from scrubjay.core.types import EncoderSpec, Media, Modality
from scrubjay.models.builtin import shipped
from scrubjay.models.builtin.inputs import InputSettings, TowerInputs
from scrubjay.models.builtin.settings import NetworkSettings
from scrubjay.models.export import Tower, write_export
from scrubjay.models.fingerprint import ModuleFingerprint

if TYPE_CHECKING:
    from torch import nn

    from scrubjay.models.builtin.network import Network

FAMILY = "builtin"
SHIPPED = "shipped"
"""The source that names the weights in the package."""
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
FORMAT = 1
TEMPERATURE = 0.07
"""Where the contrastive temperature starts (Radford et al. 2021, section 2.5)."""
ROWS_AT_ONCE = 64
KEPT, NEW = "kept", "new"
"""What becomes of a text tower that is loaded to be trained."""

EXAMPLES: dict[Modality, list[Media]] = {
    Modality.IMAGE: [np.zeros((64, 48, 3), np.uint8), np.full((48, 64, 3), 255, np.uint8)],
    Modality.TEXT: ["a jay", "an acorn, hidden in October"],
    Modality.SPEECH: [np.zeros(8000, np.float32), np.zeros(12000, np.float32)],
}
"""To trace the towers with: rows of different lengths."""

DYNAMIC: dict[Modality, dict[str, tuple[int, ...]]] = {
    Modality.IMAGE: {},
    Modality.TEXT: {"features": (1, 2)},
    Modality.SPEECH: {"mel": (1,)},
}
"""Axes besides the batch that may have any length."""


def load(
    *,
    source: str | Path | None = None,
    seed: int = 0,
    inputs: Mapping[str, Any] | None = None,
    text: str = KEPT,
    **sizes: Any,  # noqa: ANN401 - NetworkSettings checks each
) -> BuiltinEncoder:
    """The encoder in a folder, or a new one with random weights.

    Args:
        source: folder that `save_pretrained` wrote, or `shipped` for the weights that come with
            Scrubjay; None starts from nothing.
        seed: of the random weights.
        inputs: settings of `InputSettings`; with a source, only how training varies its inputs.
        text: `kept`, or `new` for a source whose text tower is to know nothing of what it learnt.
        sizes: settings of `NetworkSettings`; none of them with a source, whose own count.

    Raises:
        MissingExtra: torch or safetensors are not installed.
        UnknownName: a setting nobody knows.
        BadConfig: a setting that cannot be, or sizes beside a source.
        ModelNotFound: the source is no folder of this family.
        Damaged: it is, but cannot be read.
    """
    try:
        import safetensors.torch  # noqa: F401
        import torch
    except ImportError as error:
        raise MissingExtra("the built-in encoder, outside its exported form,", "train") from error
    if text not in {KEPT, NEW}:
        raise BadConfig(f"encoder.text is {KEPT} or {NEW}, not {text!r}")
    if source is not None:
        if sizes:
            raise BadConfig(
                f"encoder.{next(iter(sizes))} is decided by the weights in encoder.source={source};"
                f" remove one of the two"
            )
        encoder = _load_folder(shipped.FOLDER if source == SHIPPED else Path(source), inputs or {})
        if text == NEW:
            encoder.forget_texts(seed)
        return encoder
    from scrubjay.models.builtin.network import Network

    settings = NetworkSettings.from_json(sizes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(settings)
    return BuiltinEncoder(network, InputSettings.from_json(inputs or {}))


class BuiltinEncoder:
    """A TrainableEncoder around one Network."""

    def __init__(self, network: Network, inputs: InputSettings) -> None:
        """Take the network; it is left in eval mode."""
        self._network = network.eval()
        self._inputs = TowerInputs(network.settings, inputs)
        self._towers: dict[Modality, nn.Module] = {}
        self._modalities = frozenset(Modality(name) for name in network.settings.modalities)
        self._fingerprint = ModuleFingerprint(
            network, {name: self._inputs.plain(Modality(name)).to_json() for name in Modality}
        )

    @property
    def spec(self) -> EncoderSpec:
        """Name, width, modalities; the fingerprint follows the weights as they are trained."""
        settings = self._network.settings
        has = self._modalities
        return EncoderSpec(
            name=FAMILY,
            version="",
            dim=settings.dim,
            modalities=has,
            fingerprint=str(self._fingerprint),
            image_size=settings.image_size if Modality.IMAGE in has else None,
            speech_window_s=settings.speech_window_s if Modality.SPEECH in has else None,
        )

    def encode(self, modality: Modality, batch: Sequence[Media]) -> NDArray[np.float32]:
        """(n, dim) float32 unit rows."""
        import torch

        tower = self.tower(modality)
        ready = self.preprocess(modality, train=False)
        device = next(tower.parameters()).device
        out = np.zeros((len(batch), self._network.settings.dim), np.float32)
        training = self._network.training
        self._network.eval()
        try:
            for start in range(0, len(batch), ROWS_AT_ONCE):
                rows = slice(start, start + ROWS_AT_ONCE)
                inputs = {
                    name: torch.from_numpy(array).to(device)
                    for name, array in ready(batch[rows]).items()
                }
                with torch.inference_mode():
                    vectors = torch.nn.functional.normalize(tower(**inputs).float(), dim=-1)
                out[rows] = vectors.cpu().numpy()
        finally:
            self._network.train(training)
        return out

    def tower(self, modality: Modality) -> nn.Module:
        """One modality's module; towers share their attention.

        Raises:
            UnsupportedModality: there is no such tower.
        """
        from scrubjay.models.builtin.network import TOWERS

        self._require(modality)
        if modality not in self._towers:
            self._towers[modality] = TOWERS[modality](self._network)
        return self._towers[modality]

    def preprocess(self, modality: Modality, *, train: bool) -> Preprocess:
        """Media to inputs; for training, pictures and sounds are varied at random."""
        self._require(modality)
        return self._inputs.varied(modality) if train else self._inputs.plain(modality)

    def logit_scale_init(self) -> tuple[float, float]:
        """Where CLIP starts, no bias."""
        return math.log(1 / TEMPERATURE), 0.0

    def save_pretrained(self, folder: Path) -> None:
        """Write `config.json` and `model.safetensors`."""
        from safetensors.torch import save_file

        state = {
            name: tensor.detach().cpu().contiguous()
            for name, tensor in self._network.state_dict().items()
        }
        save_file(state, folder / WEIGHTS)
        text = json.dumps(self._config(), indent=2)
        (folder / CONFIG).write_text(text + "\n", encoding="utf-8")

    def export(self, folder: Path) -> None:
        """Write one graph a tower and `encoder.json`; batch and length stay dynamic."""
        towers = {
            modality: Tower(
                module=self.tower(modality),
                input=self._inputs.plain(modality),
                example=self._inputs.plain(modality)(EXAMPLES[modality]),
                dynamic=DYNAMIC[modality],
            )
            for modality in sorted(self._modalities)
        }
        write_export(folder, spec=self.spec, towers=towers)

    def forget_texts(self, seed: int) -> None:
        """Begin anew with what only the text tower uses."""
        import torch

        from scrubjay.models.builtin.network import Network

        self._require(Modality.TEXT)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            fresh = Network(self._network.settings).state_dict()
        own = {name: one for name, one in fresh.items() if Modality.TEXT.value in name.split(".")}
        self._network.load_state_dict(own, strict=False)

    def _config(self) -> dict[str, Any]:
        return {
            "family": FAMILY,
            "format": FORMAT,
            "network": self._network.settings.to_json(),
            "inputs": self._inputs.settings.to_json(),
        }

    def _require(self, modality: Modality) -> None:
        if modality not in self._modalities:
            raise UnsupportedModality(FAMILY, modality, self._network.settings.modalities)


def _load_folder(folder: Path, varied: Mapping[str, Any]) -> BuiltinEncoder:
    """The encoder that `save_pretrained` wrote, with its weights as they were."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from scrubjay.models.builtin.network import Network

    config, weights = folder / CONFIG, folder / WEIGHTS
    if not (config.is_file() and weights.is_file()):
        raise ModelNotFound(
            f"{folder} holds no built-in encoder ({CONFIG} and {WEIGHTS}); give "
            f"encoder.source=FOLDER of one, or leave it out to start from nothing"
        )
    settings, inputs = _read_config(config)
    fixed = [name for name in varied if name not in {"image", "speech"}]
    if fixed:
        raise BadConfig(
            f"encoder.inputs.{fixed[0]} is decided by the encoder in {folder}; only "
            f"inputs.image and inputs.speech may differ"
        )
    changed = InputSettings.from_json({**inputs.to_json(), **varied})
    network = Network(settings)
    try:
        network.load_state_dict(load_file(weights))
    except (SafetensorError, OSError, RuntimeError) as error:
        raise Damaged(
            f"{weights} does not hold the weights that {config} describes "
            f"({str(error).splitlines()[0]}); nothing was loaded"
        ) from error
    return BuiltinEncoder(network, changed)


def _read_config(path: Path) -> tuple[NetworkSettings, InputSettings]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["family"] != FAMILY or values["format"] != FORMAT:
            raise Damaged(
                f"{path} is of family {values['family']!r}, format {values['format']!r}; this "
                f"reads {FAMILY!r}, format {FORMAT}"
            )
        return (
            NetworkSettings.from_json(values["network"]),
            InputSettings.from_json(values["inputs"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, WrongUse) as error:
        raise Damaged(f"{path} does not describe a built-in encoder: {error}") from error
