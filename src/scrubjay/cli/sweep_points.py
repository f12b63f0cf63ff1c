"""Settings with several values each, as single settings: every combination once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from scrubjay.cli.compose import check_form, parsed
from scrubjay.core.errors import BadConfig, WrongUse

MOST = 1000


def sweep_points(overrides: Sequence[str]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """(what differs, all overrides) of each point; what is swept last changes first.

    Args:
        overrides: as `scrubjay train` takes them; `key=a,b`, `key=choice(a,b)` and
            `key=range(1,4)` are several values.

    Raises:
        BadConfig: one that does not parse, or draws values instead of naming them.
        WrongUse: nothing has several values, or there are too many points.
    """
    fixed, swept = [], []
    for text in overrides:
        override = parsed(text)
        if not override.is_sweep_override():
            fixed.append(text)
            continue
        kind = type(override.value()).__name__
        if kind not in {"ChoiceSweep", "RangeSweep"}:
            raise BadConfig(
                f"{text!r} does not name its values; write them out, key=a,b,c, or as "
                f"key=range(start,stop,step)"
            )
        key = override.get_key_element()
        values = [f"{key}={value}" for value in override.sweep_string_iterator()]
        for value in values:
            check_form(value)
        swept.append(list(dict.fromkeys(values)))
    if not swept:
        raise WrongUse(
            "nothing to sweep: give a setting several values, such as model.lr=1e-4,3e-4; for one "
            "training there is scrubjay train"
        )
    count = 1
    for values in swept:
        count *= len(values)
    if count > MOST:
        raise WrongUse(f"{count} trainings are more than {MOST}; sweep fewer values at a time")
    return [(settings, (*fixed, *settings)) for settings in product(*swept)]
