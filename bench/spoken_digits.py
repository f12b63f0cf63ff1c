"""Spoken digits find handwritten ones: precision@10 on the official part and speaker by speaker.

    python bench/spoken_digits.py FOLDER [--out OUT.json] [--threads 2] [overrides ...]

Each figure is one training of `experiment=spoken_digits` in a process of its own, whose processor
time is measured. What OUT.json holds already is not trained again, so that a run that was stopped
goes on; it is about one configuration only, and says so when asked about another.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

OFFICIAL = "official"
MEAN = "mean over speakers"
TARGETS = {OFFICIAL: 0.98, MEAN: 0.85}


def main() -> None:
    options = _options()
    if options.only:
        print(json.dumps(train(options.folder, options.only, options.threads, options.overrides)))
        return
    from scrubjay.training.spoken_digits import read_recordings

    speakers = sorted({one.speaker for one in read_recordings(options.folder)})
    kept = _kept(options.out, options.overrides)
    for name in (OFFICIAL, *speakers):
        if name not in kept["figures"]:
            kept["figures"][name] = _in_own_process(options, name)
            _keep(options.out, kept)
        print(_line(name, kept["figures"][name]), flush=True)
    held_out = [kept["figures"][name]["precision_at_10"] for name in speakers]
    mean = sum(held_out) / len(held_out)
    print(f"{MEAN:20} {mean:.4f}")
    for name, figure in ((OFFICIAL, kept["figures"][OFFICIAL]["precision_at_10"]), (MEAN, mean)):
        reached = "reached" if figure >= TARGETS[name] else "MISSED"
        print(f"target {name} >= {TARGETS[name]}: {reached}")


def train(folder: Path, held_out: str, threads: int, overrides: list[str]) -> dict[str, float]:
    """One training in this process: precision@10, seconds, processor seconds."""
    import torch

    from scrubjay.cli.compose import compose
    from scrubjay.training.fit import fit

    logging.disable(logging.WARNING)
    torch.set_num_threads(threads)
    speaker = [] if held_out == OFFICIAL else [f"datamodule.held_out_speaker={held_out}"]
    config = compose(
        [
            "experiment=spoken_digits",
            f"datamodule.folder='{folder}'",
            "logger=none",
            *speaker,
            *overrides,
        ]
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as run:
        fitted = fit(config, run=Path(run))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "precision_at_10": fitted.metrics["test/precision_at_10"],
        "wall_s": round(time.monotonic() - began, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
    }


def _in_own_process(options: argparse.Namespace, name: str) -> dict[str, float]:
    command = [sys.executable, __file__, str(options.folder), "--only", name]
    command += ["--threads", str(options.threads), *options.overrides]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figure: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figure


def _kept(out: Path | None, overrides: list[str]) -> dict[str, Any]:
    if out is None or not out.exists():
        return {"overrides": overrides, "figures": {}}
    kept: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    if kept["overrides"] != overrides:
        sys.exit(f"{out} is about {kept['overrides'] or 'no overrides'}; choose another --out")
    return kept


def _keep(out: Path | None, kept: dict[str, Any]) -> None:
    if out is not None:
        aside = out.with_suffix(".part")
        aside.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
        aside.replace(out)


def _line(name: str, figure: dict[str, float]) -> str:
    shown = name if name == OFFICIAL else f"without {name}"
    return (
        f"{shown:20} {figure['precision_at_10']:.4f}   {figure['wall_s']:.0f} s, "
        f"{figure['cpu_s']:.0f} core-seconds"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="recordings, train.npz and test.npz")
    parser.add_argument("--out", type=Path, help="figures so far, to go on from")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("overrides", nargs="*", help="of the configuration")
    return parser.parse_args()


if __name__ == "__main__":
    main()
