"""Contrastive losses over whatever pairs of modalities a batch holds.

Rows of one content group are positives of each other in every pair of modalities and never
negatives. A modality may have fewer rows than another: an example need not have all three.
Similarities and losses are computed in float32, also under bf16 autocast.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from scrubjay.core.errors import BadConfig, UnknownName

PAIRS = (("image", "text"), ("image", "speech"), ("speech", "text"))
"""The pairs of modalities a loss looks at, in this order."""


def pair_name(a: str, b: str) -> str:
    """How a pair is called in configuration and metrics: `image-text`."""
    return f"{a}-{b}"


class PairLoss(nn.Module, ABC):
    """The weighted mean of one loss over the pairs of modalities present.

    Attributes:
        logit_scale: learnable log of the inverse temperature, shared by all pairs; its exponential
            is held at `max_scale` and below (Radford et al. 2021, section 2.5).
    """

    def __init__(
        self,
        *,
        logit_scale: float | None = None,
        max_scale: float = 100.0,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        """Set what is learnt and what is not.

        Args:
            logit_scale: where to start; None takes the encoder's own.
            max_scale: largest inverse temperature.
            weights: pair name to its weight, 1 where unnamed, 0 leaves the pair out.

        Raises:
            UnknownName: a weight for a pair that does not exist.
            BadConfig: a negative weight, or a scale that is not positive.
        """
        super().__init__()
        names = [pair_name(*pair) for pair in PAIRS]
        for name, weight in (weights or {}).items():
            if name not in names:
                raise UnknownName("pair in loss.weights", name, names)
            if not weight >= 0:
                raise BadConfig(f"loss.weights.{name} must be 0 or more, not {weight}")
        if not max_scale > 0:
            raise BadConfig(f"loss.max_scale must be above 0, not {max_scale}")
        self._weights = {name: float((weights or {}).get(name, 1.0)) for name in names}
        self._max_log = math.log(max_scale)
        self._chosen_scale = logit_scale
        self.logit_scale = nn.Parameter(torch.tensor(logit_scale or 0.0))

    def start_from(self, logit_scale: float, bias: float) -> None:
        """Begin where the encoder was trained to, unless the configuration chose otherwise."""
        chosen = self._chosen_scale
        with torch.no_grad():
            self.logit_scale.fill_(logit_scale if chosen is None else chosen)

    def scale(self) -> Tensor:
        """The inverse temperature, a scalar."""
        return self.logit_scale.float().clamp(max=self._max_log).exp()

    def forward(
        self, vectors: Mapping[str, Tensor], groups: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Losses of the pairs present and their weighted mean.

        Args:
            vectors: modality to (n, dim) unit rows; n differs between modalities.
            groups: modality to (n,) int64 content groups of those rows.

        Returns:
            Pair name to scalar float32 loss, and `loss`; empty when the batch holds no pair that
            counts, which is nothing to learn from.
        """
        found: dict[str, Tensor] = {}
        for a, b in PAIRS:
            name = pair_name(a, b)
            if self._weights[name] == 0 or a not in vectors or b not in vectors:
                continue
            same = groups[a][:, None] == groups[b][None, :]
            with torch.autocast(vectors[a].device.type, enabled=False):
                cosine = vectors[a].float() @ vectors[b].float().T
                if bool(same.any()):
                    found[name] = self.pair(cosine, same)
        if not found:
            return {}
        weight = sum(self._weights[name] for name in found)
        total = torch.stack([self._weights[name] * one for name, one in found.items()]).sum()
        return {**found, "loss": total / weight}

    @abstractmethod
    def pair(self, cosine: Tensor, same: Tensor) -> Tensor:
        """The loss of one pair of modalities.

        Args:
            cosine: (n_a, n_b) float32 cosines.
            same: (n_a, n_b) bool, whether two rows are of one content group; any is true.
        """


class InfoNCE(PairLoss):
    """Symmetric InfoNCE with several positives.

    Each positive competes with the row's negatives alone: `-log e^p / (e^p + sum e^n)`, averaged
    over a row's positives (Khosla et al. 2020, eq. 2), then over rows that have any, then over both
    directions. Leaving the other positives out of the denominator keeps them from being pushed
    apart (Feeney & Hughes 2024, SINCERE); with one positive a row it is Radford et al. 2021,
    figure 3.
    """

    def pair(self, cosine: Tensor, same: Tensor) -> Tensor:
        """Mean of both directions' losses."""
        logits = self.scale() * cosine
        return (_multi_positive(logits, same) + _multi_positive(logits.T, same.T)) / 2


def _multi_positive(logits: Tensor, same: Tensor) -> Tensor:
    lowest = torch.finfo(logits.dtype).min  # finite: a row without negatives keeps finite gradients
    negatives = logits.masked_fill(same, lowest).logsumexp(dim=1, keepdim=True)
    each = functional.softplus(negatives - logits)
    counts = same.sum(dim=1)
    rows = (each * same).sum(dim=1) / counts.clamp(min=1)
    return rows.sum() / (counts > 0).sum()


class SigLIP(PairLoss):
    """Pairwise sigmoid loss (Zhai et al. 2023, eq. 1) with several positives.

    The sum over all pairs of `-log sigmoid(z (t cos + b))`, z = 1 for rows of one group and -1
    else, divided by the mean number of rows of the two modalities (their |B|).

    Attributes:
        bias: learnable b, shared by all pairs.
    """

    def __init__(
        self,
        *,
        logit_scale: float | None = None,
        bias: float | None = None,
        max_scale: float = 1000.0,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        """Set what is learnt and what is not.

        Args:
            logit_scale: where to start; None takes the encoder's own.
            bias: where to start; None takes the encoder's own, and -10 (Zhai et al., section 3.2)
                for an encoder without one, which says 0.
            max_scale: largest inverse temperature.
            weights: pair name to its weight, 1 where unnamed, 0 leaves the pair out.
        """
        super().__init__(logit_scale=logit_scale, max_scale=max_scale, weights=weights)
        self._chosen_bias = bias
        self.bias = nn.Parameter(torch.tensor(-10.0 if bias is None else bias))

    def start_from(self, logit_scale: float, bias: float) -> None:
        """Begin where the encoder was trained to, unless the configuration chose otherwise."""
        super().start_from(logit_scale, bias)
        if self._chosen_bias is None and bias != 0.0:
            with torch.no_grad():
                self.bias.fill_(bias)

    def pair(self, cosine: Tensor, same: Tensor) -> Tensor:
        """Sum over all pairs by the mean number of rows."""
        signs = same.to(cosine.dtype) * 2 - 1
        logits = self.scale() * cosine + self.bias.float()
        rows = (cosine.shape[0] + cosine.shape[1]) / 2
        return -functional.logsigmoid(signs * logits).sum() / rows
