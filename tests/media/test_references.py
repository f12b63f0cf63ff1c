from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.errors import BadMedia
from scrubjay.media.references import Listing


def test_a_file_beside_the_manifest_wins() -> None:
    listing = Listing(["a.png", "set/a.png", "set/images/a.png"])
    assert listing.find("a.png", folder="set") == "set/a.png"
    assert listing.find("a.png") == "a.png"
    assert listing.find("images/a.png", folder="set") == "set/images/a.png"


def test_a_name_that_only_one_file_has_is_found_anywhere() -> None:
    listing = Listing(["deep/in/a.png", "other/b.png"])
    assert listing.find("a.png") == "deep/in/a.png"
    assert listing.find("in/a.png") == "deep/in/a.png"
    assert listing.find("./a.png") == "deep/in/a.png"


def test_of_several_files_the_one_in_the_usual_folder_wins() -> None:
    assert Listing(["thumbs/a.png", "images/a.png"]).find("a.png") == "images/a.png"


def test_a_name_that_fits_several_files_is_refused() -> None:
    with pytest.raises(BadMedia, match=r"fits 2 files: x/a\.png, y/a\.png; give the path"):
        Listing(["x/a.png", "y/a.png"]).find("a.png")


def test_backslashes_and_decomposed_accents_are_understood() -> None:
    decomposed = unicodedata.normalize("NFD", "images/café.png")
    listing = Listing([decomposed])
    assert listing.find("images\\café.png") == decomposed
    assert listing.find("café.png") == decomposed


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("../secret.png", "leaves the folder"),
        ("images/../../secret.png", "leaves the folder"),
        ("images\\..\\secret.png", "leaves the folder"),
        ("/etc/passwd", "absolute path"),
        ("C:\\Users\\me\\a.png", "absolute path"),
        ("C:a.png", "absolute path"),
        ("\\\\server\\share\\a.png", "absolute path"),
        ("https://example.org/a.png", "web address"),
        ("file:///etc/passwd", "web address"),
        ("a\x00.png", "not a path"),
        ("  ", "not a path"),
        ("ghost.png", "no such file"),
        (".", "no such file"),
    ],
)
def test_what_leaves_the_folder_or_is_not_there_is_refused(reference: str, reason: str) -> None:
    with pytest.raises(BadMedia, match=reason):
        Listing(["a.png", "secret.png", "etc/passwd"]).find(reference)


@given(st.text(max_size=30))
def test_any_reference_is_a_listed_file_or_refused(reference: str) -> None:
    names = ["a", "b/a", "b/c.png"]
    try:
        found = Listing(names).find(reference)
    except BadMedia:
        return
    assert found in names
