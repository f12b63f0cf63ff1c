"""Steps that bring in a month's data: look, check, catalogue."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Champion, Item, Kind, Split
from scrubjay.retrain.calibration import refit_if_grown
from scrubjay.retrain.forgetting.forget import purge
from scrubjay.retrain.marks import said_since, taught
from scrubjay.retrain.month import Month
from scrubjay.retrain.month_fit import learnable
from scrubjay.retrain.run import Run
from scrubjay.retrain.serving import upgrade
from scrubjay.retrain.shipped import gives_way
from scrubjay.retrain.validation.page import write_validation
from scrubjay.retrain.validation.validate import Verdict
from scrubjay.retrain.validation.validate import validate as validated
from scrubjay.search.drop import Drop, look, take
from scrubjay.search.mended import mend
from scrubjay.store.durable import write_durably
from scrubjay.store.home import Home

DROP, VERDICT = "drop.json", "verdict.json"
STOPPED, NO_CHANGE = "stopped", "no-change"
FEWEST = 2
"""Things in one lesson: each is told apart from the others."""


def scan(month: Month) -> Mapping[str, Any]:
    """Look at the source; what arrives from now on belongs to the next run."""
    data, home = month.plan.data, month.home
    if data.general is not None and not Path(data.general).is_dir():
        raise WrongUse(f"data.general: there is no folder {data.general}")
    if data.source is None:
        drop = _from_catalog(month)
    else:
        drop = look(
            home,
            data.source,
            month=month.run.month,
            max_gone=data.max_gone,
            progress=month.progress,
        )
    _keep(month.folder / DROP, drop.to_json())
    return {
        "source": drop.source,
        "added": len(drop.added),
        "changed": len(drop.changed),
        "gone": len(drop.gone),
        "renamed": drop.renamed,
        "unchanged": drop.unchanged,
        "unusable": len(drop.new_problems),
        "fetched_bytes": drop.fetched_bytes,
    }


def validate(month: Month) -> Mapping[str, Any]:
    """Hold new rows and the whole drop against the rules."""
    drop = read_drop(month)
    held = month.home.held.ids()
    before = [item for item in month.home.catalog.items() if item.id not in held]
    verdict = validated(drop, before=before, settings=month.plan.validate)
    _keep(month.folder / VERDICT, verdict.to_json())
    write_validation(
        month.folder,
        verdict,
        source=drop.source,
        month=month.run.month,
        when=datetime.now(UTC),
    )
    for bad in verdict.bad:
        item = bad.id or bad.path
        month.log.say("row refused", step="validate", item=item, level="warning", why=bad.reason)
    return {
        "stopped": verdict.stopped,
        "share_bad": verdict.share_bad,
        "bad": len(verdict.bad),
        "reasons": list(verdict.reasons),
        "warnings": list(verdict.warnings),
    }


def snapshot(month: Month) -> Mapping[str, Any]:
    """Catalogue the good items, drop the gone ones, index both, and list what may be learned.

    A stopped drop is catalogued and searchable all the same, but held back from learning.
    """
    home, drop, verdict = month.home, read_drop(month), read_verdict(month)
    newest = home.feedback.newest()
    bad = verdict.without
    brought = {item.id for item in (*drop.added, *drop.changed)} - bad
    home.held.release(run=month.run.id, ids=brought | set(drop.gone))
    if drop.gone:
        # First, while the catalog still says what their words and names were.
        purge(home, drop.gone, gone_from=drop.source)
        drop = read_drop(month)  # as who goes on from here reads it: their names are out of it
    if month.plan.data.source is not None:
        take(home, drop, without=bad, refused=verdict.problems)
    elif bad:
        home.held.hold(
            run=f"{month.run.id}-rows", month=month.run.month, reason="refused rows", ids=bad
        )
    if verdict.stopped:
        reasons = "; ".join(month.results["validate"]["reasons"])
        home.held.hold(run=month.run.id, month=month.run.month, reason=reasons, ids=brought)
    fixed = mend(home)
    champion = home.registry.champion()
    if champion is not None:
        upgrade(home, champion.version, limit=month.plan.embed.limit, progress=month.progress)
        changed = len(drop.changed) + len(fixed)
        refit_if_grown(home, champion, changed=changed, progress=month.progress)
    if not home.catalog.count():
        return _nothing_at_all(month, verdict, champion)
    # What came with us gives way to the first version of the owner's own.
    own = champion is not None and not gives_way(home, champion.version)
    taken = home.catalog.snapshot(without=home.held.ids())
    learned = _learned(home, champion.version if champion else None)
    listed = dict(zip(taken.ids, taken.sha256s, strict=True))
    corrected = {item.id for item in drop.changed}
    corrected |= said_since(home, _heard(home, champion.version if champion else None))
    new = {
        item_id: sha256
        for item_id, sha256 in listed.items()
        if learned.get(item_id) != sha256 or item_id in corrected
    }
    pairs = _pairs(home, new, held=home.held.ids(), heard=newest)
    to_learn, to_judge = pairs.count(Split.TRAIN), pairs.count(Split.TEST)
    ends = _ends(month, verdict, to_learn, to_judge, first=not own)
    if ends["ends"] is None:
        begun_with = champion.version if champion and own else None
        ends = _too_few(month, taken.name, frozenset(new), begun_with, heard=newest)
    return {
        "snapshot": taken.name,
        "items": len(taken),
        "champion": champion.version if champion and own else None,
        "serving": champion.version if champion else None,
        "generation": champion.generation if champion else None,
        "new": sorted(new),
        "vouched_for": sorted(home.held.vouched_for() & new.keys()),
        "to_learn": to_learn,
        "to_judge": to_judge,
        "held": len(home.held.ids()),
        "feedback": newest,
        **ends,
    }


def _nothing_at_all(month: Month, verdict: Verdict, champion: Champion | None) -> dict[str, Any]:
    """All was refused, deleted or forgotten, or nothing ever came; the next run looks again."""
    ends = _ends(month, verdict, 0, 0, first=True)
    if not verdict.stopped:
        ends["reasons"] = ["there is nothing in the collection to learn from"]
    return {
        "snapshot": None,
        "items": 0,
        "champion": None,
        "serving": champion.version if champion else None,
        "generation": champion.generation if champion else None,
        "new": [],
        "vouched_for": [],
        "to_learn": 0,
        "to_judge": 0,
        "held": len(month.home.held.ids()),
        **ends,
    }


def _ends(
    month: Month, verdict: Verdict, to_learn: int, to_judge: int, *, first: bool
) -> dict[str, Any]:
    """Why the run ends here, if it does."""
    if verdict.stopped:
        return {"ends": STOPPED, "reasons": month.results["validate"]["reasons"]}
    if not to_learn and not to_judge:
        return {"ends": NO_CHANGE, "reasons": ["nothing new to learn from"]}
    if to_learn < month.plan.data.min_new:
        wanted = month.plan.data.min_new
        few = f"{to_learn} new things to learn wait: data.min_new is {wanted}"
        return {"ends": NO_CHANGE, "reasons": [few]}
    if not to_judge and not first:
        few = f"{to_learn} new things to learn wait: none is held out to judge a challenger on"
        return {"ends": NO_CHANGE, "reasons": [few]}
    return {"ends": None, "reasons": []}


def _too_few(
    month: Month, snapshot: str, new: frozenset[str], champion: str | None, *, heard: int
) -> dict[str, Any]:
    """Whether the encoder, which may not see all that there is, has two things to tell apart."""
    home = month.home
    fresh, old = learnable(
        Run(month.folder, month.plan.train),
        items=taught(home.catalog.snapshot_items(snapshot), home.feedback.judgements(until=heard)),
        new=new,
        champion=home.registry.folder(champion) if champion else None,
        settings=month.plan.fit,
    )
    if fresh and fresh + old >= FEWEST:
        return {"ends": None, "reasons": []}
    few = (
        f"{fresh} new and {old} earlier things to learn are seen in two ways by the encoder; it "
        f"needs a new one and {FEWEST} in all to tell apart, so they wait"
    )
    return {"ends": NO_CHANGE, "reasons": [few]}


def read_drop(month: Month) -> Drop:
    """What `scan` found."""
    return Drop.from_json(json.loads((month.folder / DROP).read_bytes()))


def read_verdict(month: Month) -> Verdict:
    """What `validate` said."""
    return Verdict.from_json(json.loads((month.folder / VERDICT).read_bytes()))


def _from_catalog(month: Month) -> Drop:
    """What `scrubjay add` brought since the champion was trained."""
    home = month.home
    champion = home.registry.champion()
    learned = _learned(home, champion.version if champion else None)
    held = home.held.ids()
    new: list[Item] = [
        item
        for item in home.catalog.items()
        if learned.get(item.id) != item.sha256 and item.id not in held
    ]
    return Drop(
        source=str(home.path),
        month=month.run.month,
        added=tuple(new),
        changed=(),
        gone=(),
        renamed=0,
        unchanged=home.catalog.count() - len(new),
        problems=(),
        new_problems=(),
        looked_at=len(new),
        fetched_bytes=0,
        layout="catalog",
        ignored=0,
    )


def _pairs(home: Home, new: Collection[str], *, held: Collection[str], heard: int) -> list[Split]:
    """The split of every content group with something new in it and two views of one thing."""
    sides: dict[str, set[Kind]] = {}
    splits: dict[str, Split] = {}
    for item in taught(list(home.catalog.items()), home.feedback.judgements(until=heard)):
        if item.id in held or item.kind is Kind.VIDEO:
            continue
        seen = sides.setdefault(item.group, set())
        seen.add(item.kind)
        if item.captions:
            seen.add(Kind.TEXT)
        if item.id in new:
            splits[item.group] = item.split
    return [split for group, split in splits.items() if len(sides[group]) >= 2]


def _heard(home: Home, version: str | None) -> int:
    """Number of the newest feedback a version was trained with; 0 for one that heard none."""
    infos = {info.id: info for info in home.registry.versions()}
    return int(infos[version].lineage.get("feedback", 0)) if version in infos else 0


def _learned(home: Home, version: str | None) -> dict[str, str]:
    """Item id -> sha256 of what a version was trained on; nothing for one that came with us."""
    for info in home.registry.versions():
        if info.id == version:
            name = info.lineage.get("snapshot")
            if name in home.catalog.snapshots():
                taken = home.catalog.read_snapshot(str(name))
                return dict(zip(taken.ids, taken.sha256s, strict=True))
    return {}


def _keep(path: Path, value: Mapping[str, Any]) -> None:
    data = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    write_durably(path, data, point="month")
