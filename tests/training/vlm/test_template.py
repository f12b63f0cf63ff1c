from __future__ import annotations

import pytest

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.training.vlm.template import read_instruction

COLUMNS = ("image", "Product Name", "category", "a.b")


def test_columns_are_filled_in_by_their_names_or_nearly() -> None:
    read = read_instruction("The {Product Name} of {category}: {{as it is}}", COLUMNS)
    assert read.columns == ("Product Name", "category")
    cells = {"Product Name": "Kite {category}", "category": "toys"}
    assert read.filled(cells) == "The Kite {category} of toys: {as it is}"
    assert read_instruction("{product_name}", COLUMNS).columns == ("Product Name",)
    assert read_instruction("{a.b}", COLUMNS).columns == ("a.b",)


@pytest.mark.parametrize("text", ["{category!r}", "{category:>10}", "{}", "{category", "", "  "])
def test_nothing_but_names_may_stand_in_braces(text) -> None:
    with pytest.raises(BadConfig, match=r"datamodule\.instruction"):
        read_instruction(text, COLUMNS)


@pytest.mark.parametrize("name", ["categories", "category.__class__", "category[0]", "0"])
def test_what_is_no_column_is_named_with_the_nearest(name) -> None:
    with pytest.raises(UnknownName, match="column in datamodule"):
        read_instruction(f"Describe {{{name}}}", COLUMNS)
