"""Whether a month is still like what its champion learned from, by the vectors both have.

Pictures and recordings speak for the collection, descriptions for what people will ask.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Modality
from scrubjay.evaluate.drift import Drift, DriftSettings, Vectors, drifts
from scrubjay.evaluate.examples import View

QUERIES = "descriptions"


def month_drift(
    views: Mapping[Modality, View], new: Collection[str], settings: DriftSettings
) -> list[Drift]:
    """Compare the champion's vectors of new held-out items with those of earlier ones.

    Args:
        views: the champion's, of all frozen items.
        new: content groups this month brought.
    """
    chosen = {
        QUERIES if modality is Modality.TEXT else modality.value: (
            view,
            np.isin(np.array(view.groups, np.str_), sorted(new)),
        )
        for modality, view in views.items()
    }
    return drifts(
        {name: _rows(view, ~mine) for name, (view, mine) in chosen.items()},
        {name: _rows(view, mine) for name, (view, mine) in chosen.items()},
        settings,
    )


def _rows(view: View, mask: NDArray[np.bool_]) -> Vectors:
    places = np.flatnonzero(mask)
    return Vectors(view.vectors[places], [view.groups[int(at)] for at in places])
