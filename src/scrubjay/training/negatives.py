"""Contrastive training that watches whether wrong captions are told from right ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from scrubjay.core.errors import BadConfig
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import Modality
from scrubjay.evaluate.minimal_pairs import MinimalPair, minimal_pairs
from scrubjay.evaluate.retrieval import TIE
from scrubjay.training.contrastive import ContrastiveModule
from scrubjay.training.data import PairBatch
from scrubjay.training.hard_batches import NOTHING, HardPairData, kinds_of
from scrubjay.training.losses import PairLoss

SEED = 0
"""Of the held-out wrong captions: every run and every epoch is asked the same."""


class HardNegativesModule(ContrastiveModule):
    """Contrastive training on batches with wrong captions, as NegCLIP (Yuksekgonul et al. 2023).

    The wrong captions come with the batch, with a content group that is nobody's: they join the
    softmax of every picture and every recording as negatives, and are never asked with.
    Each validation logs, by kind, the share of held-out captions that fit their picture better than
    the same caption with one thing wrong (`val/told_apart/<kind>`; chance is 0.5).
    """

    def __init__(
        self,
        encoder: TrainableEncoder,
        loss: PairLoss,
        *,
        kinds: Sequence[str],
        probes: int = 500,
        **settings: Any,  # noqa: ANN401 - those of ContrastiveModule, which checks them
    ) -> None:
        """Take the towers of an encoder.

        Args:
            encoder: with towers for text and for pictures or speech.
            loss: as `ContrastiveModule`.
            kinds: what wrong captions have wrong: see `PairKind`.
            probes: held-out captions asked for each kind, at most.
            **settings: as `ContrastiveModule`.

        Raises:
            UnknownName: a kind that does not exist, or as `ContrastiveModule`.
            BadConfig: the encoder reads no texts, or as `ContrastiveModule`.
        """
        super().__init__(encoder, loss, **settings)
        if Modality.TEXT not in encoder.spec.modalities:
            raise BadConfig(
                "wrong captions are texts, and this encoder reads none: choose one with a text "
                "tower, or model=contrastive"
            )
        if probes < 0:
            raise BadConfig(f"model.probes must be 0 or more, not {probes}")
        self.kinds = kinds_of(kinds)
        self._preprocess = encoder.preprocess(Modality.TEXT, train=False)
        self._probes = probes
        self._pairs: list[MinimalPair] | None = None

    def on_fit_start(self) -> None:
        """See that the batches bring what this learns from.

        Raises:
            BadConfig: the datamodule makes no wrong captions, or others.
        """
        super().on_fit_start()
        data = getattr(self.trainer, "datamodule", None)
        if not isinstance(data, HardPairData) or data.kinds != self.kinds:
            raise BadConfig(
                "model=hard_negatives learns from batches with wrong captions of its kinds: choose "
                "datamodule=hard_negatives, whose kinds are ${model.kinds}"
            )

    def training_step(self, batch: PairBatch, batch_idx: int) -> Tensor | None:
        """As `ContrastiveModule`, and how many wrong captions there were."""
        texts = batch.groups.get(Modality.TEXT.value)
        if texts is not None:
            wrong = int((texts == NOTHING).sum())
            self.log("train/wrong_captions", float(wrong), batch_size=max(1, len(texts) - wrong))
        return super().training_step(batch, batch_idx)

    def on_validation_epoch_end(self) -> None:
        """As `ContrastiveModule`, and what is told apart."""
        super().on_validation_epoch_end()
        for name, value in self._told_apart().items():
            self.log(f"val/told_apart/{name}", value, batch_size=1)

    def _told_apart(self) -> dict[str, float]:
        """Share of pairs by kind whose right caption is nearer to the group's pictures.

        Recordings count where the held-out part has no pictures. A tie is half right.
        """
        texts = self.held_out.get(Modality.TEXT.value)
        seen = self.held_out.get(Modality.IMAGE.value, self.held_out.get(Modality.SPEECH.value))
        if texts is None or seen is None:
            return {}
        views = self._views_of_data()
        rows = {views[int(at)].text: row for row, at in enumerate(texts.positions)}
        pairs = [one for one in self._probed(list(rows)) if one.caption in rows]
        if not pairs:
            return {}
        wrong = self._encoded([one.wrong for one in pairs])
        by_group = _means(seen.vectors, seen.groups)
        right: dict[str, list[float]] = defaultdict(list)
        for one, vector in zip(pairs, wrong, strict=True):
            row = rows[one.caption]
            shown = by_group.get(int(texts.groups[row]))
            if shown is not None:
                ahead = float(shown @ (texts.vectors[row] - vector))
                right[one.kind.value].append(0.5 if abs(ahead) <= TIE else float(ahead > 0))
        return {kind: float(np.mean(values)) for kind, values in right.items()}

    def _views_of_data(self) -> Sequence[Any]:
        data: Any = self.trainer.datamodule  # type: ignore[attr-defined]
        views: Sequence[Any] = data.held_out
        return views

    def _probed(self, captions: Sequence[str]) -> list[MinimalPair]:
        if self._pairs is None:
            found = minimal_pairs(captions, kinds=self.kinds, seed=SEED)
            self._pairs = [
                pair
                for kind in self.kinds
                for pair in [one for mine in found for one in mine if one.kind is kind][
                    : self._probes
                ]
            ]
        return self._pairs

    def _encoded(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        parts: list[np.ndarray[Any, np.dtype[np.float32]]] = []
        with torch.no_grad():
            for start in range(0, len(texts), self._loss_rows):
                inputs = self._preprocess(texts[start : start + self._loss_rows])
                tensors = {
                    name: torch.from_numpy(np.array(array)).to(self.device)
                    for name, array in inputs.items()
                }
                parts.append(self.vectors(Modality.TEXT.value, tensors).cpu().numpy())
        return np.concatenate(parts)


def _means(
    vectors: np.ndarray[Any, np.dtype[np.float32]], groups: np.ndarray[Any, np.dtype[np.int64]]
) -> Mapping[int, np.ndarray[Any, np.dtype[np.float32]]]:
    """Content group to the mean of its vectors."""
    return {int(one): vectors[groups == one].mean(axis=0) for one in np.unique(groups)}
