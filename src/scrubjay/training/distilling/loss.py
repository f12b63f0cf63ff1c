"""How far a student's vectors are from its teacher's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from scrubjay.training.ranks import gathered

NEAR = 1e-3
"""Distance to the mean below which a row has no direction from there."""


def everyones_rows(
    student: Mapping[str, Tensor],
    teacher: Mapping[str, Tensor],
    modalities: Sequence[str],
    dim: int,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The rows of all processes, the student's and the teacher's, as `gathered` has them.

    Args:
        student: modality to (n, dim) rows; n and the modalities present may differ by process.
        teacher: the same modalities to (n, dim) rows of the same things.
        modalities: all there may be, alike in every process.
        dim: of a row.
    """
    both = {name: torch.cat([one, teacher[name].to(one)], dim=1) for name, one in student.items()}
    nobody = {name: one.new_zeros(len(one), dtype=torch.int64) for name, one in both.items()}
    rows, _ = gathered(both, nobody, modalities, 2 * dim)
    return (
        {name: one[:, :dim] for name, one in rows.items()},
        {name: one[:, dim:] for name, one in rows.items()},
    )


def distillation(
    student: Mapping[str, Tensor],
    teacher: Mapping[str, Tensor],
    *,
    features: float,
    centred: float,
    relations: float,
    temperature: float,
) -> dict[str, Tensor]:
    """How far a student is from its teacher, in float32.

    Args:
        student: modality to (n, dim) unit rows.
        teacher: the same modalities to (n, dim) unit rows of the same things.
        features: weight of the mean of `1 - cos(student, teacher)`.
        centred: weight of the same from the mean of the teacher's rows of a modality.
        relations: weight of the mean divergence of similarity distributions.
        temperature: of those.

    Returns:
        `features`, `centred` and `relations` (absent where no modality has two rows) and their
        weighted sum as `loss`.
    """
    device = next(iter(student.values())).device.type
    with torch.autocast(device, enabled=False):
        ours = {name: rows.float() for name, rows in student.items()}
        theirs = {name: teacher[name].float() for name in ours}
        apart = [1 - (ours[name] * theirs[name]).sum(dim=1) for name in ours]
        found = {"features": torch.cat(apart).mean()}
        total = features * found["features"]
        several = [name for name in ours if len(ours[name]) > 1]
        if several:
            beside = [_from_their_mean(ours[name], theirs[name]) for name in several]
            found["centred"] = torch.cat(beside).mean()
            unlike = [
                _divergence(ours[a] @ theirs[b].T, theirs[a] @ theirs[b].T, temperature)
                for a in ours
                for b in several
            ]
            found["relations"] = torch.stack(unlike).mean()
            total = total + centred * found["centred"] + relations * found["relations"]
    return {**found, "loss": total}


def _from_their_mean(ours: Tensor, theirs: Tensor) -> Tensor:
    """(n,) `1 - cos` of rows as seen from the mean of the teacher's."""
    mean = theirs.mean(dim=0)
    return 1 - functional.cosine_similarity(ours - mean, theirs - mean, dim=1, eps=NEAR)


def _divergence(ours: Tensor, theirs: Tensor, temperature: float) -> Tensor:
    """Mean KL(teacher || student) of (n, keys) similarities to the teacher's rows."""
    asked, wanted = (one.div(temperature).log_softmax(dim=1) for one in (ours, theirs))
    return functional.kl_div(asked, wanted, log_target=True, reduction="batchmean")
