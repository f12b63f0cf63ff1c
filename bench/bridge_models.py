"""What a bridge between two real versions is worth: recall@10, per modality of the stored rows.

    python bench/bridge_models.py OLD NEW --folder COLLECTION

OLD and NEW are folders of registered versions, as in HOME/registry/versions; COLLECTION is any
folder `scrubjay add` takes. Both embed all of it. For each stored modality: recall@10 of the new
version's queries among the old rows as they are, turned (Procrustes), mapped (low-rank affine) and
re-embedded, on content groups that chose nothing, with 95% bootstrap intervals.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from scrubjay.core.types import Modality
from scrubjay.evaluate.examples import View
from scrubjay.models.load import load_version
from scrubjay.retrain.bridging import learn_bridges
from scrubjay.search.measure import evaluate_items
from scrubjay.search.scan import scan_folder
from scrubjay.store.objects import read_uri

KINDS = ("none", "procrustes", "affine", "full")
STORED = (Modality.IMAGE, Modality.SPEECH)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    old, new = (views(version, given.folder) for version in (given.old, given.new))
    learned = learn_bridges(
        old,
        new,
        source=given.old.name,
        target=given.new.name,
        stored=frozenset(STORED),
        on_problem=lambda modality, why: print(f"{modality.value}: {why}"),
    )
    print(f"{'rows':<7} {'pairs':>6} {'queries':>8}  " + "  ".join(f"{one:^22}" for one in KINDS))
    for modality, one in learned.items():
        cells = [
            f"{100 * e.value:5.1f} [{100 * e.low:5.1f},{100 * e.high:6.1f}]" if e else "-"
            for e in (one.recall.get(kind) for kind in KINDS)
        ]
        share = one.share_of_full
        print(
            f"{modality.value:<7} {one.n_pairs:>6} {one.n_queries:>8}  "
            + "  ".join(f"{cell:^22}" for cell in cells)
            + f"  chosen {one.bridge.kind.value}, "
            + (f"{share:.3f} of full" if share is not None else "full finds nothing")
        )


def views(version: Path, folder: Path) -> Mapping[Modality, View]:
    """Everything in the folder, embedded by a version."""
    encoder = load_version(version, version=version.name, threads=1)
    items = scan_folder(folder, month="2026-01").items
    return evaluate_items(items, encoder, read=read_uri).views


if __name__ == "__main__":
    main()
