"""Whether a new version can take over by mapped rows: what is learned, and what would be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrubjay.core.errors import NotReady
from scrubjay.core.types import Modality
from scrubjay.evaluate.examples import View
from scrubjay.search.bridge_choice import LearnedBridge, Pairs, learn_bridge
from scrubjay.store.index import Generation


def learn_bridges(
    old: Mapping[Modality, View],
    new: Mapping[Modality, View],
    *,
    source: str,
    target: str,
    stored: Collection[Modality] | None = None,
    on_problem: Callable[[Modality, str], None] = lambda modality, reason: None,
) -> dict[Modality, LearnedBridge]:
    """A bridge for each modality that enough items were embedded in by both versions.

    Rows are paired by uri, texts by their words and group. Each modality's bridge is judged by
    what the new version's rows of all other modalities find with it.

    Args:
        old: views the old version made, as evaluation returns them.
        new: views the new version made; other items than `old`'s are passed over.
        source: the old version.
        target: the new version.
        stored: modalities a generation has rows of; the others need no bridge. None learns all.
        on_problem: told of each of these modalities without a bridge, and why.
    """
    learned = {}
    for modality in new if stored is None else [one for one in Modality if one in stored]:
        try:
            pairs = _pairs(modality, old, new)
            learned[modality] = learn_bridge(pairs, modality=modality, source=source, target=target)
        except NotReady as error:
            on_problem(modality, str(error))
    return learned


def _pairs(modality: Modality, old: Mapping[Modality, View], new: Mapping[Modality, View]) -> Pairs:
    asking = [view for other, view in new.items() if other is not modality and len(view)]
    if not asking:
        raise NotReady("there is nothing of another modality to search it with")
    here, there = (
        _paired(old[modality], new[modality]) if modality in old and modality in new else ([], [])
    )
    if not here:
        raise NotReady("no item was embedded by both versions")
    return Pairs(
        old=old[modality].vectors[here],
        new=new[modality].vectors[there],
        groups=[new[modality].groups[place] for place in there],
        queries=np.concatenate([view.vectors for view in asking]),
        query_groups=[group for view in asking for group in view.groups],
    )


def _paired(old: View, new: View) -> tuple[list[int], list[int]]:
    """Places of the same things in both views."""
    # By turns only where nothing is missing: one caption less, and all after it would be others.
    by_turns = old.groups == new.groups
    where = {name: place for place, name in enumerate(_names(old)) if name[0] or by_turns}
    found = [(where[name], place) for place, name in enumerate(_names(new)) if name in where]
    return [mine for mine, _ in found], [theirs for _, theirs in found]


def _names(view: View) -> Iterator[tuple[str, str, int]]:
    """What tells the rows of a view apart: a uri, or words and group, or else their turn in it."""
    turns: Counter[str] = Counter()
    for uri, text, group in zip(view.uris, view.texts, view.groups, strict=True):
        if uri:
            yield uri, "", 0
        elif text:
            yield text, group, 0
        else:
            turns[group] += 1
            yield "", group, turns[group]


@dataclass(frozen=True, slots=True)
class BridgePlan:
    """What becomes of the rows a champion's generation holds, when another version takes over.

    Attributes:
        source: the version they are in the space of.
        target: the version that takes over.
        shares: modality -> recall of mapped rows over that of re-embedded ones; None where
            re-embedded rows find nothing either.
        mapped: modality -> rows to be mapped.
        anew: modality -> rows to be embedded before the version is published, for want of a
            bridge.
        again: rows among the mapped ones that were mapped into this space themselves; the shares
            do not speak of them.
        min_recall: the least share that is good enough.
    """

    source: str
    target: str
    shares: Mapping[Modality, float | None]
    mapped: Mapping[Modality, int]
    anew: Mapping[Modality, int]
    again: int
    min_recall: float

    @property
    def good(self) -> bool:
        """Whether mapped rows may be searched: every share is large enough, and there is one."""
        return bool(self.shares) and all(
            share is not None and share >= self.min_recall for share in self.shares.values()
        )

    @property
    def statement(self) -> str:
        """One sentence for a person."""
        told = [
            f"{modality.value} rows keep "
            f"{'an unknown share' if share is None else f'{share:.1%}'} of the recall"
            for modality, share in self.shares.items()
        ]
        told += [
            f"{n} {modality.value} rows have no bridge and are embedded anew before anything is "
            f"published"
            for modality, n in self.anew.items()
        ]
        told += [f"{self.again} rows had been mapped before"] if self.again else []
        verdict = (
            f"mapped rows serve {self.target} at once"
            if self.good
            else f"{self.source} serves until all is embedded by {self.target}, "
            f"bridge.min_recall being {self.min_recall:.1%}"
        )
        return "; ".join([*told, verdict])

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "source": self.source,
            "target": self.target,
            "good": self.good,
            "min_recall": self.min_recall,
            "share_of_full": {one.value: share for one, share in self.shares.items()},
            "mapped": {one.value: n for one, n in self.mapped.items()},
            "anew": {one.value: n for one, n in self.anew.items()},
            "again": self.again,
            "statement": self.statement,
        }


def plan_bridge(
    old: Generation,
    version: str,
    bridges: Mapping[Modality, LearnedBridge],
    *,
    min_recall: float,
) -> BridgePlan:
    """Hold what a generation stores against the bridges there are.

    Args:
        old: the champion's generation.
        version: takes over.
        bridges: from `learn_bridges`; those of modalities that are not stored do not count.
        min_recall: least share of re-embedding's recall, 0 to 1.
    """
    stored = old.modalities()
    made = old.versions()
    return BridgePlan(
        source=old.version,
        target=version,
        shares={one: bridges[one].share_of_full for one in stored if one in bridges},
        mapped={one: n for one, n in stored.items() if one in bridges},
        anew={one: n for one, n in stored.items() if one not in bridges},
        again=sum(n for maker, n in made.items() if maker != old.version),
        min_recall=min_recall,
    )
