"""One of two processes that teach a model: `python -m tests.training.vlm.ranked RUN CONFIG`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from scrubjay.training.fit import fit


def main() -> None:
    folder, config = Path(sys.argv[1]), json.loads(sys.argv[2])
    rank = int(os.environ.get("LOCAL_RANK", "0"))
    fit(config, run=folder, leads=rank == 0)


if __name__ == "__main__":
    main()
