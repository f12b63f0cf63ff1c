"""Whether the right caption scores above one that was made wrong in one place.

As in ARO (Yuksekgonul et al., "When and why vision-language models behave like bags-of-words",
ICLR 2023) and SugarCrepe (Hsieh et al., NeurIPS 2023): a coin has half of them right. Since a text
tower may prefer a sentence whatever the picture shows (the bias SugarCrepe was made against), each
pair is also asked blindly, of the centre of all media: what is right there was not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.evaluate.bootstrap import Estimate, bootstrap_mean
from scrubjay.evaluate.multiple import holm
from scrubjay.evaluate.paired import PairedGain, paired_gain
from scrubjay.evaluate.retrieval import TIE
from scrubjay.evaluate.wilson import wilson

CHANCE = 0.5
ALPHA = 0.05
RESAMPLES = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Probes of one modality with their scores.

    Attributes:
        kinds: (n,) what is wrong in each wrong caption.
        groups: (n,) content groups.
        right: (n,) scores of the right captions.
        wrong: (n,) scores of the wrong ones.
        blind: (n,) what the right one is ahead by when asked of the centre of all media.
    """

    kinds: tuple[str, ...]
    groups: tuple[str, ...]
    right: NDArray[np.float64]
    wrong: NDArray[np.float64]
    blind: NDArray[np.float64]

    @property
    def margin(self) -> NDArray[np.float64]:
        """(n,) what the right caption is ahead by."""
        return self.right - self.wrong

    @property
    def passed(self) -> NDArray[np.float64]:
        """(n,) 1 where the right caption is ahead; ties lose."""
        return (self.margin > TIE).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Change:
    """What another version gains or loses on the same probes: ours less the other's.

    Attributes:
        p: two-sided, by itself; `p_together`: all comparisons of the table taken together.
    """

    gain: Estimate
    p: float
    p_together: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {**self.gain.to_json(), "p": self.p, "p_together": self.p_together}


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One kind of probes on one modality.

    Attributes:
        accuracy: share passed, with an interval over content groups.
        blind: share that passes without the picture or recording.
        p: that no more than half is passed, by itself.
        p_together: the same, all kinds taken together (Holm 1979).
    """

    modality: str
    kind: str
    n: int
    n_groups: int
    accuracy: Estimate
    blind: float
    p: float
    p_together: float
    change: Change | None = None

    @property
    def above_chance(self) -> bool:
        """Whether it is shown that more than half is passed."""
        return self.p_together <= ALPHA

    @property
    def told(self) -> str:
        """In words."""
        if self.above_chance:
            return "above chance"
        return "below chance" if self.accuracy.high < CHANCE else "at chance"

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "modality": self.modality,
            "kind": self.kind,
            "n": self.n,
            "n_groups": self.n_groups,
            "accuracy": self.accuracy.to_json(),
            "blind": self.blind,
            "p": self.p,
            "p_together": self.p_together,
            "told": self.told,
            "change": self.change.to_json() if self.change else None,
        }


def accuracies(
    scored: Mapping[str, Scored],
    against: Mapping[str, Scored] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Accuracy, ...]:
    """Every kind on every modality, corrected together, those with the least passed first.

    Args:
        scored: modality to its probes.
        against: of another version, the same probes in the same order.
    """
    made: list[Accuracy] = []
    for modality, probes in scored.items():
        other = None if against is None else against.get(modality)
        for kind in dict.fromkeys(probes.kinds):
            places = np.array([at for at, one in enumerate(probes.kinds) if one == kind])
            made.append(_accuracy(modality, kind, probes, other, places, resamples, seed))
    together = holm([one.p for one in made])
    compared = [one.change for one in made if one.change is not None]
    changes = iter(holm([one.p for one in compared]))
    finished = [
        Accuracy(
            one.modality,
            one.kind,
            one.n,
            one.n_groups,
            one.accuracy,
            one.blind,
            one.p,
            p,
            None if one.change is None else Change(one.change.gain, one.change.p, next(changes)),
        )
        for one, p in zip(made, together, strict=True)
    ]
    return tuple(sorted(finished, key=lambda one: (one.accuracy.value, one.modality, one.kind)))


def _accuracy(
    modality: str,
    kind: str,
    probes: Scored,
    other: Scored | None,
    places: NDArray[np.int64],
    resamples: int,
    seed: int,
) -> Accuracy:
    groups = [probes.groups[at] for at in places]
    passed = probes.passed[places]
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    (drawn,) = bootstrap_mean(passed[:, None], codes.astype(np.int64), seed=seed)
    n_groups = len(set(groups))
    low, high = wilson(drawn.value, n_groups)  # never of no width where all is right
    over = paired_gain(np.full(len(passed), CHANCE), passed, groups, resamples=resamples, seed=seed)
    return Accuracy(
        modality=modality,
        kind=kind,
        n=len(passed),
        n_groups=n_groups,
        accuracy=Estimate(drawn.value, min(low, drawn.low), max(high, drawn.high)),
        blind=float((probes.blind[places] > TIE).mean()),
        p=over.p_at_most(0.0),
        p_together=1.0,
        change=None
        if other is None
        else _change(
            paired_gain(other.passed[places], passed, groups, resamples=resamples, seed=seed)
        ),
    )


def _change(gain: PairedGain) -> Change:
    p = min(1.0, 2.0 * min(gain.p_at_most(0.0), gain.p_at_least(0.0)))
    return Change(Estimate(gain.value, gain.low, gain.high), p)


def worst_of(scored: Scored, kind: str, n: int) -> list[int]:
    """Probes of a kind whose wrong caption is furthest ahead, one a content group; none passed."""
    margin = scored.margin
    chosen: dict[str, int] = {}
    order: Sequence[int] = np.argsort(margin, kind="stable").tolist()
    for at in order:
        if len(chosen) == n or margin[at] > TIE:
            break
        if scored.kinds[at] == kind:
            chosen.setdefault(scored.groups[at], at)
    return list(chosen.values())
