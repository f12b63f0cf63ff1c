"""What the question model says: answers, captions, and why it cannot tell."""

from __future__ import annotations

from collections.abc import Sequence

from scrubjay.models.builtin_vqa.lexicon import Lexicon, Noun, Said
from scrubjay.models.builtin_vqa.sight import Object

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CANNOT_TELL = "I can't tell: "
STRANGE_PICTURE = "this picture is not from the small drawn world I know. Another vlm may know more"
NO_PICTURE = "I was shown no picture"
NOTHING_SEEN = "I see nothing in it that I know"
NOT_SURE = "I am not sure enough"
NOT_ENGLISH = "I understand questions in English only; another vlm may speak your language"
STRANGE_QUESTION = (
    "I can only say what is there, how many, which colour or shape, where, and what a sign says"
)
SILENCE = {"strange_picture": STRANGE_PICTURE, "nothing_seen": NOTHING_SEEN}
"""Why nothing can be said of a picture, in words."""
REGIONS = {
    "left": "on the left",
    "right": "on the right",
    "top": "at the top",
    "bottom": "at the bottom",
    "centre": "in the centre",
}
CLEARLY = 0.125
"""Share of the picture one middle is beside the other, to say so in a caption."""


def answer_text(said: Said, lexicon: Lexicon) -> str:
    """An answer in words, without a full stop."""
    if said.sort == "concept":
        thing = next((one for one in lexicon.things if one.one == said.name), None)
        article = thing.article if thing else ("an" if said.name[0] in "aeiou" else "a")
        return f"{article} {said.name}"
    if said.sort == "region":
        return REGIONS.get(said.name, f"at the {said.name}")
    return said.name


def caption_text(seen: Sequence[Object]) -> str:
    """What objects make a picture, in a sentence without a full stop."""
    things = [one for one in seen if not one.sign]
    signs = [f"a sign that says {one.noun.one}" for one in seen if one.sign]
    if len(things) == 2 and not signs and things[0].noun != things[1].noun:
        placed = _placed(*things)
        if placed:
            return placed
    counted: dict[Noun, int] = {}
    for one in sorted(things, key=lambda one: (one.x, one.y)):
        counted[one.noun] = counted.get(one.noun, 0) + 1
    parts = [
        f"{noun.article} {noun.one}" if n == 1 else f"{_number(n)} {noun.many}"
        for noun, n in counted.items()
    ]
    return _listed(parts + signs)


def missing(names: Sequence[str]) -> str:
    """That something asked for is not there."""
    return f"I see no {_either(names)} in the picture"


def unknown(words: Sequence[str]) -> str:
    """That a word is not known."""
    return f"I do not know {_either([f'“{word}”' for word in words])}"


def cannot_tell(why: str) -> str:
    """The whole reply."""
    return f"{CANNOT_TELL}{why}."


def _placed(one: Object, other: Object) -> str | None:
    right, down = other.x - one.x, other.y - one.y
    if max(abs(right), abs(down)) < CLEARLY:
        return None
    if abs(right) >= abs(down):
        first, second = (one, other) if right > 0 else (other, one)
        way = "to the left of"
    else:
        first, second = (one, other) if down > 0 else (other, one)
        way = "above"
    return f"{first.noun.article} {first.noun.one} {way} {second.noun.article} {second.noun.one}"


def _number(n: int) -> str:
    return NUMBERS[n] if n < len(NUMBERS) else str(n)


def _listed(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _either(names: Sequence[str]) -> str:
    return " or ".join(dict.fromkeys(names))
