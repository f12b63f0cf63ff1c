"""A year of monthly runs through an object store: what is promoted, what it costs, what it finds.

    python bench/year.py                                          # scenes, twelve months
    python bench/year.py --data tickets --folder ../shared/data/wikiart-tickets

Drops land in a bucket of moto's real HTTP server on loopback. Two homes take them in by
`scrubjay retrain`: one with the gate, one that promotes whatever comes out. A third measures the
encoder of the first month for ever. Every month all three search everything held out so far, with
captions that are right whatever the drop said; "served" is the same through the home's own index,
among everything it holds. Printed: the history, recall over the months, the bridge, and what each
step cost in the first month and the last.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from loopback_bucket import LoopbackBucket, loopback_bucket
from scrubjay.core.config import MediaLimits
from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Kind, Modality
from scrubjay.evaluate.retrieval import rank
from scrubjay.media.image import decode_picture
from scrubjay.models.load import load_trainable, load_version
from scrubjay.search.query import Query
from scrubjay.services import current_champion, open_champion, open_home
from year_drops import CUT, SHUFFLED_MONTH, Drop, scene_drops, ticket_drops

GATED, ALWAYS, NEVER = "gated", "always-promote", "never-retrain"
NO_GATE = (
    "gate.minimum_gain=-0.99",
    "gate.alpha=0.49",
    "gate.pool_margin=0.99",
    "gate.earlier_margin=0.99",
    "gate.minimum_n=2",
    "validate.max_bad=1.0",
    "validate.stop_on=[]",
)
LEARNING = {
    "scenes": (
        "experiment=demo",
        "encoder=builtin_shipped",
        "logger=none",
        "gate.minimum_n=50",
        "evaluate.found_among=1",
    ),
    "tickets": (
        "experiment=demo",
        "encoder=builtin_shipped",
        "logger=none",
    ),
}
WITH_NEW, WITH_ALL = "new data", "all data"
GROWS = {
    "scan": WITH_NEW,
    "validate": WITH_NEW,
    "snapshot": WITH_NEW,
    "fit": WITH_NEW,
    "export": "neither",
    "evaluate": WITH_ALL,
    "gate": WITH_ALL,
    "package": "neither",
    "register": "neither",
    "bridge": WITH_ALL,
    "publish": "neither",
    "embed": WITH_ALL,
    "complete": "neither",
    "notify": "neither",
}
"""What the design says each step's cost grows with; the figures say whether it is so."""


def main() -> None:
    given = arguments()
    root = Path(given.keep or tempfile.mkdtemp(prefix="scrubjay-year-"))
    try:
        os.environ["OMP_NUM_THREADS"] = "1"
        with loopback_bucket("pictures") as bucket:
            year(given, root, bucket)
    finally:
        if given.keep is None:
            shutil.rmtree(root, ignore_errors=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", choices=sorted(LEARNING), default="scenes")
    parser.add_argument("--folder", type=Path, help="of the tickets")
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--each", type=int, default=300, help="scenes a month")
    parser.add_argument("--only-gated", action="store_true", help="leave always-promote out")
    parser.add_argument("--keep", type=Path, help="keep the homes in this folder")
    parser.add_argument("--write", type=Path, help="write figures as JSON and the plot as SVG")
    parser.add_argument("settings", nargs="*", help="more settings of `scrubjay retrain`")
    given = parser.parse_args()
    if given.data == "tickets" and given.folder is None:
        parser.error("--data tickets needs --folder")
    return given


def year(given: argparse.Namespace, root: Path, bucket: LoopbackBucket) -> None:
    """All months, one after the other."""
    drops: Iterator[Drop] = (
        scene_drops(given.months, given.each)
        if given.data == "scenes"
        else ticket_drops(given.folder, given.months)
    )
    homes = {GATED: root / GATED, ALWAYS: root / ALWAYS}
    if given.only_gated:
        del homes[ALWAYS]
    extra = {GATED: [], ALWAYS: list(NO_GATE)}
    asked: dict[str, str] = {}
    pictures: dict[str, bytes] = {}
    rows: list[dict[str, Any]] = []
    for drop in drops:
        for name, data in (*drop.files.items(), *drop.mended.items()):
            bucket.put(name, data)
        asked |= drop.truth
        pictures |= {
            name: data for name, data in {**drop.files, **drop.mended}.items() if is_png(data)
        }
        row: dict[str, Any] = {"month": drop.month, "note": drop.note}
        for name, home in homes.items():
            began = time.perf_counter()
            result = retrain(
                home,
                drop.month,
                [*LEARNING[given.data], *extra[name], *given.settings],
                accepted(rows, name, given.data),
            )
            row[name] = {"result": result, "took_s": time.perf_counter() - began}
            encoder = champion(home)
            row[name]["recall"] = recall(encoder, asked, pictures)
            row[name]["served"] = served(home, asked)
        row[NEVER] = {"recall": recall(first(root), asked, pictures)}
        rows.append(row)
        print(line(row), flush=True)
    report(rows, homes[GATED], given.write)


def accepted(rows: Sequence[Mapping[str, Any]], home: str, data: str) -> list[str]:
    """What the owner says of the month before, having read its report.

    A stopped month's files are mended by now, and a refused one's pairs were in order, so both are
    to be learned. Descriptions that changed places were put right, which releases them by itself.
    """
    if not rows or rows[-1][home]["result"]["status"] not in {"stopped", "refused"}:
        return []
    if data == "scenes" and len(rows) == SHUFFLED_MONTH:
        return []
    return ["--accept", rows[-1]["month"]]


def retrain(
    home: Path, month: str, settings: Sequence[str], options: Sequence[str]
) -> dict[str, Any]:
    """The real command, in a process of its own."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "scrubjay", "retrain", "--json", "--home", str(home)),
            *(f"month={month}", "data.source=s3://pictures/incoming"),
            *settings,
            *options,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1} or not done.stdout:
        sys.exit(f"{month}: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def champion(home: Path) -> Encoder | None:
    opened = open_home(home)
    version = current_champion(opened).version
    return load_version(opened.registry.folder(version), version=version, threads=1)


def first(root: Path) -> Encoder:
    """The encoder in the box, exported once."""
    folder = root / NEVER
    if not folder.exists():
        (folder / "export").mkdir(parents=True)
        load_trainable("builtin", source="shipped").export(folder / "export")
    return load_version(folder, threads=1)


def is_png(data: bytes) -> bool:
    """Whole pictures: what was cut short is no bigger than its header."""
    return data.startswith(b"\x89PNG") and len(data) > CUT


def recall(
    encoder: Encoder | None, asked: Mapping[str, str], pictures: Mapping[str, bytes]
) -> float | None:
    """R@10, text to picture, of everything held out so far among all pictures so far."""
    if encoder is None or not asked:
        return None
    decoded = [decode_picture(data, limits=MediaLimits()) for data in pictures.values()]
    rows = np.concatenate(
        [encoder.encode(Modality.IMAGE, decoded[at : at + 64]) for at in range(0, len(decoded), 64)]
    )
    there = {name: said for name, said in asked.items() if name in pictures}
    texts = encoder.encode(Modality.TEXT, list(there.values()))
    ranks = rank(texts, rows, list(there), list(pictures)).ranks
    return float((ranks <= 10).mean())


def served(home: Path, asked: Mapping[str, str]) -> float | None:
    """R@10 of the same captions as people search: in the whole collection, mapped rows and all."""
    if not asked:
        return None
    searcher = open_champion(open_home(home))
    found = [
        f"s3://pictures/incoming/{name}" in {hit.uri for hit in searcher.search(query).hits}
        for name, query in (
            (name, Query(text=said, k=10, kinds=frozenset({Kind.IMAGE})))
            for name, said in asked.items()
        )
    ]
    return sum(found) / len(found)


def line(row: Mapping[str, Any]) -> str:
    def percent(value: float | None) -> str:
        return "-" if value is None else f"{100 * value:5.1f}"

    return (
        f"{row['month']}  {row[GATED]['result']['status']:<9} "
        f"R@10 {percent(row[GATED]['recall'])} (served {percent(row[GATED]['served'])})  "
        f"always {percent(row.get(ALWAYS, {}).get('recall'))}  "
        f"never {percent(row[NEVER]['recall'])}  {row[GATED]['took_s']:5.0f} s  {row['note']}"
    )


def report(rows: Sequence[Mapping[str, Any]], home: Path, write: Path | None) -> None:
    """The history as the command prints it, then what the year says."""
    print(shown("history", home))
    print("Seconds by step, first promoted month and last:")
    steps = [row[GATED]["result"] for row in rows if row[GATED]["result"]["status"] == "promoted"]
    if len(steps) > 1:
        one, last = steps[0]["took_s"], steps[-1]["took_s"]
        for name in one:
            times = f"{last[name] / one[name]:5.1f}x" if one[name] > 0.05 else "     -"
            print(f"  {name:<10} {one[name]:7.2f} {last.get(name, 0):7.2f} {times}  {GROWS[name]}")
        sizes = [one["data"]["items"] for one in (steps[0], steps[-1])]
        print(f"  items      {sizes[0]:7d} {sizes[1]:7d} {sizes[1] / sizes[0]:5.1f}x")
    print("Bridge, recall@10: old rows as they are, mapped, all re-embedded")
    for row in rows:
        for modality, one in row[GATED]["result"]["bridge"].items():
            found = [one["recall"].get(name) for name in ("none", one["chosen"], "full")]
            told = "  ".join(f"{100 * each['value']:5.1f}" if each else "    -" for each in found)
            print(f"  {row['month']}  {modality:<6} {one['chosen']:<10} {told}")
    held = json.loads(shown("retrain", home, "--dry-run", "--json"))["held"]
    print(f"held back at the end: {held or 'nothing'}")
    if write is not None:
        kept = [
            {name: brief(one) if name in {GATED, ALWAYS} else one for name, one in row.items()}
            for row in rows
        ]
        write.with_suffix(".json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        write.with_suffix(".svg").write_text(plot(rows), encoding="utf-8")


def shown(command: str, home: Path, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "scrubjay", command, "--home", str(home), *options],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def brief(of: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("status", "reasons", "data", "figures", "took_s", "alpha")
    return {**of, "result": {name: of["result"][name] for name in kept}}


def plot(rows: Sequence[Mapping[str, Any]]) -> str:
    """Recall over the months, one line each."""
    width, height, left, low = 640, 320, 48, 40
    colours = {GATED: "#17692f", ALWAYS: "#c26a00", NEVER: "#7a7a85"}
    span = max(1, len(rows) - 1)

    def at(number: int, value: float) -> str:
        x = left + number * (width - left - 20) / span
        return f"{x:.1f},{height - low - value * (height - low - 20):.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12">',
        "<title>Recall at 10 over the months</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, y = at(0, share).split(",")
        parts.append(
            f'<line x1="{x}" x2="{width - 20}" y1="{y}" y2="{y}" stroke="#dcdce2"/>'
            f'<text x="8" y="{y}" dy="4">{share:.0%}</text>'
        )
    for number, row in enumerate(rows):
        x = at(number, 0).split(",")[0]
        bad = row[GATED]["result"]["status"] in {"stopped", "refused"}
        parts.append(
            f'<text x="{x}" y="{height - 22}" text-anchor="middle" '
            f'fill="{"#a12622" if bad else "#1b1b1f"}">{row["month"][5:]}</text>'
        )
    for name, colour in colours.items():
        points = " ".join(
            at(number, row[name]["recall"])
            for number, row in enumerate(rows)
            if name in row and row[name]["recall"] is not None
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        )
    for place, (name, colour) in enumerate(colours.items()):
        parts.append(
            f'<text x="{left + 170 * place}" y="{height - 4}" fill="{colour}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    main()
