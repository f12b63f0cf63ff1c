"""One process that has loaded everything slow, and runs months in children it may kill.

    python -m tests.retrain.killing_month

reads one JSON object a line, `{"home", "overrides", "failpoint"}`, runs `scrubjay retrain` in a
forked child and answers with `{"status"}`, the child's exit status as `waitpid` gives it. Lance and
OpenVINO are not loaded before the fork: their threads do not survive one.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path


def main() -> None:
    import lightning.pytorch
    import torch

    torch.set_num_threads(1)
    assert lightning.pytorch is not None
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            run(asked)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps({"status": os.waitstatus_to_exitcode(status)}) + "\n")
        sys.stdout.flush()


def run(asked: dict[str, object]) -> None:
    """A month in this process; never returns."""
    log = os.open(f"{asked['home']}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if asked["failpoint"]:
        os.environ["SCRUBJAY_FAILPOINT"] = str(asked["failpoint"])
    status = 70
    try:
        from scrubjay.cli.compose import compose
        from scrubjay.core.protocols import silent
        from scrubjay.retrain.retrain import retrain
        from scrubjay.services import open_home

        config = compose(list(asked["overrides"]), config_name="retrain")  # type: ignore[call-overload]
        retrain(open_home(Path(str(asked["home"]))), config, progress=silent)
        status = 0
    except BaseException:  # noqa: BLE001 - a forked child must never return
        traceback.print_exc()
        status = 1
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
