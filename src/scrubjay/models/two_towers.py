"""What encoders with a picture and a text tower have in common, whatever library they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

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

ROWS_AT_ONCE: Final = 32


class TwoTowers:
    """All of a TrainableEncoder but its temperature and its own format."""

    nearness: ClassVar[float | None] = None
    """Cosine with float32 that a tower may be served in bfloat16 with; None: any."""

    def __init__(
        self,
        family: str,
        model: nn.Module,
        towers: Mapping[Modality, nn.Module],
        pictures: ImageInput,
        texts: TokenizerInput,
        *,
        called: str,
        image_size: int,
        crop: tuple[float, float],
        flip: bool,
    ) -> None:
        """Take a network's towers and what they are fed.

        Args:
            family: name of the family.
            model: owns every weight of the towers.
            towers: of pictures and of texts, in eval mode.
            called: the model, for people.
            image_size: shorter side in pixels that pictures should have before they are prepared.
            crop: smallest and largest share of a picture's area shown while training.
            flip: mirror pictures at random while training.

        Raises:
            ModelNotFound: a tower does not take what it would be fed, or they disagree in width.
        """
        self._family = family
        self._whole = model
        self._towers = dict(towers)
        self._pictures, self._texts = pictures, texts
        self._image_size = image_size
        self._crop, self._flip = crop, flip
        self._fingerprint = ModuleFingerprint(
            model, {"image": pictures.to_json(), "text": texts.to_json()}
        )
        self._dim = self._run(Modality.TEXT, ["a"]).shape[1]
        self._check_size(called)

    def _check_size(self, called: str) -> None:
        try:
            width = self._run(Modality.IMAGE, [np.zeros((8, 8, 3), np.uint8)]).shape[1]
        except (ValueError, RuntimeError, AssertionError) as error:
            raise ModelNotFound(
                f"{called} does not take what its picture processor makes, {self._pictures.size} "
                f"pixels a side: {error}"
            ) from error
        if width != self._dim:
            raise ModelNotFound(
                f"the towers of {called} disagree: {width} numbers a picture, {self._dim} a text"
            )

    @property
    def whole(self) -> nn.Module:
        """The network that owns the towers' weights, as its library names them."""
        return self._whole

    @property
    def spec(self) -> EncoderSpec:
        """Family, width; the fingerprint follows the weights as they are trained."""
        return EncoderSpec(
            name=self._family,
            version="",
            dim=self._dim,
            modalities=frozenset(self._towers),
            fingerprint=str(self._fingerprint),
            image_size=self._image_size,
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
                    Modality.IMAGE: Tower(
                        whole or image, self._pictures, example, asked=self.nearness
                    ),
                    Modality.TEXT: Tower(
                        text, self._texts, texts, dict.fromkeys(texts, free), asked=self.nearness
                    ),
                },
            )

    def _input(self, modality: Modality) -> ImageInput | TokenizerInput:
        return self._pictures if modality is Modality.IMAGE else self._texts

    def _require(self, modality: Modality) -> None:
        if modality not in self._towers:
            raise UnsupportedModality(self._family, modality, self._towers)


def share_of_area(crop: Sequence[float]) -> tuple[float, float]:
    """What a family's option `crop` says.

    Raises:
        BadConfig: a crop that cannot be.
    """
    if len(crop) != 2 or not 0 < crop[0] <= crop[1] <= 1:
        raise BadConfig(f"encoder.crop is two shares of the area in (0, 1], not {list(crop)}")
    return float(crop[0]), float(crop[1])


def _torch_seeded() -> np.random.Generator:
    """A generator that follows torch's seed, as data loaders and resumed runs set it."""
    import torch

    return np.random.default_rng(int(torch.randint(2**62, ()).item()))
