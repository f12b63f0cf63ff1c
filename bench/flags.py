"""Five months of drawn flags through a bucket, two of them bad: the history the README shows.

    python bench/flags.py

A network of a few thousand weights learns them by `scrubjay retrain`, against moto's real HTTP
server on loopback. Held-out parts are small here, hence a smaller `gate.minimum_n`, and three first
answers instead of ten.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from moto.server import ThreadedMotoServer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.retrain.bands import SMALL, write_month

from scrubjay.store.bucket import open_bucket

FIRST = ("red", "green", "blue", "yellow", "white", "black")
SECOND = (*FIRST, "orange", "purple")
SETTINGS = (*SMALL, "gate.minimum_n=50", "evaluate.found_among=3")
URL = "s3://flags/incoming"


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "flags",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
        "SCRUBJAY_BUILTIN": "0",
    }
    with tempfile.TemporaryDirectory(prefix="scrubjay-flags-") as root:
        create_bucket()
        year(Path(root))
    server.stop()


def year(root: Path) -> None:
    home, drops = root / "home", root / "drops"
    put(drops / "2026-01", FIRST)
    retrain(home, "month=2026-01")
    put(drops / "2026-02", ("orange", "purple"), among=FIRST)
    retrain(home, "month=2026-02")
    put(drops / "2026-03", ("pink",), among=SECOND, shuffled=True)
    retrain(home, "month=2026-03")
    put(drops / "2026-04", ("brown",), among=(*SECOND, "pink"), broken=0.3)
    retrain(home, "month=2026-04")
    shutil.rmtree(drops / "2026-04")
    put(drops / "2026-04", ("brown",), among=(*SECOND, "pink"))
    retrain(home, "month=2026-05", "--accept", "2026-04")
    scrubjay(home, "history")


def create_bucket() -> None:
    from urllib.request import Request, urlopen

    with urlopen(Request(f"{os.environ['AWS_ENDPOINT_URL']}/flags", method="PUT")):
        pass


def put(folder: Path, colours: tuple[str, ...], **how: object) -> None:
    """Draw a month and copy it into the bucket; what is there already gives way."""
    write_month(folder, colours, **how)  # type: ignore[arg-type]
    bucket = open_bucket(URL)
    there = {one.name for one in bucket.list()}
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        if name in there:
            bucket.delete(name)
        bucket.create(name, path)


def retrain(home: Path, *arguments: str) -> None:
    scrubjay(home, "retrain", *SETTINGS, f"data.source={URL}", *arguments)


def scrubjay(home: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "scrubjay", *arguments, "--home", str(home)]
    subprocess.run(command, check=False, stderr=subprocess.DEVNULL)  # a bad month leaves with 1


if __name__ == "__main__":
    main()
