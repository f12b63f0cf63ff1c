"""Captions that fit their own picture or recording far worse than captions here do.

A model that has learned most pairs rightly disagrees with the few that are wrong (confident
learning: Northcutt, Jiang and Chuang, JAIR 2021). For each caption two margins are taken: its score
with its own media less its best score with other media, and that score less the media's best score
with other captions. Both are put on the scale of the collection's own spread by median and median
absolute deviation (the modified z of Iglewicz and Hoaglin, *How to Detect and Handle Outliers*,
1993), so that a weak model, whose margins are low everywhere, accuses nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scrubjay.evaluate.examples import View

SUSPECT = -3.0
"""Mean of both z below which a pair is suspected."""

LITTLE = 0.5
"""Of the way from a random pair's score to a usual pair's: from here on nothing is wrong with a
pair, whatever fits better."""

RANDOM = 0.35
"""Share of other media a caption may fit as well as its own before it says nothing of it."""

FEWEST = 20
"""Pairs below which nobody's spread is known."""

_CELLS = 4_000_000
_MAD = 1.4826  # makes the median absolute deviation a standard deviation where things are normal


@dataclass(frozen=True, slots=True, eq=False)
class Fits:
    """How well each caption fits what it belongs to: pairs as `fits_of` makes them.

    Attributes:
        captions: (n,) places in the text view.
        media: (n,) places in the media's.
        own: (n,) scores of the pairs.
        best_media: (n,) place of the media of another group that fits `captions` best.
        media_margin: (n,) own less that score.
        best_caption: (n,) place of the caption of another group that fits `media` best.
        caption_margin: (n,) own less that score.
        beaten: (n,) share of other groups' media the caption fits as well as `media` or better.
        z: (n,) mean of the two margins' modified z; 0 where too few captions say.
        way: (n,) of the way from the score of random pairs to that of the median pair, `own` is
            so far; 1 is usual.
    """

    captions: NDArray[np.int64]
    media: NDArray[np.int64]
    own: NDArray[np.float64]
    best_media: NDArray[np.int64]
    media_margin: NDArray[np.float64]
    best_caption: NDArray[np.int64]
    caption_margin: NDArray[np.float64]
    beaten: NDArray[np.float64]
    z: NDArray[np.float64]
    way: NDArray[np.float64]

    def suspects(self) -> NDArray[np.int64]:
        """Rows that are likely mislabelled, the worst first.

        They must lose on both sides, too, and fit each other little: among good pairs the worst
        is not wrong, and where many things look alike the best fit may be another's.
        """
        wrong = (self.z <= SUSPECT) & (self.way <= LITTLE)
        wrong &= (self.media_margin < 0) & (self.caption_margin < 0)
        found = np.flatnonzero(wrong)
        order: NDArray[np.int64] = found[np.argsort(self.z[found], kind="stable")]
        return order

    def vague(self) -> NDArray[np.int64]:
        """Rows whose caption fits its own media no better than any, the vaguest first.

        None where the model knows too little to say so: half of all captions must beat nine in ten
        others. Captions that clearly describe something else are `suspects`, not vague.
        """
        if len(self.z) < FEWEST or float(np.median(self.beaten)) > 0.1:
            return np.zeros(0, np.int64)
        found = np.setdiff1d(np.flatnonzero(self.beaten >= RANDOM), self.suspects())
        order: NDArray[np.int64] = found[np.argsort(-self.beaten[found], kind="stable")]
        return order


def fits_of(texts: View, media: View) -> Fits | None:
    """Compare every pair with everything; None when no caption has media of its group.

    A pair is a caption with the media of its group that fits it best, and, where a group has
    several, each of its media with the caption that fits it best: a wrong caption among five is
    found, and so is one picture among the many of a class. Memory is bounded: scores are made a few
    million at a time, three times.
    """
    _, codes = np.unique(
        np.concatenate([np.asarray(texts.groups), np.asarray(media.groups)]), return_inverse=True
    )
    said, shown = codes[: len(texts)], codes[len(texts) :]
    captions, where = _pairs(texts, media, said, shown)
    if not len(captions):
        return None
    n = len(captions)
    own = np.einsum("nd,nd->n", texts.vectors[captions], media.vectors[where], dtype=np.float64)
    best, best_media, beaten = np.zeros(n), np.zeros(n, np.int64), np.zeros(n)
    random = np.zeros(n)
    at_once = max(1, _CELLS // len(media))
    for start in range(0, n, at_once):
        rows = captions[start : start + at_once]
        scores = texts.vectors[rows] @ media.vectors.T
        right = said[rows, None] == shown[None, :]
        others = np.where(right, -np.inf, scores)
        stop = start + len(rows)
        best_media[start:stop] = others.argmax(axis=1)
        best[start:stop] = others[np.arange(len(rows)), best_media[start:stop]]
        other = np.maximum(1, (~right).sum(axis=1))
        random[start:stop] = np.where(right, 0.0, scores).sum(axis=1) / other
        beaten[start:stop] = (others >= own[start:stop, None]).sum(axis=1) / other
    against, best_caption = _best_other_caption(texts, media, said, shown, where)
    media_margin, caption_margin = _margin(own, best), _margin(own, against)
    z = (_modified_z(media_margin) + _modified_z(caption_margin)) / 2
    return Fits(
        captions,
        where,
        own,
        best_media,
        media_margin,
        best_caption,
        caption_margin,
        beaten,
        z,
        _way(own, random),
    )


def _pairs(
    texts: View, media: View, said: NDArray[np.int64], shown: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of captions, and of the media each is paired with."""
    captions = np.flatnonzero(np.isin(said, shown))
    first = _best_of_own(texts.vectors, media.vectors, captions, said, shown)
    several = np.bincount(shown, minlength=int(max(said.max(), shown.max())) + 1) > 1
    many = np.flatnonzero(several[shown] & np.isin(shown, said))
    theirs = _best_of_own(media.vectors, texts.vectors, many, shown, said)
    pairs = dict.fromkeys(zip(captions.tolist(), first.tolist(), strict=True))
    pairs |= dict.fromkeys(zip(theirs.tolist(), many.tolist(), strict=True))
    table = np.array(list(pairs), np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _best_of_own(
    queries: NDArray[np.float32],
    gallery: NDArray[np.float32],
    rows: NDArray[np.int64],
    asked: NDArray[np.int64],
    offered: NDArray[np.int64],
) -> NDArray[np.int64]:
    """For each of these queries the place of the best row of its own group."""
    best = np.zeros(len(rows), np.int64)
    at_once = max(1, _CELLS // max(1, len(gallery)))
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        scores = queries[some] @ gallery.T
        own = np.where(asked[some, None] == offered[None, :], scores, -np.inf)
        best[start : start + len(some)] = own.argmax(axis=1)
    return best


def _best_other_caption(
    texts: View,
    media: View,
    said: NDArray[np.int64],
    shown: NDArray[np.int64],
    where: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """For each of the media `where`: the best score with another group's caption, and its place."""
    needed, back = np.unique(where, return_inverse=True)
    score, place = np.zeros(len(needed)), np.zeros(len(needed), np.int64)
    at_once = max(1, _CELLS // len(texts))
    for start in range(0, len(needed), at_once):
        rows = needed[start : start + at_once]
        scores = media.vectors[rows] @ texts.vectors.T
        others = np.where(shown[rows, None] == said[None, :], -np.inf, scores)
        stop = start + len(rows)
        place[start:stop] = others.argmax(axis=1)
        score[start:stop] = others[np.arange(len(rows)), place[start:stop]]
    return score[back], place[back]


def _way(own: NDArray[np.float64], random: NDArray[np.float64]) -> NDArray[np.float64]:
    usual = float(np.median(own - random))
    return (own - random) / usual if usual > 1e-9 else np.ones(len(own))


def _margin(own: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Own less other; 0 where there is no other group."""
    return np.where(np.isfinite(other), own - np.where(np.isfinite(other), other, 0.0), 0.0)


def _modified_z(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(values) < FEWEST:
        return np.zeros(len(values))
    middle = float(np.median(values))
    spread = _MAD * float(np.median(np.abs(values - middle)))
    return (values - middle) / spread if spread > 1e-9 else np.zeros(len(values))
