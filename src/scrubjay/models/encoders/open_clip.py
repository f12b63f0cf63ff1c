"""Any CLIP-style model of the open_clip library: an architecture's name and a local checkpoint.

Weights are read from safetensors only, and nothing is fetched. What is saved is open_clip's own
format, so that clients load it with `open_clip.create_model_and_transforms("local-dir:FOLDER")`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadConfig, ModelNotFound, UnsupportedModality
from scrubjay.core.protocols import Preprocess
from scrubjay.core.types import EncoderSpec, Media, Modality
from scrubjay.models.augment import Reframed
from scrubjay.models.export import Tower, write_export
from scrubjay.models.fingerprint import ModuleFingerprint
from scrubjay.models.image_input import ImageInput
from scrubjay.models.openclip.folder import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    Described,
    describe,
    find_weights,
    library,
)
from scrubjay.models.text_input import TokenizerInput

if TYPE_CHECKING:
    from torch import nn

    from scrubjay.models.openclip.texts import Texts

FAMILY = "open_clip"
OPTIONS_FILE = "scrubjay.json"
ROWS_AT_ONCE = 32


def load(
    *,
    source: str | Path,
    architecture: str | None = None,
    crop: Sequence[float] = (0.6, 1.0),
    flip: bool = False,
) -> OpenClipEncoder:
    """A model of open_clip with its weights.

    Args:
        source: a safetensors file, or a folder with one and, where the network or the tokenizer
            are not open_clip's own, with open_clip_config.json and tokenizer.json.
        architecture: a name of `open_clip.list_models()`; None takes the folder's own.
        crop: smallest and largest share of a picture's area shown while training; (1, 1) shows it
            as it is served.
        flip: mirror pictures at random while training.

    Raises:
        MissingExtra: open_clip or torch are not installed.
        UnknownName: no such architecture.
        ModelNotFound: the checkpoint is not on this machine, or is none this family can load.
        Damaged: its weights are not of that architecture.
        BadConfig: a crop that cannot be.
    """
    library()
    if len(crop) != 2 or not 0 < crop[0] <= crop[1] <= 1:
        raise BadConfig(f"encoder.crop is two shares of the area in (0, 1], not {list(crop)}")
    weights = find_weights(source)
    described = describe(architecture, weights.parent)
    from scrubjay.models.openclip.network import load_network
    from scrubjay.models.openclip.pictures import image_input
    from scrubjay.models.openclip.texts import read_texts

    texts = read_texts(described, weights.parent)
    model = load_network(described, weights)
    return OpenClipEncoder(
        model,
        described,
        image_input(described.preparing, model.visual.image_size, described.name),
        texts,
        crop=(float(crop[0]), float(crop[1])),
        flip=flip,
    )


class OpenClipEncoder:
    """A TrainableEncoder around a model of open_clip."""

    def __init__(
        self,
        model: Any,  # noqa: ANN401 - open_clip has no types
        described: Described,
        pictures: ImageInput,
        texts: Texts,
        *,
        crop: tuple[float, float],
        flip: bool,
    ) -> None:
        from scrubjay.models.openclip.towers import ImageTower, text_tower

        self._model = model
        self._described = described
        self._pictures = pictures
        self._files = texts.files
        self._crop = crop
        self._flip = flip
        reading = text_tower(model, strip=texts.strip)
        self._texts = replace(texts.input, fixed=not reading.shortens)
        self._towers: dict[Modality, nn.Module] = {
            Modality.IMAGE: ImageTower(model.visual).eval(),
            Modality.TEXT: reading.eval(),
        }
        self._fingerprint = ModuleFingerprint(
            model, {"image": pictures.to_json(), "text": self._texts.to_json()}
        )
        self._dim = self._run(Modality.TEXT, ["a"]).shape[1]
        self._check_size()

    def _check_size(self) -> None:
        try:
            width = self._run(Modality.IMAGE, [np.zeros((8, 8, 3), np.uint8)]).shape[1]
        except (ValueError, RuntimeError, AssertionError) as error:
            raise ModelNotFound(
                f"{self._described.name} does not take pictures of {self._pictures.size} pixels a "
                f"side: {error}"
            ) from error
        if width != self._dim:
            raise ModelNotFound(
                f"the towers of {self._described.name} disagree: {width} numbers a picture, "
                f"{self._dim} a text"
            )

    @property
    def spec(self) -> EncoderSpec:
        """Family, width; the fingerprint follows the weights as they are trained."""
        return EncoderSpec(
            name=FAMILY,
            version="",
            dim=self._dim,
            modalities=frozenset(self._towers),
            fingerprint=str(self._fingerprint),
            image_size=self._pictures.size,
        )

    def encode(self, modality: Modality, batch: Sequence[Media]) -> NDArray[np.float32]:
        """(n, dim) float32 unit rows.

        Raises:
            UnsupportedModality: neither pictures nor texts.
            BadMedia: one of the media is not of this modality.
        """
        self._require(modality)
        out = np.zeros((len(batch), self._dim), np.float32)
        for start in range(0, len(batch), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            out[rows] = self._run(modality, batch[rows])
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return out

    def _run(self, modality: Modality, batch: Sequence[Media]) -> NDArray[np.float32]:
        import torch

        tower = self._towers[modality]
        device = next(tower.parameters()).device
        inputs = {
            name: torch.from_numpy(array).to(device)
            for name, array in self._input(modality)(batch).items()
        }
        training = tower.training
        tower.eval()
        try:
            with torch.inference_mode():
                vectors: NDArray[np.float32] = tower(**inputs).float().cpu().numpy()
        finally:
            tower.train(training)
        return vectors

    def tower(self, modality: Modality) -> nn.Module:
        """One modality's module; it owns the parts of the model that make its vectors.

        Raises:
            UnsupportedModality: neither pictures nor texts.
        """
        self._require(modality)
        return self._towers[modality]

    def preprocess(self, modality: Modality, *, train: bool) -> Preprocess:
        """Media to inputs; for training, pictures are cropped at random."""
        self._require(modality)
        varied = self._flip or self._crop != (1.0, 1.0)
        if train and modality is Modality.IMAGE and varied:
            return Reframed(self._pictures, _torch_seeded, area=self._crop, flip=self._flip)
        return self._input(modality)

    def logit_scale_init(self) -> tuple[float, float]:
        """The model's own logit_scale and, where it has one, logit_bias."""
        scale, bias = self._model.logit_scale, self._model.logit_bias
        return (
            float(scale.detach().reshape(-1)[0]),
            float(bias.detach().reshape(-1)[0]) if bias is not None else 0.0,
        )

    def save_pretrained(self, folder: Path) -> None:
        """Write open_clip_config.json, open_clip_model.safetensors and scrubjay.json.

        A tokenizer of its own is written beside them.
        """
        from safetensors.torch import save_file

        described = self._described
        config = {"model_cfg": described.network, "preprocess_cfg": described.preparing}
        options = {"family": FAMILY, "options": {"crop": list(self._crop), "flip": self._flip}}
        for name, values in ((CONFIG_FILE, config), (OPTIONS_FILE, options)):
            (folder / name).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
        for name, content in self._files.items():
            (folder / name).write_bytes(content)
        tensors = {
            name: one.detach().cpu().contiguous() for name, one in self._model.state_dict().items()
        }
        save_file(tensors, folder / WEIGHTS_FILE, metadata={"format": "pt"})

    def export(self, folder: Path) -> None:
        """Write a graph a tower and encoder.json."""
        from scrubjay.models.patches import taking_bytes

        image, text = self._towers[Modality.IMAGE], self._towers[Modality.TEXT]
        texts = self._texts(["a", "a longer text for the example"])
        pictures = [np.zeros((8, 8, 3), np.uint8)] * 2
        free = () if self._texts.fixed else (1,)
        spec = self.spec  # before the image tower's first layer is exchanged
        with taking_bytes(image, self._pictures) as whole:
            example = (
                self._pictures(pictures) if whole is None else self._pictures.as_bytes(pictures)
            )
            write_export(
                folder,
                spec=spec,
                towers={
                    Modality.IMAGE: Tower(whole or image, self._pictures, example),
                    Modality.TEXT: Tower(text, self._texts, texts, dict.fromkeys(texts, free)),
                },
            )

    def _input(self, modality: Modality) -> ImageInput | TokenizerInput:
        return self._pictures if modality is Modality.IMAGE else self._texts

    def _require(self, modality: Modality) -> None:
        if modality not in self._towers:
            raise UnsupportedModality(FAMILY, modality, self._towers)


def _torch_seeded() -> np.random.Generator:
    """A generator that follows torch's seed, as data loaders and resumed runs set it."""
    import torch

    return np.random.default_rng(int(torch.randint(2**62, ()).item()))
