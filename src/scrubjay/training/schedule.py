"""The learning rate over a run: linear warm-up, then half a cosine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import BadConfig

if TYPE_CHECKING:
    from torch.optim import Optimizer


def warmup_steps(warmup: float, total: int) -> int:
    """Steps of warm-up: a share of the run below 1, a number of steps from 1 on.

    Raises:
        BadConfig: a negative or not finite warm-up.
    """
    if not math.isfinite(warmup) or warmup < 0:
        raise BadConfig(f"warmup is a share of the run or a number of steps, not {warmup}")
    steps = round(warmup * total) if warmup < 1 else round(warmup)
    return min(steps, total)


def cosine_with_warmup(step: int, *, total: int, warmup: int, final: float) -> float:
    """Factor on the peak learning rate at one optimizer step.

    Rises linearly over `warmup` steps (the first is never zero), then falls to `final` along half
    a cosine (Loshchilov & Hutter 2017, eq. 5 without restarts).

    Args:
        step: optimizer steps taken so far, from 0.
        total: steps of the whole run.
        warmup: steps of warm-up.
        final: factor at the end, in [0, 1].
    """
    if step < warmup:
        return (step + 1) / (warmup + 1)
    done = min(1.0, (step - warmup) / max(1, total - warmup))
    return final + (1.0 - final) * 0.5 * (1.0 + math.cos(math.pi * done))


def scheduled(optimizer: Optimizer, *, total: int, warmup: float, final: float) -> dict[str, Any]:
    """An optimizer whose rates follow `cosine_with_warmup`, as Lightning asks for one.

    Args:
        optimizer: with the peak rates.
        total: steps of the whole run.
        warmup: as for `warmup_steps`, and so is its error.
        final: the last rate as a share of the peak.
    """
    from torch.optim.lr_scheduler import LambdaLR

    rising = warmup_steps(warmup, total)
    schedule = LambdaLR(
        optimizer, lambda step: cosine_with_warmup(step, total=total, warmup=rising, final=final)
    )
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
