"""Questions about pictures, videos and the whole collection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from scrubjay.core.errors import MissingExtra, NotReady, WrongUse
from scrubjay.core.protocols import Encoder, Progress
from scrubjay.core.types import Item, Kind
from scrubjay.services.opening import (
    current_champion,
    open_encoder,
    open_pair,
)
from scrubjay.store.home import Home

if TYPE_CHECKING:
    from scrubjay.ask.chain import Asking
    from scrubjay.ask.clip import Clip
    from scrubjay.ask.finding import Finder
    from scrubjay.ask.settings import AskSettings
    from scrubjay.search.needle_in import LookedIn, Sought
    from scrubjay.search.query import Searcher


def look_in(home: Home, video: str, sought: Sought, *, progress: Progress) -> LookedIn:
    """Look for something small in one video, with the champion's encoder.

    Args:
        video: path of a file, or id of an item.

    Raises:
        NotReady: no version was published yet.
        WrongUse: it is no video, or what is sought cannot be asked.
        UnknownItem: neither a file nor an item is called so.
        BadMedia: the video, or an example, cannot be used.
        UnsupportedModality: the encoder has no tower for pictures, or for what is asked with.
    """
    from scrubjay.search.needle_in import find_video
    from scrubjay.search.needle_in import look_in as look

    found = find_video(home, video)
    encoder = open_encoder(home, current_champion(home).version)
    return look(home, found, sought, encoder, progress=progress)


def open_asking(
    home: Home | None, settings: AskSettings | None = None, *, finder: Finder | None = None
) -> Asking:
    """What answers questions; models and the collection are opened when first needed.

    Args:
        home: its collection is asked, and keeps what models found in it; None: only pictures that
            are handed over are asked about.
        settings: which models answer; None: the ones that work offline, in English.
        finder: what finds items; None: the champion does, whichever it is at each question.
    """
    from scrubjay.ask.chain import Asking
    from scrubjay.ask.finding import Collection
    from scrubjay.ask.gleaned import Gleaned
    from scrubjay.ask.models import Models
    from scrubjay.ask.prompt import Prompts
    from scrubjay.ask.settings import AskSettings

    chosen = settings or AskSettings()
    if home is None:
        return Asking(Models(chosen), settings=chosen, finder=finder, encoder=_builtin_encoder)
    served = _served_pair(home)
    return Asking(
        Models(chosen),
        settings=chosen,
        finder=finder or Collection(home, served),
        prompts=Prompts(home.prompts),
        gleaned=Gleaned(home.gleanings, still_here=lambda item: _is_here(home, item)),
        encoder=lambda: _served_encoder(served),
        limits=home.settings.video,
    )


def open_clip(home: Home | None, video: str) -> Clip:
    """A video to watch: a file, or an item of the home.

    A file whose bytes are an item's is that item, so that what is known of it is found.

    Args:
        video: a path, or an item's id.

    Raises:
        WrongUse: it is neither, or an item that is no video.
        BadMedia: it cannot be read, or the item's file is gone.
    """
    from scrubjay.ask.clip import handed_over_clip, item_clip

    path = Path(video).expanduser()
    if path.is_file():
        clip = handed_over_clip(path)
        same = () if home is None else home.catalog.items(where=f"sha256 = '{clip.sha256}'")
        item = next((one for one in same if home and _is_here(home, one)), None)
        return clip if item is None else item_clip(item, path)
    item = None if home is None else home.catalog.get(video)
    if home is None or item is None or not _is_here(home, item):
        raise WrongUse(f"{video!r} is no file, and no item of the home has that id")
    if item.kind is not Kind.VIDEO:
        raise WrongUse(f"{video!r} is no video but {item.kind.value}; see `scrubjay ask`")
    return item_clip(item, home.originals.path(item))


def _served_encoder(served: Callable[[], Searcher]) -> Encoder | None:
    """The champion's encoder; without a champion that in the box."""
    try:
        return served().encoder
    except NotReady:
        return _builtin_encoder()


def _builtin_encoder() -> Encoder | None:
    """The encoder in the box; None where torch, which it needs unexported, is not installed."""
    from scrubjay.models.load import load_encoder

    try:
        return load_encoder("builtin")
    except MissingExtra:
        return None


def _served_pair(home: Home) -> Callable[[], Searcher]:
    """The champion, opened once as long as it stays the same."""
    opened: list[Searcher] = []
    opening = Lock()

    def searcher() -> Searcher:
        pair = current_champion(home)
        with opening:
            if not opened or opened[0].champion != pair:
                opened[:] = [open_pair(home, pair)]
            return opened[0]

    return searcher


def _is_here(home: Home, item: Item) -> bool:
    return home.catalog.get(item.id) is not None and item.id not in home.forgotten.pending()
