"""What is read of a stranger's folder, and what is said when it cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        Damaged: it cannot be read, or is no object.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Damaged(f"{path} cannot be read: {error}; copy it again") from error
    if not isinstance(values, dict):
        raise Damaged(f"{path} is no JSON object; copy it again")
    return values


def first_line(error: BaseException) -> str:
    """What an error says, short enough for a message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
