from __future__ import annotations

import inspect
import re

from scrubjay.core import errors
from scrubjay.core.errors import ScrubjayError, UnknownName


def test_an_unknown_name_offers_the_near_miss() -> None:
    assert "did you mean 'transformers'?" in str(
        UnknownName("encoder", "transformer", ["builtin", "transformers"])
    )


def test_an_unknown_name_far_from_all_lists_them() -> None:
    assert "known: builtin, fake" in str(UnknownName("encoder", "zzz", ["fake", "builtin"]))


def test_the_drawn_hierarchy_is_the_real_one() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    real = [
        name
        for name, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, ScrubjayError) and value is not ScrubjayError
    ]
    assert sorted(drawn) == sorted(real)


def test_exit_codes_are_the_documented_ones() -> None:
    assert (ScrubjayError.exit_code, errors.WrongUse.exit_code, errors.LeaseHeld.exit_code) == (
        1,
        2,
        3,
    )
