"""WiSE-FT: weights between those a training began with and those it ended with.

Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", section 3: every weight is
(1 - alpha) times the old one plus alpha times the new one. Small alphas keep what the old model
knew, alpha = 1 is the trained model. Alpha is chosen by retrieval on held-out items, the mean of
those that are new and those that are old.

Running statistics of batch norms are interpolated as weights are; none is measured anew.

Of an adapter, W + s B A (LoRA), only B moves, from the zero it began with: W + alpha s B A lies
alpha of the way between the merged weights. Moving A as well would lead elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadConfig, BadMedia, TrainingFailed
from scrubjay.core.protocols import Progress, TrainableEncoder, silent
from scrubjay.core.types import Item, Media, Modality
from scrubjay.evaluate.retrieval import RECALL_AT, recall_at_k
from scrubjay.training.pairs import group_items
from scrubjay.training.views import Decoded, View, views_of, window

Weights: TypeAlias = Mapping[str, Tensor]
"""Name to tensor on the CPU, of all towers together; what towers share is there once."""

VIEWS = 2000
"""Held-out views of a modality that are looked at, of new and of old items each, at most."""
ROWS_AT_ONCE = 64
CACHE_BYTES = 256 * 2**20
START, END = 0.0, 1.0
STAYS = ".lora_A."
"""In the name of what is left as it was trained."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """How far towards the trained weights.

    Attributes:
        alpha: 0 is where training began, 1 where it ended.
        scores: `alpha=0.5/new`, `alpha=0.5/old` and `alpha=0.5/mean`: R@1, R@5 and R@10 over all
            directions, averaged. `alpha=0/...` are the figures training began with. Empty when
            nothing was measured; `new` or `old` is missing where nothing of it is held out.
        why: one sentence for a report.
    """

    alpha: float
    scores: Mapping[str, float]
    why: str


def weights_of(encoder: TrainableEncoder) -> dict[str, Tensor]:
    """A copy of what can be interpolated: floating-point parameters and buffers."""
    return {name: tensor.detach().cpu().clone() for name, tensor in _tensors(encoder)}


def interpolate(encoder: TrainableEncoder, start: Weights, end: Weights, alpha: float) -> None:
    """Give an encoder the weights between two, in place; 0 and 1 give either's very bits.

    Raises:
        BadConfig: one of them is of another network than the encoder.
    """
    named = dict(_tensors(encoder))
    for side in (start, end):
        odd = set(named.keys() ^ side.keys()) or {
            name for name, one in named.items() if one.shape != side[name].shape
        }
        if odd:
            raise BadConfig(
                f"weights cannot be interpolated: {min(odd)} is not the same in both networks; "
                f"start the fit from an encoder of the same sizes"
            )
    with torch.no_grad():
        for name, live in named.items():
            # Alone at 0: 0 times a trained weight that is not finite is not 0.
            far = torch.lerp(start[name], end[name], alpha) if alpha else start[name]
            # A mask's infinities are the same in both, and there is no number between them.
            masked = start[name].isinf() & (start[name] == end[name])
            live.copy_(torch.where(masked, start[name], far))


def choose_alpha(
    encoder: TrainableEncoder,
    start: Weights,
    *,
    items: Sequence[Item],
    new: frozenset[str],
    read: Callable[[str], bytes],
    alphas: Sequence[float],
    device: str = "cpu",
    progress: Progress = silent,
) -> Chosen:
    """Leave an encoder with the interpolated weights that find held-out items best.

    Every query is answered from all held-out items, new and old together. Between equal alphas
    the smaller is chosen: it is nearer to what was proven before.

    Args:
        encoder: as it was trained.
        start: the weights its training began with.
        items: the validation split.
        new: ids of the new items; a content group with one of them is new.
        read: uri to bytes.
        alphas: those to choose from, each above 0.
        device: where to encode; the encoder is on the CPU again afterwards.

    Raises:
        TrainingFailed: an encoder between the two makes vectors that are not finite.
        BadConfig: the weights are of another network.
    """
    held_out = _HeldOut(encoder, items, new, read)
    if not held_out.parts:
        return Chosen(END, {}, "no validation items: alpha is 1, the weights as trained")
    end = weights_of(encoder)
    scores: dict[str, float] = {}
    means: dict[float, float] = {}
    tried = sorted({START, *alphas})
    _move(encoder, device)
    try:
        for done, alpha in enumerate(tried):
            progress("choosing weights", done, len(tried))
            interpolate(encoder, start, end, alpha)
            recalls = held_out.recalls(encoder, alpha)
            if not recalls:
                interpolate(encoder, start, end, END)
                return Chosen(END, {}, "no validation item can be read: alpha is 1")
            means[alpha] = float(np.mean(list(recalls.values())))
            found = {**recalls, "mean": means[alpha]}
            scores.update({f"alpha={alpha:g}/{part}": value for part, value in found.items()})
        progress("choosing weights", len(tried), len(tried))
        # Rounded, so that the order of a sum decides nothing.
        alpha = max(sorted(alphas), key=lambda one: round(means[one], 9))
        interpolate(encoder, start, end, alpha)
    finally:
        _move(encoder, "cpu")
    return Chosen(alpha, scores, held_out.why(alpha, alphas))


class _HeldOut:
    """Held-out views, and the groups among them that are new or old and have a right answer."""

    def __init__(
        self,
        encoder: TrainableEncoder,
        items: Sequence[Item],
        new: frozenset[str],
        read: Callable[[str], bytes],
    ) -> None:
        spec = encoder.spec
        groups = [
            group for group in group_items(items, spec.modalities) if len(group.modalities()) > 1
        ]
        of_new = {item.group for item in items if item.id in new}
        split = {
            "new": [group for group in groups if group.id in of_new],
            "old": [group for group in groups if group.id not in of_new],
        }
        self.parts = {
            part: np.array([group.number for group in members], np.int64)
            for part, members in split.items()
            if members
        }
        self._views = [
            view for members in split.values() for view in views_of(members, limit=VIEWS)
        ]
        self._longest_s = spec.speech_window_s
        self._decoded = Decoded(
            read, limits=MediaLimits(), min_side=spec.image_size, max_bytes=CACHE_BYTES
        )

    def recalls(self, encoder: TrainableEncoder, alpha: float) -> dict[str, float]:
        """Mean R@k over all directions of each part that has answerable queries."""
        seen = self._encode(encoder)
        if not all(np.isfinite(vectors).all() for vectors, _ in seen.values()):
            raise TrainingFailed(
                f"with alpha={alpha:g} the encoder's vectors are not finite; train again with a "
                f"lower model.lr"
            )
        found: dict[str, float] = {}
        for part, numbers in self.parts.items():
            figures: list[float] = []
            for query, gallery in permutations(sorted(seen), 2):
                (asked, groups), (searched, answers) = seen[query], seen[gallery]
                mine = np.isin(groups, numbers) & np.isin(groups, answers)
                if mine.any():
                    recall = recall_at_k(asked[mine], searched, groups[mine], answers, RECALL_AT)
                    figures += recall.values()
            # An unreadable file on either side leaves a part without a question.
            found |= {part: float(np.mean(figures))} if figures else {}
        return found

    def why(self, alpha: float, alphas: Sequence[float]) -> str:
        sizes = " and ".join(f"{len(numbers)} {part}" for part, numbers in self.parts.items())
        among = ", ".join(f"{one:g}" for one in sorted(alphas))
        return (
            f"alpha {alpha:g} of {among}: best mean recall on {sizes} held-out content groups, "
            f"the smallest such"
        )

    def _encode(
        self, encoder: TrainableEncoder
    ) -> dict[Modality, tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Modality to vectors (n, dim) and content groups (n,)."""
        seen: dict[Modality, tuple[NDArray[np.float32], NDArray[np.int64]]] = {}
        for modality in dict.fromkeys(view.modality for view in self._views):
            views = [view for view in self._views if view.modality is modality]
            rows: list[NDArray[np.float32]] = []
            groups: list[int] = []
            for first in range(0, len(views), ROWS_AT_ONCE):
                media, numbers = self._media(views[first : first + ROWS_AT_ONCE])
                rows.append(encoder.encode(modality, media))
                groups += numbers
            seen[modality] = np.concatenate(rows), np.array(groups, np.int64)
        return seen

    def _media(self, views: Sequence[View]) -> tuple[list[Media], list[int]]:
        media: list[Media] = []
        numbers: list[int] = []
        for view in views:
            try:
                media.append(self._show(view))
            except BadMedia:  # a broken file is no answer for any alpha
                continue
            numbers.append(view.group)
        return media, numbers

    def _show(self, view: View) -> Media:
        if view.item is None:
            return view.text
        if view.modality is Modality.IMAGE:
            return self._decoded.picture(view.item)
        return window(self._decoded.sound(view.item), self._longest_s, None)


def _towers(encoder: TrainableEncoder) -> nn.ModuleDict:
    return nn.ModuleDict(
        {modality.value: encoder.tower(modality) for modality in sorted(encoder.spec.modalities)}
    )


def _tensors(encoder: TrainableEncoder) -> Iterator[tuple[str, Tensor]]:
    """Each floating-point parameter and buffer that moves, once, however many towers hold it."""
    towers = _towers(encoder)
    for named in (towers.named_parameters(), towers.named_buffers()):
        for name, tensor in named:
            if tensor.is_floating_point() and STAYS not in name:
                yield name, tensor


def _move(encoder: TrainableEncoder, device: str) -> None:
    _towers(encoder).to(device)
