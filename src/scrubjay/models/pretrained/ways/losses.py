"""What a right answer costs a model: of each row a sum, and how many tokens it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrubjay.models.pretrained.lesson import IGNORED

if TYPE_CHECKING:
    from torch import Tensor


def next_token_losses(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Of a model whose logits tell the token after.

    Args:
        logits: (n, s, words); the last t of them belong to the labels, what is before to a picture.
        labels: (n, t), IGNORED where nothing counts.

    Returns:
        Sums of negative log-likelihoods, (n,) float32; numbers of tokens, (n,) int64.
    """
    return token_losses(logits[:, -labels.shape[1] : -1], labels[:, 1:])


def token_losses(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Of a model whose logits tell the token they stand at, as one that writes apart; (n, t)."""
    import torch
    from torch.nn import functional

    wanted = labels != IGNORED
    rows = wanted.nonzero()[:, 0]
    each = functional.cross_entropy(logits[wanted].float(), labels[wanted], reduction="none")
    sums = torch.zeros(len(labels), device=each.device).index_add(0, rows, each)
    return sums, wanted.sum(dim=1)


def choice_losses(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Of a model with a chance of its own for every answer it knows; a row counts as one token.

    Args:
        logits: (n, answers).
        labels: (n, answers), how right each is, in [0, 1].
    """
    import torch
    from torch.nn import functional

    each = functional.binary_cross_entropy_with_logits(
        logits.float(), labels.float(), reduction="none"
    )
    return each.sum(dim=1), torch.ones(len(labels), dtype=torch.int64, device=each.device)
