"""The everyday things of the world, by name in four languages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

FRENCH_IRREGULAR = {
    "bonhomme de neige": "bonshommes de neige",
    "cerf-volant": "cerfs-volants",
    "hibou": "hiboux",
    "kangourou": "kangourous",
}
SPANISH_BORROWED = ("robot", "clip", "bretzel")


class Language(StrEnum):
    """A language captions are written and spoken in."""

    ENGLISH = "en"
    SPANISH = "es"
    FRENCH = "fr"
    GERMAN = "de"


@dataclass(frozen=True, slots=True)
class Name:
    """What something is called in one language.

    Attributes:
        article: the indefinite article, in the noun's gender.
        noun: one of it.
        plural: several.
    """

    article: str
    noun: str
    plural: str

    @property
    def one(self) -> str:
        """The noun with its article."""
        return f"{self.article} {self.noun}"


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of thing that can be drawn.

    Attributes:
        glyph: its character.
        names: in every language.
        newcomer: whether the built-in model was never shown it.
    """

    glyph: str
    names: dict[Language, Name]
    newcomer: bool

    @property
    def name(self) -> str:
        """The English noun."""
        return self.names[Language.ENGLISH].noun


@lru_cache(maxsize=1)
def things() -> tuple[Thing, ...]:
    """All of them, the familiar ones first; the order is that of the glyphs' sheet."""
    text = files(__package__).joinpath("things.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return tuple(_thing(*row) for row in rows)


def familiar() -> tuple[int, ...]:
    """Places in `things` of what the built-in model was shown."""
    return tuple(at for at, thing in enumerate(things()) if not thing.newcomer)


def newcomers() -> tuple[int, ...]:
    """Places in `things` of what it was never shown."""
    return tuple(at for at, thing in enumerate(things()) if thing.newcomer)


def _thing(
    glyph: str, en: str, en_plural: str, es: str, fr: str, de: str, de_plural: str, kind: str = ""
) -> Thing:
    names = {
        Language.ENGLISH: _name(en, en_plural),
        Language.SPANISH: _name(es, _spanish_plural(es.split(" ", 1)[1])),
        Language.FRENCH: _name(fr, _french_plural(fr.split(" ", 1)[1])),
        Language.GERMAN: _name(de, de_plural),
    }
    return Thing(glyph, names, kind == "newcomer")


def _name(one: str, plural: str) -> Name:
    article, noun = one.split(" ", 1)
    return Name(article, noun, plural)


def _spanish_plural(noun: str) -> str:
    """The plural of a noun; of several words the first changes."""
    first, space, rest = noun.partition(" ")
    if first in SPANISH_BORROWED:
        first += "s"
    elif first.endswith("z"):
        first = first[:-1] + "ces"
    elif first[-2:] in {"ón", "én", "ín", "ás", "ús", "án"}:
        first = first[:-2] + first[-2:].translate(str.maketrans("óéíáú", "oeiau")) + "es"
    elif first[-1] in "aeiouáéó":
        first += "s"
    elif not first.endswith(("as", "us")):
        first += "es"
    return first + space + rest


def _french_plural(noun: str) -> str:
    """The plural of a noun; of several words the first changes."""
    if noun in FRENCH_IRREGULAR:
        return FRENCH_IRREGULAR[noun]
    first, space, rest = noun.partition(" ")
    if first.endswith(("eau", "au")):
        first += "x"
    elif first.endswith("al"):
        first = first[:-2] + "aux"
    elif not first.endswith(("s", "x", "z")):
        first += "s"
    return first + space + rest
