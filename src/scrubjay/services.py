"""The composition root: a home folder becomes the objects commands work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from scrubjay.core.config import (
    ModelChoice,
    Settings,
    home_path,
    registry_url,
    wants_builtin,
)
from scrubjay.core.errors import MissingExtra, NotReady, WrongUse
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Champion, Item, Kind, Split
from scrubjay.store.home import Home

if TYPE_CHECKING:
    from scrubjay.ask.chain import Asking
    from scrubjay.ask.clip import Clip
    from scrubjay.ask.finding import Finder
    from scrubjay.ask.settings import AskSettings
    from scrubjay.retrain.forgetting.forget import Purged
    from scrubjay.retrain.generated import Generated
    from scrubjay.retrain.rollback import RolledBack
    from scrubjay.retrain.single import Trained
    from scrubjay.search.calibrate import Fitted
    from scrubjay.search.collect import Added, Target
    from scrubjay.search.item_moments import MomentPage
    from scrubjay.search.items import ItemPage, KnownItem
    from scrubjay.search.measure import Evaluation
    from scrubjay.search.needle_in import LookedIn, Sought
    from scrubjay.search.query import Searcher
    from scrubjay.search.uploads import OpenTarget, Upload, Uploaded
    from scrubjay.store.browse import Facets
    from scrubjay.store.registry import Registry
    from scrubjay.store.version import VersionInfo

CHAMPION_NAME = "champion"
"""What the version being served may be called."""


def open_home(
    home: Path | None,
    *,
    builtin: bool | None = None,
    listener: ModelChoice | None = None,
    reader: ModelChoice | None = None,
) -> Home:
    """The home named on the command line, by $SCRUBJAY_HOME, or ./scrubjay-home.

    Args:
        home: as given on the command line.
        builtin: whether a new home begins with the encoder in the box; None asks the environment.
        listener: what hears what is said in videos; None: what works offline, in English.
        reader: what reads what is written in them; None: what works offline.
    """
    begins = wants_builtin() if builtin is None else builtin
    settings = Settings(home=home_path(home), builtin=begins, registry=registry_url())
    return Home(
        replace(
            settings,
            listener=listener or settings.listener,
            reader=reader or settings.reader,
        )
    )


def find_registry(home: Path | None, url: str | None) -> Registry:
    """The registry named on the command line, by $SCRUBJAY_REGISTRY, or the home's own.

    Args:
        home: as given on the command line.
        url: as given on the command line: `s3://bucket/prefix` or a folder.
    """
    from scrubjay.store.bucket_registry import open_registry

    return open_registry(home_path(home).expanduser().absolute(), registry_url(url))


def list_versions(registry: Registry) -> tuple[list[VersionInfo], Champion | None]:
    """Every version, the newest first, and the pair being served."""
    return registry.versions()[::-1], registry.champion()


def pull_version(registry: Registry, version: str, folder: Path, *, progress: Progress) -> str:
    """Copy a version into a folder, complete and verified or not at all; return its id.

    Args:
        version: an id, or `champion`.

    Raises:
        NotReady: the champion was asked for and there is none.
    """
    if version == CHAMPION_NAME:
        champion = registry.champion()
        if champion is None:
            raise NotReady(
                f"no version is served from {registry.url} yet; `scrubjay models list` shows which "
                f"there are"
            )
        version = champion.version
    registry.pull(version, folder, progress=progress)
    return version


def current_champion(home: Home) -> Champion:
    """The pair being served.

    Raises:
        NotReady: no version was published yet.
    """
    champion = home.registry.champion()
    if champion is None:
        raise NotReady(
            f"no encoder serves {home.path} yet: run `scrubjay add FOLDER`, then `scrubjay train`"
        )
    return champion


def open_encoder(home: Home, version: str) -> Encoder:
    """A registered version's exported graphs, after they were held against its manifest."""
    from scrubjay.models.load import load_version

    home.registry.verify(version, below="export")
    return load_version(
        home.registry.folder(version), version=version, threads=home.settings.threads
    )


def open_champion(home: Home) -> Searcher:
    """The champion's encoder and generation, ready to search."""
    return open_pair(home, current_champion(home))


def open_pair(home: Home, pair: Champion) -> Searcher:
    """A version's encoder and one of its generations, ready to search."""
    from scrubjay.search.cutoff import Cutoffs
    from scrubjay.search.query import Searcher

    encoder, generation = open_encoder(home, pair.version), home.generations.open(pair.generation)
    cutoff = Cutoffs(home.generations.cutoff(pair.generation), encoder, generation)
    return Searcher(encoder, generation, pair, cutoff=cutoff)


def begin_with_shipped(home: Home, *, progress: Progress) -> Champion:
    """The pair being served; where there is none, the encoder that comes with Scrubjay serves.

    Raises:
        MissingExtra: torch, which writes its graphs once, is not installed.
    """
    from scrubjay.retrain.shipped import register_shipped

    champion = home.registry.champion()
    if champion is not None:
        return champion
    return set_champion(home, register_shipped(home, progress=progress), progress=progress)


def open_version(home: Home, version: str, *, progress: Progress) -> Searcher:
    """Any version ready to search all the home holds, embedded first where it is not yet."""
    from scrubjay.retrain.serving import embed_version

    return open_pair(home, embed_version(home, version, progress=progress))


def shipped_version(home: Home) -> str:
    """The registered version that came with Scrubjay.

    Raises:
        NotReady: this home never had it.
    """
    found = [one.id for one in home.registry.versions() if one.lineage.get("shipped")]
    if not found:
        raise NotReady(
            f"{home.path} does not hold the encoder that comes with Scrubjay: it is prepared once, "
            f"with torch (pip install 'scrubjay[train]'), by `scrubjay add` in a new home"
        )
    return found[-1]


def add_folder(home: Home, folder: Path | str, *, month: str, progress: Progress) -> Added:
    """Bring a folder or `s3://bucket/prefix` into the home; index what is new with the champion.

    A home that has none yet is served by the encoder that comes with Scrubjay, where torch is
    installed to write its graphs.
    """
    from scrubjay.search.collect import Target
    from scrubjay.search.collect import add_folder as collect

    before = home.registry.champion()
    begun: list[str] = []

    def open_target() -> Target | None:
        champion = before or _begin_with_shipped(home, progress)
        if champion is None:
            return None
        if before is None:
            begun.append(champion.version)
        return Target(
            open_encoder(home, champion.version), home.generations.open(champion.generation)
        )

    added = collect(home, folder, month=month, open_target=open_target, progress=progress)
    if added.gone:
        from scrubjay.retrain.forgetting.forget import purge
        from scrubjay.search.visit import open_source

        purge(home, added.gone, gone_from=open_source(str(folder)).url, progress=progress)
    for version in begun:
        set_champion(home, version, progress=progress)
    if before is not None:
        from scrubjay.retrain.calibration import refit_if_grown

        refit_if_grown(home, before, changed=added.updated, progress=progress)
    return added


def add_uploads(
    home: Home,
    uploads: Sequence[Upload],
    *,
    month: str | None = None,
    open_target: OpenTarget | None = None,
    progress: Progress = silent,
) -> Uploaded:
    """Take in files that somebody handed over; what cannot be used is refused by name.

    What is in the answer's `taken` is on the disk and indexed; in a home that has no champion it is
    indexed by the first.

    Args:
        month: of files that name none; None means this one.
        open_target: the champion, opened, for whoever has it open already.

    Raises:
        Conflict: something else kept the catalog to itself for a minute.
    """
    from scrubjay.retrain.source import this_month
    from scrubjay.search.uploads import take_uploads

    return take_uploads(
        home,
        uploads,
        month=month or this_month(),
        open_target=open_target or (lambda champion: _opened(home, champion)),
        progress=progress,
    )


def finish_uploads(
    home: Home, *, open_target: OpenTarget | None = None, progress: Progress = silent
) -> None:
    """Finish what killed uploads have left; costs a look into a folder when there is nothing."""
    from scrubjay.search.uploads import finish_uploads as finish

    finish(home, open_target or (lambda champion: _opened(home, champion)), progress)


def _opened(home: Home, champion: Champion) -> Target:
    from scrubjay.search.collect import Target

    encoder = open_encoder(home, champion.version)
    return Target(encoder, home.generations.open(champion.generation))


def get_item(home: Home, item_id: str) -> KnownItem:
    """One item with everything that is known of it.

    Raises:
        UnknownItem: it is not here, or is about to be forgotten.
    """
    from scrubjay.search.items import known_item

    return known_item(home, item_id)


def list_items(
    home: Home, *, limit: int = 50, after: str | None = None, where: str | None = None
) -> ItemPage:
    """A page of items, those of the newest month first.

    Args:
        after: `next` of the page before.
        where: a condition; `search.narrow.narrowed` makes one of facets.

    Raises:
        WrongUse: a limit out of range, or a cursor of another list.
        BadFilter: a `where` that does not parse or names no column.
    """
    from scrubjay.search.items import item_page

    return item_page(home, limit=limit, after=after, where=where)


def list_moments(
    home: Home,
    item_id: str,
    *,
    limit: int = 50,
    after: float | None = None,
    at: float | None = None,
    first: int = 0,
) -> MomentPage:
    """A page of a video's moments, in order of time.

    Args:
        after: only those that begin after this second.
        at: the page with the moment of this second, of all pages from the beginning.
        first: how many to pass over. Of the three the first that is given counts.

    Raises:
        UnknownItem: it is not here.
        WrongUse: a limit out of range.
    """
    from scrubjay.search.item_moments import moment_page

    return moment_page(home, item_id, limit=limit, after=after, at=at, first=first)


def facets(home: Home) -> Facets:
    """How many items there are of each month, kind, language and tag."""
    return home.catalog.facets()


def _begin_with_shipped(home: Home, progress: Progress) -> Champion | None:
    """The shipped encoder with an empty generation, not published; None where it cannot be."""
    if not home.settings.builtin:
        return None
    from scrubjay.retrain.serving import generation_of
    from scrubjay.retrain.shipped import register_shipped

    try:
        version = register_shipped(home, progress=progress)
    except MissingExtra:
        return None
    generation = generation_of(home, version, open_encoder(home, version))
    return Champion(version, generation.name)


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


def train(home: Home, config: Mapping[str, Any], *, resume: bool, progress: Progress) -> Trained:
    """Fit what the configuration says, register the encoder, and serve it if it is the first."""
    from scrubjay.retrain.single import train_once

    return train_once(home, config, resume=resume, progress=progress)


def generate_sheet(
    home: Home, label: str, count: int, *, out: Path, run: Path | None, seed: int
) -> Generated:
    """Write a sheet of pictures by the generator that a run (default: the newest) taught.

    Raises:
        MissingExtra: torch is not installed.
    """
    try:
        from scrubjay.retrain.generated import generate_sheet as write_sheet
    except ModuleNotFoundError as error:
        raise MissingExtra("generating pictures", "train") from error
    return write_sheet(home, label, count, out=out, run=run, seed=seed)


def evaluate(
    home: Home, version: str | None, *, split: Split | None, progress: Progress
) -> Evaluation:
    """Measure a version (default: the champion) on a part of the newest snapshot (default: all)."""
    from scrubjay.retrain.source import snapshot_source
    from scrubjay.search.measure import evaluate_items

    encoder = open_encoder(home, version or current_champion(home).version)
    items = [item for item in snapshot_source(home).items if split is None or item.split is split]
    return evaluate_items(
        items,
        encoder,
        read=home.reader(),
        limits=home.settings.limits,
        threads=home.settings.threads,
        progress=progress,
    )


def evaluate_cutoff(home: Home, version: str | None, *, progress: Progress) -> Fitted | None:
    """How well a version (default: the champion) knows that nothing here is close enough.

    Measured on questions of held-out items, whatever split is evaluated; None where the
    collection is not embedded with the version.
    """
    from scrubjay.retrain.calibration import fit_cutoff

    champion = home.registry.champion()
    pair = Champion(version, version) if version else current_champion(home)
    if champion is not None and champion.version == pair.version:
        pair = champion
    if pair.generation not in home.generations.names():
        return None
    return fit_cutoff(home, pair, progress=progress)


def set_champion(home: Home, version: str, *, progress: Progress) -> Champion:
    """Embed the collection with a version and serve the pair."""
    from scrubjay.retrain.calibration import refit_if_grown
    from scrubjay.retrain.serving import embed_version, publish, upgrade

    champion = embed_version(home, version, progress=progress)
    refit_if_grown(home, champion, progress=progress)
    publish(home, champion)
    upgrade(home, version, limit=0, progress=progress)  # what was uploaded meanwhile
    return champion


def run_month(
    home: Home,
    config: Mapping[str, Any],
    *,
    restart: bool,
    accept: str | None,
    human: Callable[[str], None] | None,
    as_json: bool,
    progress: Progress,
) -> Mapping[str, Any]:
    """Take in new data, train, compare, deploy or refuse, and tell; the run's result as JSON."""
    from scrubjay.retrain.retrain import retrain

    return retrain(
        home,
        config,
        restart=restart,
        accept=accept,
        human=human,
        as_json=as_json,
        progress=progress,
    )


def plan_month(home: Home, config: Mapping[str, Any]) -> dict[str, Any]:
    """What `run_month` would do now; costs a listing of the source and nothing else."""
    from scrubjay.retrain.retrain import plan_only

    return plan_only(home, config)


def month_history(home: Home) -> list[dict[str, Any]]:
    """Every finished month, the oldest first."""
    from scrubjay.retrain.history import history

    return history(home.runs)


def forget_items(home: Home, ids: Sequence[str], *, progress: Progress) -> Purged:
    """Forget items, and finish what was asked for before; none named does only that."""
    from scrubjay.retrain.forgetting.forget import forget

    return forget(home, ids, progress=progress)


def forget_source(home: Home, url: str, *, progress: Progress) -> Purged:
    """Forget everything that came from a folder or bucket."""
    from scrubjay.retrain.forgetting.forget import forget_source as forget_all

    return forget_all(home, url, progress=progress)


def items_of_source(home: Home, url: str) -> list[Item]:
    """What `forget_source` would forget."""
    from scrubjay.retrain.forgetting.forget import items_of_source as items_below

    return items_below(home, url)


def roll_back(home: Home, version: str | None, *, progress: Progress) -> RolledBack:
    """Serve an earlier version again; None means what served before."""
    from scrubjay.retrain.rollback import rollback

    return rollback(home, version, progress=progress)


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
