"""Tables of English: colours, counts, places, what people do, and how nouns and articles change."""

from __future__ import annotations

import re
from collections.abc import Mapping


def each(words: str) -> frozenset[str]:
    """Words that spaces tell apart."""
    return frozenset(words.split())


COLOURS: Mapping[str, str] = {
    "red": "red",
    "crimson": "red",
    "scarlet": "red",
    "orange": "orange",
    "yellow": "yellow",
    "golden": "yellow",
    "green": "green",
    "blue": "blue",
    "navy": "blue",
    "turquoise": "blue",
    "purple": "purple",
    "violet": "purple",
    "pink": "pink",
    "brown": "brown",
    "beige": "brown",
    "black": "black",
    "white": "white",
    "grey": "grey",
    "gray": "grey",
}
"""A colour's word, and the family within which people may name it otherwise."""
BASIC_COLOURS = (
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
    "black",
    "white",
    "grey",
)
"""Berlin & Kay 1969: what colours are called first."""

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "size": ("big large huge giant enormous great", "small tiny little miniature"),
    "length": ("tall long", "short"),
    "width": ("wide broad thick fat", "narrow thin slim"),
    "age": ("old elderly ancient", "young", "new modern"),
    "light": ("dark", "bright pale light shiny"),
    "matter": (
        "wooden",
        "metal metallic golden silver",
        "plastic",
        "stone brick",
        "glass",
        "leather",
        "woollen",
    ),
    "form": ("round", "square rectangular", "oval", "triangular", "curved", "flat straight"),
    "pattern": ("striped", "spotted", "checkered", "plain", "flowered"),
    "state": ("open", "closed"),
    "filling": ("empty", "full"),
    "soundness": ("broken",),
    "wetness": ("wet", "dry"),
    "cleanness": ("clean", "dirty"),
    "feeling": ("happy", "sad", "angry", "calm"),
}
"""What adjectives say of a thing; words of one entry may be said of the same thing.

Colours have a table of their own.
"""
ATTRIBUTE_OF: Mapping[str, tuple[str, int]] = {
    word: (name, at)
    for name, senses in ATTRIBUTES.items()
    for at, words in enumerate(senses)
    for word in words.split()
}
"""An adjective to what it speaks of, and which of the senses it has."""

ALSO_NOUNS = each("square oval glass stone brick orange metal plastic silver light")
"""Adjectives of these tables that name a thing where no noun follows."""

NUMBERS = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
"""From one on."""
COUNTS = {word: at + 1 for at, word in enumerate(NUMBERS)}
NUMBER_WORDS: Mapping[str, int] = {
    "zero": 0,
    **COUNTS,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
"""Numbers that are one word."""

OPPOSITES = (
    ("to the left of", "to the right of"),
    ("left of", "right of"),
    ("on the left", "on the right"),
    ("to the left", "to the right"),
    ("at the left", "at the right"),
    ("above", "below"),
    ("above", "beneath"),
    ("over", "under"),
    ("on", "under"),
    ("on top of", "underneath"),
    ("at the top", "at the bottom"),
    ("in front of", "behind"),
    ("inside", "outside"),
    ("in the foreground", "in the background"),
)
"""Places, and what they are not at the same time."""
RELATIONS: Mapping[str, tuple[str, ...]] = {
    place: tuple(other for pair in OPPOSITES for one, other in (pair, pair[::-1]) if one == place)
    for place in dict.fromkeys(place for pair in OPPOSITES for place in pair)
}
"""A place to its opposites; the opposite of an opposite is among them."""
SYMMETRIC = ("next to", "beside", "near", "close to", "between", "among", "around", "against")
"""Places that stay true when the two things change theirs."""

ACTIONS = each(
    "sit sat stand stood lie lies lay walk run ran ride rode hold held carry carries wear wore eat "
    "ate drink drank look watch see saw play fly flies flew jump swim swam sleep slept smile laugh "
    "cry cries dance sing sang read write wrote talk speak spoke hang hung lean kneel knelt throw "
    "threw catch caught kick push pull drive drove chase follow lead led cook cut point wave reach "
    "climb fall fell rest pour feed fed hunt fight fought build built cross raise lift drop open "
    "close wait work wake woke grab give gave take took bring brought come came go goes went make "
    "made show turn face listen ask say says said tell told greet hug kiss pray bow fish sail row "
    "float rise rose"
)
"""Verbs of what is seen being done, as they are written without an ending of their own."""
ING_NOUNS = each(
    "ring king wing string thing building painting morning evening ceiling wedding clothing spring "
    "swing sling drawing railing awning dwelling earring being engraving etching opening living "
    "everything something nothing anything during sting bring sing viking pudding dumpling "
    "lightning"
)
"""Words in -ing that say nothing of what is done."""

LY_NOUNS = each(
    "family fly butterfly dragonfly firefly belly lily jelly trolley bully gully ally assembly "
    "lolly "
    "doily jolly ugly holy curly lovely friendly elderly woolly only"
)
"""Words in -ly that are no adverbs."""

DETERMINERS = each("a an the this that these those some his her its their my your our")
POSSESSIVES = each("his her its their my your our")
FUNCTION_WORDS = DETERMINERS | each(
    "and or but nor so yet if then than as at by for from in into of off on onto out over to up "
    "upon with within without under above below behind beside between near down about across after "
    "against along among around before beneath beyond during except inside outside past since "
    "through toward towards underneath until via is are was were be been being am has have had "
    "having do does did will would can could may might must shall should not no none there here "
    "where when while who whom whose which what why how he she it they we you i him them us me "
    "himself herself itself themselves each every all both any many much more most few several "
    "other others another same such own only just also too very quite rather still even ever never "
    "always often again away back together apart once one ones because though although like unlike "
    "seems seem seen being somewhat hundred thousand first second third fourth fifth half older "
    "younger taller smaller larger bigger outer inner original top bottom left right front next "
    "far close upper lower"
)
"""What names nothing that could be seen; places have a table of their own."""
GENERAL = each(
    "thing object animal person people human figure picture photo photograph image view scene "
    "drawing painting part side group pair couple kind sort number lot set piece way place time "
    "day year moment end beginning middle centre center background foreground top bottom left "
    "right front back corner edge one other word sign caption title page color colour story series "
    "glimpse rate pace manner fright bit touch sense look reference combination break eye sort "
    "species family piece sheet many deal wait peek distance backdrop character illustration copy "
    "composition level west east north south"
)
"""Nouns so general that what they name may be something else's name, too, or nothing one sees."""
ALIKE = (
    "man gentleman guy fellow person soldier hunter farmer worker rider boy king",
    "woman lady person girl queen mother maid",
    "child kid boy girl baby infant toddler",
    "car automobile vehicle taxi",
    "couch sofa",
    "boat ship vessel sailboat",
    "rock stone boulder",
    "house home building cottage castle palace hut",
    "street road path lane",
    "hill mountain",
    "wood forest woodland",
    "river stream brook lake water",
    "cup mug glass",
    "rabbit hare bunny",
    "mouse rat",
    "rifle gun weapon musket",
    "shop store",
    "bike bicycle",
    "plane airplane aeroplane aircraft",
    "donkey mule horse pony",
    "hen rooster chicken bird duck goose",
    "bird eagle owl parrot pigeon swan",
    "dog puppy",
    "cat kitten",
    "telephone phone",
    "crown hat cap helmet",
)
"""Nouns that one thing may be called by; a space tells them apart."""

UNITS = each(
    "year years month months week weeks day days hour hours minute minutes second seconds century "
    "centuries decade decades time times inch inches cm mm km foot feet mile miles meter meters "
    "metre "
    "metres thirds quarters halves percent dollars euros cents o'clock parts kinds types ways "
    "sides pages volumes figures"
)
"""What counts measure instead of things that could be seen."""

_IRREGULAR = {
    "man": "men",
    "woman": "women",
    "child": "children",
    "mouse": "mice",
    "goose": "geese",
    "foot": "feet",
    "tooth": "teeth",
    "ox": "oxen",
    "person": "people",
    "leaf": "leaves",
    "knife": "knives",
    "wolf": "wolves",
    "calf": "calves",
    "half": "halves",
    "loaf": "loaves",
    "shelf": "shelves",
    "life": "lives",
    "wife": "wives",
    "thief": "thieves",
    "scarf": "scarves",
    "hoof": "hooves",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "hero": "heroes",
    "volcano": "volcanoes",
    "die": "dice",
    "cookie": "cookies",
    "movie": "movies",
    "brownie": "brownies",
    "zombie": "zombies",
    "bus": "buses",
    "cactus": "cacti",
    "octopus": "octopuses",
    "lens": "lenses",
    "axe": "axes",
    "shoe": "shoes",
}
_UNCHANGED = each("sheep deer fish aircraft bison moose salmon trout squid series")
_SINGULAR = {plural: one for one, plural in _IRREGULAR.items()}
_VOWEL_SOUND = re.compile(r"(?:[aeiou]|hour|honest|honou?r|heir)", re.IGNORECASE)
_CONSONANT_SOUND = re.compile(
    r"(?:one(?:$|[^a-z])|once|uni(?!n|m)|us[aeiu]|eu|ewe|u[bt]il|ufo|ut[eo])", re.IGNORECASE
)


def article_for(word: str) -> str:
    """`a` or `an`, by how a word begins to sound."""
    vowel = _VOWEL_SOUND.match(word) and not _CONSONANT_SOUND.match(word)
    return "an" if vowel else "a"


def plural(noun: str) -> str:
    """More than one of a noun; of several words, the last changes."""
    before, space, word = noun.rpartition(" ")
    if space:
        return f"{before} {plural(word)}"
    if word in _UNCHANGED:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending in ("woman", "man"):
        if word.endswith(ending) and word not in {"human", "german", "roman"}:
            return word[:-2] + "en"
    if re.search(r"(?:s|x|z|ch|sh)$", word):
        return f"{word}es"
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}s"


def singular(noun: str) -> str:
    """One of a noun; what does not look like several is returned as it is."""
    before, space, word = noun.rpartition(" ")
    if space:
        return f"{before} {singular(word)}"
    if word in _SINGULAR:
        return _SINGULAR[word]
    if not is_plural(word) or word in _UNCHANGED:
        return word
    if re.search(r"[^aeiou]ies$", word) and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("women", "men")):
        return word[:-2] + "an"
    if re.search(r"(?:ss|x|zz|ch|sh)es$", word):
        return word[:-2]
    return word[:-1]


def is_adverb(word: str) -> bool:
    """Whether a word looks like one that says how something is done."""
    return len(word) > 4 and word.endswith("ly") and word not in LY_NOUNS


def is_plural(word: str) -> bool:
    """Whether a noun looks like several."""
    if word in _SINGULAR or word in _UNCHANGED:
        return True
    if word.endswith("men") and word not in {"specimen", "omen", "regimen", "abdomen"}:
        return True
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s"))


def may_be_singular(word: str) -> bool:
    """Whether a noun may be one of its kind: `sheep` may be, `dogs` may not."""
    return word in _UNCHANGED or not is_plural(word)
