"""Colours, shapes, numbers and places in four languages, and the words on signs."""

from __future__ import annotations

from collections.abc import Mapping

from scrubjay.media.world.shapes import COLOURS, SHAPES
from scrubjay.media.world.things import Language, Name

_SIGN_WORDS = (
    "open closed exit stop push pull sale free wifi hotel taxi police fire danger help bank "
    "shop food tea coffee bread wine water juice park school museum library hospital "
    "pharmacy garage station airport gate ticket north south east west left right up down "
    "yes no hello welcome thanks please slow fast quiet private music dance cinema radio "
    "hot cold new"
)
SIGN_WORDS = tuple(_SIGN_WORDS.split())

LARGEST_COUNT = 5
NUMBERS: Mapping[Language, tuple[str, ...]] = {
    Language.ENGLISH: ("two", "three", "four", "five"),
    Language.SPANISH: ("dos", "tres", "cuatro", "cinco"),
    Language.FRENCH: ("deux", "trois", "quatre", "cinq"),
    Language.GERMAN: ("zwei", "drei", "vier", "fünf"),
}
"""From two on."""

LEFT, RIGHT, ABOVE, BELOW = "left", "right", "above", "below"
OPPOSITE = {LEFT: RIGHT, RIGHT: LEFT, ABOVE: BELOW, BELOW: ABOVE}
PLACES: Mapping[Language, Mapping[str, tuple[str, ...]]] = {
    Language.ENGLISH: {
        LEFT: ("to the left of", "left of"),
        RIGHT: ("to the right of", "right of"),
        ABOVE: ("above", "over"),
        BELOW: ("below", "under"),
    },
    Language.SPANISH: {
        LEFT: ("a la izquierda de",),
        RIGHT: ("a la derecha de",),
        ABOVE: ("encima de",),
        BELOW: ("debajo de",),
    },
    Language.FRENCH: {
        LEFT: ("à gauche d'",),
        RIGHT: ("à droite d'",),
        ABOVE: ("au-dessus d'",),
        BELOW: ("en dessous d'",),
    },
    Language.GERMAN: {
        LEFT: ("links von",),
        RIGHT: ("rechts von",),
        ABOVE: ("über",),
        BELOW: ("unter",),
    },
}

AND: Mapping[Language, str] = {
    Language.ENGLISH: "and",
    Language.SPANISH: "y",
    Language.FRENCH: "et",
    Language.GERMAN: "und",
}
SIGN: Mapping[Language, tuple[str, ...]] = {
    Language.ENGLISH: ("a sign that says", "a sign saying", "a sign with the word"),
    Language.SPANISH: ("un cartel que dice",),
    Language.FRENCH: ("un panneau qui dit",),
    Language.GERMAN: ("ein Schild mit dem Wort",),
}
DATIVE = {"ein": "einem", "eine": "einer"}
"""German articles after a place."""

# Gender of a shape's noun, then singular and plural.
_SHAPES: Mapping[Language, tuple[tuple[str, str, str], ...]] = {
    Language.SPANISH: (
        ("m", "círculo", "círculos"),
        ("m", "cuadrado", "cuadrados"),
        ("m", "triángulo", "triángulos"),
        ("f", "estrella", "estrellas"),
        ("m", "corazón", "corazones"),
        ("m", "rombo", "rombos"),
        ("f", "cruz", "cruces"),
        ("m", "anillo", "anillos"),
    ),
    Language.FRENCH: (
        ("m", "cercle", "cercles"),
        ("m", "carré", "carrés"),
        ("m", "triangle", "triangles"),
        ("f", "étoile", "étoiles"),
        ("m", "cœur", "cœurs"),
        ("m", "losange", "losanges"),
        ("f", "croix", "croix"),
        ("m", "anneau", "anneaux"),
    ),
    Language.GERMAN: (
        ("m", "Kreis", "Kreise"),
        ("n", "Quadrat", "Quadrate"),
        ("n", "Dreieck", "Dreiecke"),
        ("m", "Stern", "Sterne"),
        ("n", "Herz", "Herzen"),
        ("f", "Raute", "Rauten"),
        ("n", "Kreuz", "Kreuze"),
        ("m", "Ring", "Ringe"),
    ),
}

# Spanish and French: masculine, feminine, plurals of both. German: the stem its endings follow.
_COLOURS: Mapping[Language, tuple[str, ...]] = {
    Language.SPANISH: (
        "rojo roja rojos rojas",
        "naranja naranja naranjas naranjas",
        "amarillo amarilla amarillos amarillas",
        "verde verde verdes verdes",
        "azul azul azules azules",
        "morado morada morados moradas",
        "rosa rosa rosas rosas",
        "marrón marrón marrones marrones",
        "negro negra negros negras",
        "blanco blanca blancos blancas",
    ),
    Language.FRENCH: (
        "rouge rouge rouges rouges",
        "orange orange orange orange",
        "jaune jaune jaunes jaunes",
        "vert verte verts vertes",
        "bleu bleue bleus bleues",
        "violet violette violets violettes",
        "rose rose roses roses",
        "marron marron marron marron",
        "noir noire noirs noires",
        "blanc blanche blancs blanches",
    ),
    Language.GERMAN: (
        "rot",
        "orange",
        "gelb",
        "grün",
        "blau",
        "lila",
        "rosa",
        "braun",
        "schwarz",
        "weiß",
    ),
}
_UNCHANGED = {"orange", "lila", "rosa"}
_GERMAN_ENDING = {"m": "er", "n": "es", "f": "e"}


def coloured_shape(shape: str, colour: str, language: Language) -> Name:
    """The name of a shape in a colour, agreeing in gender and number."""
    if language is Language.ENGLISH:
        article = "an" if colour[0] in "aeiou" else "a"
        plural = f"{shape}es" if shape.endswith("s") else f"{shape}s"
        return Name(article, f"{colour} {shape}", f"{colour} {plural}")
    gender, noun, plural = _SHAPES[language][SHAPES.index(shape)]
    word = _COLOURS[language][list(COLOURS).index(colour)]
    if language is Language.GERMAN:
        one, many = (
            (word, word) if word in _UNCHANGED else (word + _GERMAN_ENDING[gender], word + "e")
        )
        return Name("eine" if gender == "f" else "ein", f"{one} {noun}", f"{many} {plural}")
    forms = word.split()
    feminine = gender == "f"
    article = {Language.SPANISH: ("un", "una"), Language.FRENCH: ("un", "une")}[language][feminine]
    return Name(article, f"{noun} {forms[feminine]}", f"{plural} {forms[2 + feminine]}")
