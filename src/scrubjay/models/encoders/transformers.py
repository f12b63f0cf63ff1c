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

from scrubjay.core.errors import BadConfig, ModelNotFound
from scrubjay.core.types import Modality
from scrubjay.models.image_input import ImageInput
from scrubjay.models.text_input import TokenizerInput
from scrubjay.models.two_towers import TwoTowers, share_of_area

if TYPE_CHECKING:
    from torch import nn

FAMILY = "transformers"
OPTIONS_FILE = "scrubjay.json"
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
    shown = share_of_area(crop)
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
        crop=shown,
        flip=flip,
    )


class TransformersEncoder(TwoTowers):
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
        self._companions = companions
        super().__init__(
            FAMILY,
            model,
            {Modality.IMAGE: image_tower(model), Modality.TEXT: text_tower(model)},
            pictures,
            texts,
            called="the model",
            image_size=pictures.edge or pictures.size,
            crop=crop,
            flip=flip,
        )

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
        from scrubjay.models.pretrained.quiet import quiet_transformers

        with quiet_transformers():
            super().export(folder)


def _forget_texts(model: nn.Module, whole: Any, seed: int) -> None:  # noqa: ANN401 - AutoModel
    """Give a model the text tower it would begin with."""
    import torch

    from scrubjay.models.pretrained.quiet import quiet_transformers
    from scrubjay.models.pretrained.towers import text_tower

    with torch.random.fork_rng(devices=[]), quiet_transformers():
        torch.manual_seed(seed)
        fresh = whole.from_config(model.config)
    text_tower(model).load_state_dict(text_tower(fresh).state_dict())
