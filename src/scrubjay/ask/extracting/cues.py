"""Words beside a number that say what it measures: `Net Wt.`, `holds up to`, `serving size`.

Phrases are looked for in the letters of a line alone, longest first, so that `NetWt:` and `Max.
weight` are understood however they are spaced; short ones only as words of their own. A letter of
a long phrase may be misread.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from scrubjay.ask.extracting.entities import Entity

NET: Final = "net"
"""Of the contents: a weight or a volume."""
SIZE: Final = "size"
"""Of the outside: no axis is said."""
LENGTH: Final = "length"
INPUT: Final = "input"
"""Of what feeds it: its own voltage where it has no other."""
OTHER: Final = "other"
"""Something nobody asks for: a serving, a nutrient, a price, the seat of a chair."""

PHRASES: Final[dict[str, tuple[str, ...]]] = {
    Entity.ITEM_WEIGHT: (
        *(
            "net weight",
            "net wt",
            "nett weight",
            "nett wt",
            "weight",
            "wt",
            "item weight",
            "weighs",
        ),
        *("product weight", "unit weight", "n.w.", "poids net", "poids", "gewicht", "nettogewicht"),
        *("peso neto", "peso netto", "peso", "mass", "weighing", "dry weight", "weigh"),
        *("einwaage", "fullgewicht", "light as", "nt wt", "net mass"),
    ),
    Entity.MAXIMUM_WEIGHT: (
        *("maximum weight", "max weight", "max wt", "max load", "maximum load", "load capacity"),
        *(
            "weight capacity",
            "holds up to",
            "supports up to",
            "supports",
            "holds",
            "max user weight",
        ),
        *(
            "weight limit",
            "load limit",
            "carries up to",
            "carries",
            "bears",
            "load bearing",
            "load",
        ),
        *("maximum user weight", "carrying capacity", "safe load", "traglast", "charge max"),
        *("carga maxima", "belastbar bis", "maximallast", "rated load", "lifts up to", "swl"),
        *("withstands", "maximum capacity", "max capacity", "up to", "user weight", "wll"),
        *("recommended weight", "weight rating", "weight recommendation", "bearing capacity"),
    ),
    Entity.ITEM_VOLUME: (
        *("capacity", "volume", "vol", "net vol", "net volume", "fassungsvermogen", "contenance"),
        *("capacidad", "fullmenge", "inhalt", "tank", "tank capacity", "water tank", "nennvolumen"),
        *("fills", "liquid", "volumen"),
    ),
    Entity.VOLTAGE: (
        *("voltage", "rated voltage", "volt", "volts", "operating voltage", "output", "spannung"),
        *("tension", "voltaje", "output voltage", "battery", "supply", "supply voltage", "dc"),
        *(
            "nominal voltage",
            "mains",
            "working voltage",
            "power supply",
            "voltaggio",
            "nennspannung",
        ),
    ),
    Entity.WATTAGE: (
        *("wattage", "power", "rated power", "watts", "output power", "power consumption"),
        *("max power", "leistung", "puissance", "potencia", "consumption", "rated wattage"),
        *("power rating", "nominal power", "nennleistung", "power input", "potenza", "draws"),
    ),
    Entity.WIDTH: (
        "width",
        "wide",
        "breite",
        "largeur",
        "ancho",
        "larghezza",
        "w",
        "across",
        "breadth",
    ),
    Entity.HEIGHT: (
        *("height", "high", "tall", "hohe", "hauteur", "altura", "alto", "altezza", "h", "stands"),
        "overall height",
    ),
    Entity.DEPTH: (
        *("depth", "deep", "tiefe", "profondeur", "fondo", "profundidad", "profondita", "d"),
        *("front to back",),
    ),
    LENGTH: ("length", "long", "lange", "longueur", "largo", "lunghezza", "l"),
    NET: (
        *("net", "nett", "net contents", "net content", "contents", "content", "contains", "netto"),
        *(
            "contenu net",
            "contenido neto",
            "contenuto",
            "net quantity",
            "net qty",
            "quantity",
            "qty",
        ),
        *("e", "content net", "nettoinhalt"),
    ),
    SIZE: (
        *("dimensions", "dimension", "size", "measures", "abmessungen", "maße", "medidas"),
        *("product dimensions", "overall size", "dim", "dims", "meas", "measurements", "mesures"),
    ),
    INPUT: ("input", "input voltage", "ac input", "eingang", "entree", "primary"),
    OTHER: (
        *("serving size", "per serving", "serving", "servings", "per", "portion", "protein", "fat"),
        *("carbohydrate", "carbohydrates", "carbs", "sugar", "sugars", "sodium", "salt", "fibre"),
        *("fiber", "saturates", "saturated fat", "trans fat", "cholesterol", "caffeine", "vitamin"),
        *("calcium", "iron", "potassium", "energy", "dose", "dosage", "take", "total fat", "zinc"),
        *("eiweiss", "eiweiß", "fett", "zucker", "salz", "kohlenhydrate", "ballaststoffe", "je"),
        *(
            "gross weight",
            "gross",
            "gross wt",
            "g.w.",
            "brutto",
            "bruttogewicht",
            "shipping weight",
        ),
        *("price", "was", "save", "only", "off", "rrp", "each", "package weight", "packed weight"),
        *("serial", "model", "lot", "batch", "best before", "exp", "bb", "mfg", "barcode", "ref"),
        *("cable", "cord", "cable length", "cord length", "range", "distance", "seat height"),
        *("seat", "shelf", "shelves", "thickness", "diameter", "screen", "hole", "stack", "drawer"),
        *("leg", "clearance", "gap", "refill", "free", "extra", "bonus", "lid", "packaging", "box"),
        *("magnesium", "of which", "total sugars", "dietary fibre", "added sugars", "omega"),
        *("standby", "charger", "equivalent"),
        *("replaces", "grundpreis", "unit price", "per 100", "portionen", "armrest", "apart"),
    ),
}
"""What is measured -> the words for it."""

OWN: Final[dict[Entity, frozenset[str]]] = {
    Entity.ITEM_WEIGHT: frozenset({Entity.ITEM_WEIGHT, NET}),
    Entity.MAXIMUM_WEIGHT: frozenset({Entity.MAXIMUM_WEIGHT}),
    Entity.ITEM_VOLUME: frozenset({Entity.ITEM_VOLUME, NET}),
    Entity.VOLTAGE: frozenset({Entity.VOLTAGE, INPUT}),
    Entity.WATTAGE: frozenset({Entity.WATTAGE, INPUT}),
    Entity.WIDTH: frozenset({Entity.WIDTH, SIZE}),
    Entity.HEIGHT: frozenset({Entity.HEIGHT, SIZE}),
    Entity.DEPTH: frozenset({Entity.DEPTH, LENGTH, SIZE}),
}
"""Words that speak for an entity; all others speak against it."""

LONG: Final = 6
"""Letters of a phrase that is also found within a run of letters, with one of them misread."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase in a text.

    Attributes:
        kind: what is measured.
        start: its place among the text's letters ...
        end: ... and where it ends.
    """

    kind: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def cues(text: str) -> tuple[Cue, ...]:
    """The phrases of a text, in order; none overlaps another, the longest are taken first."""
    letters, starts = _letters(text)
    taken = [False] * len(letters)
    found: list[Cue] = []
    # What is written exactly comes first: `weight` is no misread `height`.
    for places in (_exact, _misread):
        for phrase, kind, short in _ordered():
            for at in places(letters, starts, phrase, short=short):
                if not any(taken[at : at + len(phrase)]):
                    taken[at : at + len(phrase)] = [True] * len(phrase)
                    found.append(Cue(kind, at, at + len(phrase)))
    return tuple(sorted(found, key=lambda one: one.start))


def kinds(text: str) -> frozenset[str]:
    """What the phrases of a text are about."""
    return frozenset(one.kind for one in cues(text))


@lru_cache(maxsize=1)
def _ordered() -> tuple[tuple[str, str, bool], ...]:
    """(letters, kind, whether only whole words count), the longest first."""
    flat = {
        _plain(phrase).replace(" ", ""): (kind, len(_plain(phrase).replace(" ", "")) < LONG)
        for kind, phrases in PHRASES.items()
        for phrase in phrases
    }
    return tuple(
        (letters, *flat[letters]) for letters in sorted(flat, key=lambda one: (-len(one), one))
    )


def _exact(letters: str, starts: frozenset[int], phrase: str, *, short: bool) -> list[int]:
    length = len(phrase)
    if short:
        ends = starts | {len(letters)}
        return [at for at in starts if letters.startswith(phrase, at) and at + length in ends]
    last = len(letters) - length
    return [at for at in range(last + 1) if letters.startswith(phrase, at)]


def _misread(letters: str, starts: frozenset[int], phrase: str, *, short: bool) -> list[int]:
    length = len(phrase)
    if short:
        return []
    return [
        at
        for at in starts
        if at + length <= len(letters)
        and sum(a != b for a, b in zip(letters[at : at + length], phrase, strict=True)) <= 1
    ]


def _letters(text: str) -> tuple[str, frozenset[int]]:
    """The letters of a text, and where among them words begin."""
    words = re.findall(r"[a-zß]+", _plain(text))
    starts, at = set(), 0
    for word in words:
        starts.add(at)
        at += len(word)
    return "".join(words), frozenset(starts)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace(".", ""))
    return "".join(one for one in decomposed if not unicodedata.combining(one))
