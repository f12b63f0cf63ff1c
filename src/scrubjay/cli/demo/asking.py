"""How often the right picture is found, asked through the search that people use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scrubjay.cli.demo.collection import picture_name, sound_name
from scrubjay.core.types import Kind
from scrubjay.media.world.months import Shot

if TYPE_CHECKING:
    from scrubjay.search.query import Query, Searcher

CUT_OFF = 10


def held_out(shots: Sequence[Shot]) -> list[Shot]:
    """The shots nothing learns from: what is asked for."""
    return [shot for shot in shots if shot.held_out]


def recall_at_10(searcher: Searcher, shots: Sequence[Shot]) -> float:
    """Share of shots whose own picture is among the first ten for its own caption.

    The gallery is every picture served. No two captions mean the same, so each has one right
    picture among the many that show the same kinds of thing.
    """
    return sum(picture_name(shot) in found(searcher, shot) for shot in shots) / len(shots)


def spoken_recall_at_10(
    searcher: Searcher, folder: Path, shots: Sequence[Shot]
) -> tuple[float, float]:
    """Shares of shots found by their recording among all pictures, and the other way round.

    Args:
        folder: of the month that shows and says them.
        shots: all with a recording.
    """
    from scrubjay.search.query import Query

    pictures = recordings = 0
    for shot in shots:
        picture, sound = picture_name(shot), sound_name(shot)
        said = Query(
            sound=(folder / "recordings" / sound).read_bytes(), kinds=frozenset({Kind.IMAGE})
        )
        shown = Query(
            picture=(folder / "pictures" / picture).read_bytes(), kinds=frozenset({Kind.SPEECH})
        )
        pictures += picture in _names(searcher, said)
        recordings += sound in _names(searcher, shown)
    return pictures / len(shots), recordings / len(shots)


def found(searcher: Searcher, shot: Shot, k: int = CUT_OFF) -> list[str]:
    """File names of the pictures found by a shot's plainest caption, the best first."""
    from scrubjay.search.query import Query

    asked = Query(text=shot.captions[0], k=k, kinds=frozenset({Kind.IMAGE}))
    return _names(searcher, asked)


def _names(searcher: Searcher, asked: Query) -> list[str]:
    return [Path(hit.uri).name for hit in searcher.search(asked).hits]
