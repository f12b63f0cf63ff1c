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

from scrubjay.core.types import Modality
from scrubjay.models.image_input import ImageInput
from scrubjay.models.openclip.folder import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    Described,
    describe,
    find_weights,
    library,
)
from scrubjay.models.two_towers import TwoTowers, share_of_area

if TYPE_CHECKING:
    from scrubjay.models.openclip.texts import Texts

FAMILY = "open_clip"
OPTIONS_FILE = "scrubjay.json"


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
    shown = share_of_area(crop)
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
        crop=shown,
        flip=flip,
    )


class OpenClipEncoder(TwoTowers):
    """A TrainableEncoder around a model of open_clip."""

    nearness = 0.9999

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
        self._files = texts.files
        reading = text_tower(model, strip=texts.strip)
        super().__init__(
            FAMILY,
            model,
            {Modality.IMAGE: ImageTower(model.visual).eval(), Modality.TEXT: reading.eval()},
            pictures,
            replace(texts.input, fixed=not reading.shortens),
            called=described.name,
            image_size=pictures.size,
            crop=crop,
            flip=flip,
        )

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
