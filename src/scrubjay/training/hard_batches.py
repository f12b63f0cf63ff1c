"""Batches in which things stand beside what looks like them and is not, and beside wrong captions.

Two sorts of hard negatives. Mined: a table says which content groups look alike; they share
batches, as in Xuan et al. 2020 (hard negative examples are hard, but useful). Made: captions
changed in one place so that they are wrong (Yuksekgonul et al. 2023) stand among the batch's texts,
of no picture, so that they are negatives of every picture and recording and of nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import EncoderSpec, Item, Media, Modality
from scrubjay.evaluate.minimal_alone import numbers_of, plain
from scrubjay.evaluate.minimal_pairs import PairKind, minimal_pairs
from scrubjay.evaluate.minimal_rules import names_of
from scrubjay.training.data import PairData, TrainBatches
from scrubjay.training.pairs import Anchor, Draw, epoch_batches
from scrubjay.training.views import Decoded

NOTHING = -1
"""The content group of a wrong caption: no picture's and no recording's."""
MOST = 0.9
"""The largest share of a batch that can be hard negatives of the rest."""

Plan = list[np.ndarray[tuple[int], np.dtype[np.int64]]]


class HardPairData(PairData):
    """Pairs whose batches hold hard negatives: mined, made, or both."""

    def __init__(
        self,
        items: Sequence[Item],
        read: Callable[[str], bytes],
        encoder: TrainableEncoder,
        *,
        negatives: Mapping[str, Sequence[str]],
        hard: float = 0.5,
        kinds: Sequence[str] = (),
        wrongs: int = 1,
        **settings: Any,  # noqa: ANN401 - those of PairData, which checks them
    ) -> None:
        """Group the items and look which of them look alike.

        Args:
            items: as `PairData`.
            read: as `PairData`.
            encoder: as `PairData`.
            negatives: content group to the groups that look like it and are not, hardest first;
                groups that are not trained on are passed over.
            hard: share of a batch that is hard negatives of the rest, in [0, 0.9].
            kinds: what wrong captions have wrong: see `PairKind`.
            wrongs: wrong captions a caption brings, at most; 0 for none.
            **settings: as `PairData`.

        Raises:
            BadConfig: a setting that cannot be.
            UnknownName: a kind that does not exist.
            NotReady: as `PairData`.
        """
        super().__init__(items, read, encoder, **settings)
        if not 0 <= hard <= MOST:
            raise BadConfig(f"datamodule.hard must be in [0, {MOST}], not {hard}")
        if wrongs < 0:
            raise BadConfig(f"datamodule.wrongs must be 0 or more, not {wrongs}")
        self.kinds = kinds_of(kinds)
        self._hard, self._wrongs = hard, wrongs if self.kinds else 0
        self._table = alike(self._anchors, negatives) if hard else {}
        said = _captions(self._anchors)
        self._names = names_of(said) if PairKind.OBJECT in self.kinds else ()
        self._numbers = numbers_of(said) if PairKind.COUNT in self.kinds else ()

    def _train_batches(self) -> TrainBatches:
        return HardBatches(
            self._anchors,
            self._encoder,
            self._spec,
            self._decoded,
            self._batch_size,
            self._seed,
            table=self._table,
            hard=self._hard,
            kinds=self.kinds,
            wrongs=self._wrongs,
            names=self._names,
            numbers=self._numbers,
        )


class HardBatches(TrainBatches):
    """Batches of anchors beside their hard negatives, with wrong captions among the texts."""

    def __init__(
        self,
        anchors: Sequence[Anchor],
        encoder: TrainableEncoder,
        spec: EncoderSpec,
        decoded: Decoded,
        batch_size: int,
        seed: int,
        *,
        table: Mapping[int, Sequence[int]],
        hard: float,
        kinds: Sequence[PairKind],
        wrongs: int,
        names: Sequence[str],
        numbers: Sequence[str],
    ) -> None:
        """Take what batches are drawn from."""
        super().__init__(anchors, encoder, spec, decoded, batch_size, seed)
        self._table, self._hard = table, hard
        self._kinds, self._wrongs = kinds, wrongs
        self._names, self._numbers = names, numbers
        self._groups = [anchor.group.number for anchor in anchors]
        self._said = {
            anchor.group.number: frozenset(plain(one) for one in anchor.group.captions)
            for anchor in anchors
        }

    def _planned(self, epoch: int) -> Plan:
        return hard_epoch_batches(
            self._groups,
            self._table,
            self._batch_size,
            hard=self._hard,
            seed=self._seed,
            epoch=epoch,
        )

    def _media(
        self,
        modality: Modality,
        draws: Sequence[Draw],
        random: np.random.Generator,
        problems: list[tuple[str, str]],
    ) -> tuple[list[Media], list[int]]:
        media, numbers = super()._media(modality, draws, random, problems)
        if modality is Modality.TEXT and self._wrongs:
            made = self._wrong([str(one) for one in media], numbers, random)
            media, numbers = [*media, *made], [*numbers, *[NOTHING] * len(made)]
        return media, numbers

    def _wrong(
        self, captions: Sequence[str], numbers: Sequence[int], random: np.random.Generator
    ) -> list[str]:
        """Wrong captions, each once: none that is right of something in the batch."""
        right = {plain(one) for one in captions}.union(*(self._said[one] for one in numbers))
        pairs = minimal_pairs(
            captions,
            kinds=self._kinds,
            per_caption=self._wrongs,
            seed=int(random.integers(2**32)),
            vocabulary=self._names,
            numbers=self._numbers,
        )
        made: dict[str, str] = {}
        for mine in pairs:
            order = random.permutation(len(mine))
            wrong = [mine[int(at)].wrong for at in order]
            for one in [one for one in wrong if plain(one) not in right][: self._wrongs]:
                made.setdefault(plain(one), one)
        return list(made.values())


def kinds_of(kinds: Sequence[str]) -> tuple[PairKind, ...]:
    """Kinds by their names.

    Raises:
        BadConfig: a single word where a list belongs.
        UnknownName: there is no such kind.
    """
    if isinstance(kinds, str):
        raise BadConfig(f"model.kinds is a list: write model.kinds=[{kinds}]")
    known = [one.value for one in PairKind]
    for name in kinds:
        if name not in known:
            raise UnknownName("kind of wrong caption in model.kinds", str(name), known)
    return tuple(PairKind(one) for one in dict.fromkeys(kinds))


def alike(
    anchors: Sequence[Anchor], negatives: Mapping[str, Sequence[str]]
) -> dict[int, tuple[int, ...]]:
    """The table by group numbers, of what is trained on; groups without an entry are left out."""
    numbers = {anchor.group.id: anchor.group.number for anchor in anchors}
    found: dict[int, tuple[int, ...]] = {}
    for name, number in numbers.items():
        others = [numbers[one] for one in negatives.get(name, ()) if one in numbers]
        kept = tuple(one for one in dict.fromkeys(others) if one != number)
        if kept:
            found[number] = kept
    return found


def hard_epoch_batches(
    groups: Sequence[int],
    table: Mapping[int, Sequence[int]],
    batch_size: int,
    *,
    hard: float,
    seed: int,
    epoch: int,
) -> Plan:
    """Positions of anchors, each once: what begins a batch comes shuffled, its negatives follow.

    Every anchor that is drawn may bring hard negatives that the epoch has not had yet, hardest
    first, until they are `hard` of the batch. Batches are as many and as large as
    `epoch_batches` makes them, and come in any order; equal arguments give equal batches.

    Args:
        groups: content group of each anchor.
        table: content group to those that look alike, hardest first.
        batch_size: anchors in a batch, at most.
        hard: share of a batch, in [0, 0.9].
        seed: of the run.
        epoch: from 0 on.
    """
    if not table or not hard:
        return epoch_batches(len(groups), batch_size, seed=seed, epoch=epoch)
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(len(groups))
    sizes = [len(one) for one in np.array_split(order, -(-len(groups) // batch_size))]
    waiting: dict[int, list[int]] = defaultdict(list)
    for at in order[::-1].tolist():
        waiting[groups[at]].append(at)  # the next one of each group is its last
    taken = np.zeros(len(groups), bool)
    drawn = iter(order.tolist())
    batches: Plan = []
    for size in sizes:
        batch: list[int] = []
        brought = 0
        while len(batch) < size:
            first = next(at for at in drawn if not taken[at])
            batch.append(first)
            taken[first] = True
            for other in table.get(groups[first], ()):
                if len(batch) >= size or brought + 1 > hard * (len(batch) + 1):
                    break
                at = _next(waiting[other], taken)
                if at is not None:
                    batch.append(at)
                    taken[at] = True
                    brought += 1
        batches.append(np.array(batch, np.int64))
    return [batches[int(at)] for at in random.permutation(len(batches))]


def _next(waiting: list[int], taken: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int | None:
    while waiting and taken[waiting[-1]]:
        waiting.pop()
    return waiting[-1] if waiting else None


def _captions(anchors: Sequence[Anchor]) -> list[str]:
    groups = {anchor.group.number: anchor.group for anchor in anchors}
    return [caption for group in groups.values() for caption in group.captions]
