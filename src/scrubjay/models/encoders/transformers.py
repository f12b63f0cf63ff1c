"""Any CLIP, SigLIP or SigLIP 2 of the transformers library, from a directory or the hub's cache.

Weights are read from safetensors only and remote code never runs. What is saved is the model's own
format, with its own tokenizer and processor files, so that clients load it as they loaded the base.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
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
from scrubjay.models.text_input import TokenizerInput

if TYPE_CHECKING:
    from torch import nn

FAMILY = "transformers"
OPTIONS_FILE = "scrubjay.json"
ROWS_AT_ONCE = 32
KEPT, NEW = "kept", "new"
"""What becomes of a text tower that is loaded to be trained."""

COMPANIONS = (
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
    "tokenizer.model",
    "sentencepiece.bpe.model",
)
"""What belongs to a model beside its weights, kept byte for byte."""


def load(
    *,
    source: str | Path,
    revision: str | None = None,
    download: bool = False,
    crop: Sequence[float] = (0.6, 1.0),
    flip: bool = False,
    text: str = KEPT,
    seed: int = 0,
) -> TransformersEncoder:
    """A pretrained model with an image and a text tower.

    Args:
        source: a directory, else a hub id that is in the hub's cache.
        revision: branch, tag or commit of a hub id.
        download: fetch a hub id that is not on this machine; HF_HUB_OFFLINE forbids it.
        crop: smallest and largest share of a picture's area shown while training; (1, 1) shows it
            as it is served.
        flip: mirror pictures at random while training.
        text: `kept`, or `new` for a text tower of the same sizes that knows nothing yet.
        seed: of a new text tower.

    Raises:
        MissingExtra: torch or transformers are not installed.
        ModelNotFound: the model is not on this machine, or is none this family can load.
        BadConfig: a crop that cannot be, or a text tower neither kept nor new.
    """
    from scrubjay.models.pretrained.pictures import read_image_input
    from scrubjay.models.pretrained.source import find_model
    from scrubjay.models.pretrained.texts import read_text_input
    from scrubjay.models.pretrained.whole import libraries, load_whole

    transformers = libraries("the transformers encoder")
    if len(crop) != 2 or not 0 < crop[0] <= crop[1] <= 1:
        raise BadConfig(f"encoder.crop is two shares of the area in (0, 1], not {list(crop)}")
    if text not in {KEPT, NEW}:
        raise BadConfig(f"encoder.text is {KEPT} or {NEW}, not {text!r}")
    folder = find_model(source, revision=revision, download=download)
    pictures = read_image_input(folder)
    model = load_whole(transformers.AutoModel, folder)
    sizes = getattr(model.config, "text_config", None)
    positions = getattr(sizes, "max_position_embeddings", None)
    if positions is None:
        raise ModelNotFound(f"{folder} holds a {type(model).__name__}, which has no text tower")
    if text == NEW:
        _forget_texts(model, transformers.AutoModel, seed)
    texts = read_text_input(
        folder,
        positions=int(positions),
        fixed=str(model.config.model_type).startswith("siglip"),
    )
    companions = {
        name: (folder / name).read_bytes() for name in COMPANIONS if (folder / name).is_file()
    }
    return TransformersEncoder(
        model,
        pictures,
        texts,
        companions=companions,
        crop=(float(crop[0]), float(crop[1])),
        flip=flip,
    )


class TransformersEncoder:
    """A TrainableEncoder around a transformers model."""

    def __init__(
        self,
        model: nn.Module,
        pictures: ImageInput,
        texts: TokenizerInput,
        *,
        companions: dict[str, bytes],
        crop: tuple[float, float],
        flip: bool,
    ) -> None:
        from scrubjay.models.pretrained.towers import image_tower, text_tower

        self._model = model.eval()
        self._pictures = pictures
        self._texts = texts
        self._companions = companions
        self._crop = crop
        self._flip = flip
        self._towers: dict[Modality, nn.Module] = {
            Modality.IMAGE: image_tower(model),
            Modality.TEXT: text_tower(model),
        }
        self._fingerprint = ModuleFingerprint(
            model, {"image": pictures.to_json(), "text": texts.to_json()}
        )
        self._dim = self._run(Modality.TEXT, ["a"]).shape[1]
        self._check_size()

    def _check_size(self) -> None:
        try:
            width = self._run(Modality.IMAGE, [np.zeros((8, 8, 3), np.uint8)]).shape[1]
        except (ValueError, RuntimeError) as error:
            raise ModelNotFound(
                f"the model does not take what its picture processor makes, {self._pictures.size} "
                f"pixels a side: {error}"
            ) from error
        if width != self._dim:
            raise ModelNotFound(
                f"its towers disagree: {width} numbers a picture, {self._dim} a text"
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
            image_size=self._pictures.edge or self._pictures.size,
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
        """The model's own logit_scale and, for SigLIP, logit_bias."""
        scale = getattr(self._model, "logit_scale", None)
        bias = getattr(self._model, "logit_bias", None)
        return (
            float(scale.detach()) if scale is not None else float(np.log(1 / 0.07)),
            float(bias.detach()) if bias is not None else 0.0,
        )

    def save_pretrained(self, folder: Path) -> None:
        """Write config.json, model.safetensors, the tokenizer, the processor and scrubjay.json."""
        from scrubjay.models.pretrained.quiet import quiet_transformers

        model: Any = self._model
        with quiet_transformers():
            model.save_pretrained(folder)
        for name, content in self._companions.items():
            (folder / name).write_bytes(content)
        options = {"family": FAMILY, "options": {"crop": list(self._crop), "flip": self._flip}}
        text = json.dumps(options, indent=2)
        (folder / OPTIONS_FILE).write_text(text + "\n", encoding="utf-8")

    def export(self, folder: Path) -> None:
        """Write a graph a tower and encoder.json."""
        from scrubjay.models.patches import taking_bytes
        from scrubjay.models.pretrained.quiet import quiet_transformers

        image, text = self._towers[Modality.IMAGE], self._towers[Modality.TEXT]
        texts = self._texts(["a", "a longer text for the example"])
        pictures = [np.zeros((8, 8, 3), np.uint8)] * 2
        free = () if self._texts.fixed else (1,)
        spec = self.spec  # before the image tower's first layer is exchanged
        with quiet_transformers(), taking_bytes(image, self._pictures) as whole:
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


def _forget_texts(model: nn.Module, whole: Any, seed: int) -> None:  # noqa: ANN401 - AutoModel
    """Give a model the text tower it would begin with."""
    import torch

    from scrubjay.models.pretrained.quiet import quiet_transformers
    from scrubjay.models.pretrained.towers import text_tower

    with torch.random.fork_rng(devices=[]), quiet_transformers():
        torch.manual_seed(seed)
        fresh = whole.from_config(model.config)
    text_tower(model).load_state_dict(text_tower(fresh).state_dict())


def _torch_seeded() -> np.random.Generator:
    """A generator that follows torch's seed, as data loaders and resumed runs set it."""
    import torch

    return np.random.default_rng(int(torch.randint(2**62, ()).item()))
