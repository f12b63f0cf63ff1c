from __future__ import annotations

import subprocess
import sys


def test_openvino_is_imported_without_its_telemetry() -> None:
    """Importing it plainly starts a thread that reports the import to an analytics service."""
    program = (
        "import sys, threading\n"
        "from scrubjay.models.runtime import openvino\n"
        "runtime = openvino()\n"
        "assert runtime.Core().available_devices\n"
        "print(sys.modules['openvino_telemetry'], runtime.convert_model.__name__)\n"
        "from openvino.tools.ovc import telemetry\n"
        "print(type(telemetry).__module__)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert printed == ["None", "convert_model", "openvino.tools.ovc.telemetry_stub"]
