"""Whether nothing was lost on several sets at once, and which of them are able to tell.

A loss must be shown to be smaller than a margin (non-inferiority; Piaggio et al., "Reporting of
noninferiority and equivalence randomized trials", JAMA 2012). Who asks it of every set runs an
intersection-union test (Berger, "Multiparameter hypothesis testing and acceptance sampling",
Technometrics 1982): a model that loses more than the margin on any one of them passes with
probability alpha at most, however many sets there are. No correction is needed on this side.

On the other side it is: every set may fail a good model by bad luck, and with many sets it adds
up. A set is therefore judged only when it can tell: it has enough content groups, and its standard
error is so small that a model exactly as good would fail with probability `share * (1 -
equal_passes)` at most. With shares that add up to 1 such a model passes all judged sets with
probability `equal_passes` (Bonferroni's inequality: however the sets overlap).

Of a set that cannot tell only evident losses count: the estimate is beyond the margin, and "no
loss" is refused at `share * alpha`. A model just as good meets one with probability alpha at most
over all sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scrubjay.evaluate.paired import PairedGain


class Loss(StrEnum):
    """What a set says of a loss."""

    RULED_OUT = "ruled out"
    NOT_RULED_OUT = "not ruled out"
    EVIDENT = "evident"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class NoLoss:
    """What one set says.

    Attributes:
        gain: the challenger's gain; a loss is below zero.
        margin: the loss that is allowed, above zero.
        share: this set's part of what may go wrong by chance over all sets.
        p_margin: p of "the loss is the margin or more".
        p_loss: p of "nothing is lost".
        equal_passes: how often a model just as good would pass here.
        needed_groups: content groups that would be enough to be judged, from the observed spread.
    """

    loss: Loss
    gain: PairedGain
    margin: float
    share: float
    p_margin: float
    p_loss: float
    equal_passes: float
    needed_groups: int

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "loss": self.loss.value,
            "gain": self.gain.to_json(),
            "n_queries": self.gain.n_queries,
            "n_groups": self.gain.n_groups,
            "margin": self.margin,
            "share": self.share,
            "p_margin": self.p_margin,
            "p_loss": self.p_loss,
            "equal_passes": self.equal_passes,
            "needed_groups": self.needed_groups,
        }


def no_loss(
    gain: PairedGain, margin: float, *, share: float, equal_passes: float, minimum_n: int
) -> NoLoss:
    """Judge one set, or say that it cannot tell.

    Args:
        gain: its `alpha` is the error of showing non-inferiority.
        margin: above zero.
        share: of what may go wrong by chance; over all sets they add up to 1.
        equal_passes: how often a model just as good is to pass all sets.
        minimum_n: content groups below which a set is never judged.
    """
    p_margin, p_loss = gain.p_at_most(-margin), gain.p_at_least(0.0)
    wanted = 1 - share * (1 - equal_passes)
    chance = gain.chance_to_show(margin)
    if gain.n_groups >= minimum_n and chance >= wanted:
        loss = Loss.RULED_OUT if p_margin <= gain.alpha else Loss.NOT_RULED_OUT
    elif gain.value <= -margin and p_loss <= share * gain.alpha:
        loss = Loss.EVIDENT
    else:
        loss = Loss.CANNOT_TELL
    needed = max(minimum_n, gain.groups_to_show(margin, wanted))
    return NoLoss(loss, gain, margin, share, p_margin, p_loss, chance, needed)
