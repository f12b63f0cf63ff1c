"""F1 of `scrubjay extract` on generated panels of layouts, fonts and words it never learned from.

    python bench/extract.py                                # what is read offline
    python bench/extract.py --vlm FOLDER                   # and fused with a taught model
    python bench/extract.py --panels 100 --markdown

Panels are `scrubjay.media.panels`, part `held_out`; F1 is by the rules of the Amazon ML Challenge
2024. Intervals (95%) are of 1,000 resamplings of panels. The gain of the model is that of the same
panels with it and without. FOLDER is what `extract_teach.py` wrote.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from ask_table import Row
from extract_fit import answers, without_looking
from extract_panels import Answered, Read, counted, interval, read_panels
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.scoring import shipped
from scrubjay.media.panels.vocabulary import Part

PANELS = 800
FROM = 10_000
SCRIPT = "bench/extract.py"
TAGS = ("plain", "abbreviated", "curved", "rotated", "distractors", "nutrition", "drawing",
        "pictograms")  # fmt: skip


def rows(read: Sequence[Read], vlm: Path | None) -> Iterator[Row]:
    """The figures of read panels."""
    alone = answers(read, shipped())
    yield from _of(alone, "OCR alone")
    if vlm is None:
        return
    from extract_looking import looked

    fused = answers(looked(without_looking(read), vlm), shipped())
    yield from _of(fused, "fused")
    for name, fits in (
        ("all", lambda one: True),
        ("drawings and pictograms", _shown),
        ("others", lambda one: not _shown(one)),
    ):
        some, before = ([one for one in told if fits(one)] for told in (fused, alone))
        gain = interval(some, before)
        figure = f"{gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
        yield Row(f"extract, what the model adds to F1, {name}", figure, SCRIPT)


def _shown(one: Answered) -> bool:
    """Whether words alone do not tell what its numbers are."""
    return bool(one.tags & {"drawing", "pictograms"})


def _of(told: Sequence[Answered], how: str) -> Iterator[Row]:
    yield _row(told, f"extract, {how}")
    for entity in Entity:
        yield _row([one for one in told if one.entity is entity], f"extract, {how}, {entity}")
    for tag in TAGS:
        yield _row([one for one in told if tag in one.tags], f"extract, {how}, {tag} panels")
    for layout in sorted({one.layout for one in told}):
        yield _row([one for one in told if one.layout == layout], f"extract, {how}, {layout}")
    yield Row(f"extract, {how}: calibration error", f"{_calibration(told):.3f}", SCRIPT)


def _row(told: Sequence[Answered], what: str) -> Row:
    if not told:
        return Row(what, "no such panel", SCRIPT)
    score, around = counted(told), interval(told)
    return Row(
        f"{what}: F1 of {len(told)} questions",
        f"{score.value:.3f} [{around.low:.3f}, {around.high:.3f}], precision "
        f"{score.precision:.3f}, recall {score.recall:.3f}",
        SCRIPT,
    )


def _calibration(told: Sequence[Answered], bins: int = 10) -> float:
    """Expected calibration error of the answers given."""
    given = sorted((one for one in told if one.answer), key=lambda one: one.confidence)
    error = 0.0
    for at in range(bins):
        some = given[at * len(given) // bins : (at + 1) * len(given) // bins]
        if some:
            sure = sum(one.confidence for one in some)
            error += abs(sure - sum(one.right for one in some)) / len(given)
    return error


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--panels", type=int, default=PANELS)
    parser.add_argument("--readings", type=Path, help="folder where readings are kept")
    parser.add_argument("--vlm", type=Path, help="a taught model's folder")
    parser.add_argument("--wrong", action="store_true", help="also list what was answered wrongly")
    parser.add_argument("--markdown", action="store_true", help="rows of a Markdown table")
    options = parser.parse_args()
    seeds = range(FROM, FROM + options.panels)
    read = list(read_panels(Part.HELD_OUT, seeds, options.readings))
    for row in rows(read, options.vlm):
        print(row.line(markdown=options.markdown), flush=True)
    if options.wrong:
        for one in answers(read, shipped()):
            if not one.right:
                print(f"{one.seed} {one.layout} {one.entity}: {one.answer!r}, not {one.truth!r}")


if __name__ == "__main__":
    main()
