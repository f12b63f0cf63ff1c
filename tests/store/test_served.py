"""What served is written down before it gives way."""

import pytest

from scrubjay.core.errors import Damaged
from scrubjay.core.types import Champion
from scrubjay.store.served import Served

A, B = Champion("a", "a"), Champion("b", "b")


def test_pairs_are_kept_in_the_order_they_gave_way(tmp_path):
    served = Served(tmp_path / "served")
    assert served.all() == []
    for one in (A, B, A):
        served.note(one)
    assert Served(tmp_path / "served").all() == [A, B, A]


def test_said_twice_in_a_row_it_counts_once(tmp_path):
    served = Served(tmp_path / "served")
    served.note(A)
    served.note(A)
    assert served.all() == [A]


def test_a_damaged_note_is_named(tmp_path):
    served = Served(tmp_path / "served")
    served.note(A)
    (tmp_path / "served" / "000001.json").write_text("{}")
    with pytest.raises(Damaged, match=r"000001\.json"):
        served.all()
