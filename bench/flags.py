"""Five months of drawn flags through a bucket, two of them bad: the history the README shows.

    python bench/flags.py

A network of a few thousand weights learns them by `scrubjay retrain`, against moto's real HTTP
server on loopback. Held-out parts are small here, hence a smaller `gate.minimum_n`, and three first
answers instead of ten.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.retrain.bands import SMALL, write_month

from loopback_bucket import LoopbackBucket, loopback_bucket

FIRST = ("red", "green", "blue", "yellow", "white", "black")
SECOND = (*FIRST, "orange", "purple")
SETTINGS = (*SMALL, "gate.minimum_n=50", "evaluate.found_among=3")


def main() -> None:
    os.environ["SCRUBJAY_BUILTIN"] = "0"
    with (
        loopback_bucket("flags") as bucket,
        tempfile.TemporaryDirectory(prefix="scrubjay-flags-") as root,
    ):
        year(bucket, Path(root))


def year(bucket: LoopbackBucket, root: Path) -> None:
    home, drops = root / "home", root / "drops"
    put(bucket, drops / "2026-01", FIRST)
    retrain(bucket, home, "month=2026-01")
    put(bucket, drops / "2026-02", ("orange", "purple"), among=FIRST)
    retrain(bucket, home, "month=2026-02")
    put(bucket, drops / "2026-03", ("pink",), among=SECOND, shuffled=True)
    retrain(bucket, home, "month=2026-03")
    put(bucket, drops / "2026-04", ("brown",), among=(*SECOND, "pink"), broken=0.3)
    retrain(bucket, home, "month=2026-04")
    shutil.rmtree(drops / "2026-04")
    put(bucket, drops / "2026-04", ("brown",), among=(*SECOND, "pink"))
    retrain(bucket, home, "month=2026-05", "--accept", "2026-04")
    scrubjay(home, "history")


def put(bucket: LoopbackBucket, folder: Path, colours: tuple[str, ...], **how: object) -> None:
    """Draw a month and copy it into the bucket."""
    write_month(folder, colours, **how)  # type: ignore[arg-type]
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        bucket.put(f"{folder.name}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def retrain(bucket: LoopbackBucket, home: Path, *arguments: str) -> None:
    scrubjay(home, "retrain", *SETTINGS, f"data.source={bucket.url}", *arguments)


def scrubjay(home: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "scrubjay", *arguments, "--home", str(home)]
    subprocess.run(command, check=False, stderr=subprocess.DEVNULL)  # a bad month leaves with 1


if __name__ == "__main__":
    main()
