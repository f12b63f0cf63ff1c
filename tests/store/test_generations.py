import pytest

from scrubjay.core.errors import Conflict, NotReady, UnknownName, WrongUse
from scrubjay.store.generations import Generations
from tests.store.made import item, rows_of, units

DIM = 16


@pytest.fixture
def generations(tmp_path):
    return Generations(tmp_path / "generations")


def test_generations_are_named_opened_and_removed(tmp_path, generations):
    generation = generations.create("v1", dim=DIM, attribute_types={})
    vectors = units(3, DIM)
    generation.add(rows_of([item(n) for n in range(3)]), vectors)
    generations.create("v2", dim=4, attribute_types={})
    (tmp_path / "generations" / "killed.lance" / "data").mkdir(parents=True)
    assert generations.names() == ("v1", "v2")
    assert generations.open("v2").dim == 4
    with pytest.raises(UnknownName, match=r"did you mean 'v1' or 'v2'|did you mean 'v2' or 'v1'"):
        generations.open("v3")
    with pytest.raises(Conflict, match="there already"):
        generations.create("v1", dim=4, attribute_types={})
    generations.remove("v1")
    assert generations.names() == ("v2",)
    with pytest.raises(NotReady, match="was removed"):
        generation.search(vectors[0], 1)
    with pytest.raises(UnknownName):
        generations.remove("v1")
    assert generations.create("v1", dim=8, attribute_types={}).count() == 0


def test_a_generation_whose_creation_was_killed_is_created_again(tmp_path, generations):
    (tmp_path / "generations" / "v1.lance" / "data").mkdir(parents=True)
    assert generations.create("v1", dim=4, attribute_types={}).count() == 0


@pytest.mark.parametrize("name", ["", ".", "../x", "a/b", "a b", ".hidden", "x" * 200, "a."])
def test_a_name_that_cannot_be_a_file_everywhere_is_refused(generations, name):
    with pytest.raises(WrongUse):
        generations.create(name, dim=4, attribute_types={})
    with pytest.raises(UnknownName):
        generations.open(name)


def test_an_unknown_attribute_type_and_no_width_are_refused(generations):
    with pytest.raises(WrongUse, match="int63"):
        generations.create("v1", dim=4, attribute_types={"a": "int63"})
    with pytest.raises(WrongUse, match="0 numbers"):
        generations.create("v1", dim=0, attribute_types={})
