"""The model card: what a client should know before using a version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scrubjay.core.types import EncoderSpec

LIMITS_AND_LICENCE = (
    "## Limits",
    "",
    "It knows what its pictures and descriptions showed it. Figures on few queries have wide "
    "intervals; a small collection is learned by heart rather than understood.",
    "",
    "## Licence",
    "",
    "That of the base model and of the data it was trained on; both are the owner's to state.",
    "",
)


def model_card(
    *,
    spec: EncoderSpec,
    lineage: Mapping[str, Any],
    directions: Sequence[Mapping[str, Any]],
    split: str | None,
    fitted: Mapping[str, float],
) -> str:
    """Markdown with data, lineage, figures and limits.

    Args:
        fitted: what the run itself measured, by name.
        directions: evaluated directions as their JSON objects.
        split: the part of the data the figures were taken on, or None when none was held out.
    """
    towers = ", ".join(sorted(modality.value for modality in spec.modalities))
    lines = [
        f"# A {spec.name} encoder trained by Scrubjay",
        "",
        f"- towers: {towers}; vectors of {spec.dim} numbers, compare by cosine",
        f"- trained from: {lineage['source']}"
        + (f", {lineage['items']} items" if lineage.get("items") else ""),
        f"- parent version: {lineage.get('parent') or 'none'}",
        f"- code: scrubjay {lineage['scrubjay']}, revision {lineage.get('revision') or 'unknown'}",
        f"- run: {lineage['run']}",
        "",
        "## Figures",
        "",
    ]
    if directions:
        lines += [
            f"On the {split} part, never trained on. In brackets: 95% bootstrap intervals.",
            "",
            "| direction | queries | gallery | R@1 | R@5 | R@10 | MRR | median rank |",
            "|---|---|---|---|---|---|---|---|",
            *(_row(direction) for direction in directions),
        ]
    else:
        lines.append("No items of the collection were held out to take them on.")
    lines += [
        "",
        "The run itself measured:",
        "",
        *(f"- {name}: {value:.4g}" for name, value in sorted(fitted.items())),
        "",
        *LIMITS_AND_LICENCE,
    ]
    return "\n".join(lines)


def month_card(*, spec: EncoderSpec, lineage: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Markdown for a version a monthly run made: data, months, figures by set, limits, licence."""
    towers = ", ".join(sorted(modality.value for modality in spec.modalities))
    months = lineage["months"]
    lines = [
        f"# A {spec.name} encoder trained by Scrubjay",
        "",
        f"- towers: {towers}; vectors of {spec.dim} numbers, compare by cosine",
        f"- data: {lineage['items']} items of {', '.join(months) or 'no month'}, from "
        f"{lineage['source']}; snapshot {lineage['snapshot']}",
        f"- learned in this run: {lineage['learned_new']} new and {lineage['learned_old']} earlier "
        f"items, from {lineage['parent'] or 'the base encoder'}",
        f"- weights: {lineage['alpha']:g} of the way from there to where training ended "
        "(WiSE-FT, Wortsman et al. 2022)",
        f"- code: scrubjay {lineage['scrubjay']}, revision {lineage.get('revision') or 'unknown'}",
        f"- run: {lineage['run']}",
        "",
        "## Figures",
        "",
        f"Share of held-out queries with a right answer among the first {metrics['found_among']}, "
        "from the exported graphs. What is held out was never trained on.",
        "",
        "| set | part | queries | this version | champion then |",
        "|---|---|---|---|---|",
        *(_set_row(name, one) for name, one in metrics["sets"].items()),
        "",
        "It became champion because:",
        "",
        *(f"- {reason}" for reason in metrics["decision"]["reasons"]),
        "",
        *_forgotten_lines(lineage["forgotten"]),
        *LIMITS_AND_LICENCE,
    ]
    return "\n".join(lines)


def _set_row(name: str, one: Mapping[str, Any]) -> str:
    return (
        f"| {name} | {one['part']} | {one['queries']} | {_share(one['challenger'])} | "
        f"{_share(one['champion'])} |"
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}%"


def _forgotten_lines(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """From when on forgotten items were not learned from, and whether this version did."""
    if not events:
        return []
    said = [
        f"- {one['items']} forgotten on {str(one['at'])[:10]}, when "
        f"{one['version'] or 'no version'} served: "
        + (
            f"this version may have learned from {one['learned']} of them, no version begun later "
            f"did"
            if one["learned"]
            else "no version begun later learned from them, earlier ones may have"
        )
        for one in events
    ]
    return ["## Forgotten items", "", *said, ""]


def _row(direction: Mapping[str, Any]) -> str:
    recall = [direction["recall"][k] for k in ("1", "5", "10")]
    cells = [f"{r['value']:.3f} [{r['low']:.3f}, {r['high']:.3f}]" for r in recall]
    return (
        f"| {direction['name']} | {direction['n_queries']} | {direction['n_gallery']} | "
        + " | ".join(cells)
        + f" | {direction['mrr']['value']:.3f} | {direction['median_rank']['value']:.0f} |"
    )
