"""LoRA of kinds that hold no conversation, on drawn products: what each learns of held-out ones.

    python bench/vlm_kinds.py
    python bench/vlm_kinds.py --kinds git --rows 400 --epochs 20 --json

Models are of the real classes with weights drawn at random, as the tests have them: an adapter
alone learns, on top of features that nobody taught. BLIP-2 and Florence-2 are asked for the product
by its name and category and answer with its colour, too; GIT, which is asked nothing, says the
colour; ViLT chooses the colour among its own answers. Pictures are drawn anew each time; the rows
that measure show pictures nobody was taught on.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import torch

from scrubjay.models.torchvision_operators import mend_torchvision

ANSWERS: Final[Mapping[str, Callable[[str], str]]] = {
    "git": "a {} one".format,
    "vilt": {"red": "red", "blue": "blue", "green": "no"}.__getitem__,
}
"""Kind -> what it answers, of the colour; the others answer what the table says."""
KINDS: Final = ("vilt", "git", "blip2", "florence2")
MEASURES: Final = ("loss", "exact", "token_f1")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--rows", type=int, default=240)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    mend_torchvision()
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    logging.disable(logging.WARNING)
    rows = [measured(kind, options.rows, options.epochs) for kind in options.kinds]
    if options.json:
        print(json.dumps({"rows": options.rows, "epochs": options.epochs, "kinds": rows}, indent=1))
        return
    for row in rows:
        show(row)


def measured(kind: str, rows: int, epochs: int) -> dict[str, Any]:
    """The figures of one fit."""
    from scrubjay.cli.compose import compose
    from scrubjay.training.fit import fit

    # Not typed, which here everything is.
    models: Any = import_module("tests.models.vlm.older_models")
    products: Any = import_module("tests.training.vlm.products")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        table = products.write_products(folder / "products", rows)
        if kind in ANSWERS:
            answer_with(table, ANSWERS[kind])
        config = compose(
            [
                "experiment=vlm_lora",
                f"vlm.source={models.SAVE[kind](folder / kind)}",
                f"datamodule.table={table}",
                f"datamodule.instruction='{products.ASKED}'",
                "datamodule.batch_size=16",
                "datamodule.test=0.2",
                "model.lr=0.01",
                "model.dropout=0",
                "callbacks.taught.longest=32",
                f"trainer.max_epochs={epochs}",
                "trainer.accelerator=cpu",
                "logger=none",
            ]
        )
        begun = time.process_time()
        metrics = fit(config, run=folder / "run").metrics
        told = json.loads((folder / "run" / "answers.json").read_text())
        return {
            "kind": kind,
            "rows": told["rows"],
            "seconds": time.process_time() - begun,
            **{name: value for name, value in metrics.items() if "/" in name},
        }


def answer_with(table: Path, answer: Callable[[str], str]) -> None:
    """Let the table's answers be made of the colour that is seen."""
    with table.open(newline="") as file:
        headers, *rows = csv.reader(file)
    with table.open("w", newline="") as file:
        written = csv.writer(file)
        written.writerow(headers)
        written.writerows([*row[:-1], answer(row[-1].split()[1])] for row in rows)


def show(row: Mapping[str, Any]) -> None:
    print(f"{row['kind']}: {row['rows']} held-out rows, {row['seconds']:.0f} s")
    for name in MEASURES:
        told = [
            f"{when} {row[f'{when}/{name}']:.2f} "
            f"({row[f'{when}/{name}/low']:.2f} to {row[f'{when}/{name}/high']:.2f})"
            for when in ("before", "after", "gain")
        ]
        print(f"  {name:10}", ", ".join(told))


if __name__ == "__main__":
    main()
