"""Versions, months and the champion as the models page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from scrubjay.core.types import Champion
from scrubjay.retrain.rollback import served_before
from scrubjay.services import month_history
from scrubjay.store.home import Home
from scrubjay.store.version import VersionInfo
from scrubjay.web.pages.plot import Plot, plot_of
from scrubjay.web.pages.runs import ENDED
from scrubjay.web.pages.words import day, month_name, number, percent

FOUND_AMONG: Final = 10
"""First answers looked at, where a run does not say."""


@dataclass(frozen=True, slots=True)
class VersionView:
    """One registered version.

    Attributes:
        learned: what it learned from, in words.
        figure: its headline figure.
        shipped: whether it came with Scrubjay.
    """

    id: str
    created: datetime
    learned: str
    figure: str | None
    champion: bool
    shipped: bool

    @property
    def told(self) -> str:
        """When it was made, and from what."""
        return f"Made {day(self.created)}. {self.learned}."


@dataclass(frozen=True, slots=True)
class MonthView:
    """One row of the months' table."""

    month: str
    href: str
    status: str
    tone: str
    new: int | None
    set_aside: int | None
    before: float | None
    after: float | None
    earlier: float | None
    champion: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before something happens.

    Attributes:
        action: where a yes is sent.
        figures: what helps to decide, name and value.
    """

    title: str
    action: str
    yes: str
    lines: tuple[str, ...]
    figures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ModelsView:
    """Everything on the page; newest first.

    Attributes:
        previous: what a rollback would serve; None where there is nothing to go back to.
    """

    versions: tuple[VersionView, ...]
    champion: VersionView | None
    previous: str | None
    months: tuple[MonthView, ...]
    plot: Plot | None


def models_view(home: Home) -> ModelsView:
    """Read registry, runs and what served before."""
    serving = home.registry.champion()
    versions = [_version(one, serving) for one in reversed(home.registry.versions())]
    rows = month_history(home)
    return ModelsView(
        versions=tuple(versions),
        champion=next((one for one in versions if one.champion), None),
        previous=_previous(home, serving),
        months=tuple(_month(row) for row in reversed(rows)),
        plot=plot_of(rows, found_among=FOUND_AMONG),
    )


def promotion(version: VersionView, champion: VersionView | None) -> Question:
    """What is asked before a version answers."""
    now = f"Now {champion.id} answers." if champion else "Now nothing answers."
    return Question(
        title=f"Promote {version.id}?",
        action=f"/models/{version.id}/promote",
        yes=f"Promote {version.id}",
        lines=(
            f"{now} Everything in the collection is embedded with {version.id} first, which may "
            f"take a while; then it takes over from one query to the next.",
            "Nobody compares the two models for this: a month's run would.",
        ),
        figures=_figures(version, champion),
    )


def going_back(previous: str, champion: VersionView | None) -> Question:
    """What is asked before a rollback."""
    return Question(
        title=f"Roll back to {previous}?",
        action="/models/rollback",
        yes=f"Roll back to {previous}",
        lines=(
            f"{previous} answers again within seconds, from the index that was kept of it."
            + (f" {champion.id} stays registered." if champion else ""),
            "What was added since is embedded after that; what was deleted stays deleted.",
        ),
    )


def _figures(version: VersionView, champion: VersionView | None) -> tuple[tuple[str, str], ...]:
    told = [(one.id, one.figure) for one in (version, champion) if one is not None]
    return tuple((name, figure) for name, figure in told if figure is not None)


def _version(one: VersionInfo, serving: Champion | None) -> VersionView:
    return VersionView(
        id=one.id,
        created=one.created,
        learned=_learned(one.lineage),
        figure=_figure(one.metrics),
        champion=serving is not None and serving.version == one.id,
        shipped=bool(one.lineage.get("shipped")),
    )


def _learned(lineage: Mapping[str, Any]) -> str:
    items, months = lineage.get("items"), lineage.get("months") or ()
    if lineage.get("shipped"):
        return "Comes with Scrubjay; knows drawings of everyday things"
    from_ = f" up to {month_name(max(months))}" if months else ""
    count = f"{number(items)} items{from_}" if isinstance(items, int) else "Unknown items"
    parent = lineage.get("parent")
    return f"{count}, from {parent}" if parent else count


def _figure(metrics: Mapping[str, Any]) -> str | None:
    """Share of right answers on the newest held-out month, else recall@10 of the first direction.

    What a run measured against earlier months, and every other direction, is in its report.
    """
    sets: Mapping[str, Mapping[str, Any]] = metrics.get("sets") or {}
    for name, one in sets.items():
        if one.get("part") == "held-out" and one.get("challenger") is not None:
            return f"{percent(one['challenger'])} of {month_name(name)}"
    directions: Sequence[Mapping[str, Any]] = (metrics.get("held_out") or {}).get("directions", ())
    preferred = sorted(directions, key=lambda one: one.get("name") != "text->image")
    for one in preferred:
        recall = (one.get("recall") or {}).get("10")
        if recall:
            return f"{percent(recall['value'])} {str(one['name']).replace('->', ' to ')}"
    return None


def _month(row: Mapping[str, Any]) -> MonthView:
    words, tone = ENDED.get(row["status"], (row["status"], ""))
    held_out, earlier = row["held_out"] or {}, row["earlier"] or {}
    return MonthView(
        month=row["month"],
        href=f"/runs/{row['run']}",
        status=words,
        tone=tone,
        new=row["data"].get("new"),
        set_aside=row["data"].get("quarantined"),
        before=held_out.get("champion"),
        after=held_out.get("challenger"),
        earlier=earlier.get("challenger"),
        champion=row["champion"],
    )


def _previous(home: Home, serving: Champion | None) -> str | None:
    if serving is None:
        return None
    kept = home.generations.names()
    earlier = served_before(home.served.all(), serving)
    return next((one.version for one in earlier if one.generation in kept), None)


@dataclass(slots=True)
class Job:
    """Something that goes on behind the page, as far as it has come.

    Attributes:
        what: it is, in words.
        done: what is said when it has worked.
        doing: the part under way.
        share: how far that part is, in percent; None where nobody knows.
        problem: why it did not work.
    """

    what: str
    done: str
    going: bool = True
    doing: str | None = None
    share: int | None = None
    problem: str | None = None

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Take note; any thread may call it."""
        self.doing = what[:1].upper() + what[1:]
        self.share = min(100, 100 * done // total) if total else None
