"""What a collection's videos are turned into rows with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from scrubjay.core.config import VideoLimits
from scrubjay.core.errors import BadMedia, ScrubjayError
from scrubjay.core.protocols import Encoder, Progress
from scrubjay.core.types import Item
from scrubjay.media.video import DEFAULT_LIMITS
from scrubjay.search.film_kept import Kept
from scrubjay.search.film_models import FilmModels, NoModels, chosen_models
from scrubjay.search.film_rows import FilmRows, film_rows
from scrubjay.store.gleanings import Gleanings
from scrubjay.store.home import Home

CHECK_S: Final = 2.0
"""Seconds after which somebody may have forgotten a video that is being looked at."""
NOT_FINITE: Final = "the encoder gave numbers that are not finite"
FORGOTTEN: Final = "forgotten while it was looked at"


@dataclass(frozen=True, slots=True)
class Films:
    """How videos are read.

    Attributes:
        path: an item's file; BadMedia where it is gone or another.
        models: what listens and reads.
        kept: where what is found out about an item is kept.
        limits: what one may cost.
    """

    path: Callable[[Item], Path]
    models: FilmModels = field(default_factory=NoModels)
    kept: Callable[[Item], Kept | None] = lambda item: None
    limits: VideoLimits = DEFAULT_LIMITS

    def rows(self, item: Item, encoder: Encoder, progress: Progress) -> FilmRows | str:
        """All rows of a video, or why it has none."""
        kept = self.kept(item)
        try:
            made = film_rows(
                self.path(item),
                item,
                encoder,
                models=self.models,
                kept=kept,
                limits=self.limits,
                progress=progress,
            )
        except BadMedia as error:
            return error.reason
        except (ScrubjayError, OSError) as error:
            return str(error)
        finally:
            if isinstance(kept, WhileHere):
                kept.end(item.sha256)
        return made if np.isfinite(made.vectors).all() else NOT_FINITE


def films_of(home: Home, models: FilmModels | None = None) -> Films:
    """Those of a home.

    Args:
        models: what listens and reads; None: what the settings name, where it is installed.
    """

    def is_here(item: Item) -> bool:
        known = home.catalog.get(item.id)
        return (
            known is not None
            and known.sha256 == item.sha256
            and item.id not in home.forgotten.pending()
        )

    return Films(
        path=home.originals.path,
        models=models or chosen_models(home.settings.listener, home.settings.reader),
        kept=lambda item: WhileHere(home.gleanings, lambda: is_here(item)),
        limits=home.settings.video,
    )


class WhileHere:
    """Keeps what is found out about one item, as long as nobody forgets it meanwhile."""

    def __init__(self, gleanings: Gleanings, is_here: Callable[[], bool]) -> None:
        """Name where it is kept.

        Args:
            is_here: whether the item has not been forgotten; asked now and then.
        """
        self._gleanings = gleanings
        self._is_here = is_here
        self._next = 0.0

    def get(self, sha256: str, what: str, fingerprint: str) -> dict[str, Any] | None:
        """What was kept; None where nothing was."""
        return self._gleanings.get(sha256, what, fingerprint)

    def put(self, sha256: str, what: str, fingerprint: str, told: Mapping[str, Any]) -> bool:
        """Keep it.

        Raises:
            BadMedia: the item was forgotten; nothing of it is kept any more.
        """
        done = self._gleanings.put(sha256, what, fingerprint, told)
        if time.monotonic() >= self._next:
            if not self._is_here():
                self._gleanings.remove([sha256])
                raise BadMedia(FORGOTTEN)
            self._next = time.monotonic() + CHECK_S
        return done

    def end(self, sha256: str) -> None:
        """Look once more, after the last was kept."""
        if not self._is_here():
            self._gleanings.remove([sha256])
