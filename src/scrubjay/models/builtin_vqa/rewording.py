"""Questions put as the model was taught to hear them: what it was not taught, asked in two steps.

It was taught "is the star above the lion?" and "how many frogs are there?"; people who look for a
picture also ask whether there is a star above a lion, and whether there are two frogs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

PLACES: Final = (
    "above|over|on top of|below|under|underneath|beneath|"
    "(?:to|on) the (?:left|right)(?: side)? of|(?:left|right) of"
)
NUMBERS: Final = {"two": "2", "three": "3", "four": "4", "five": "5"} | {
    str(number): str(number) for number in range(2, 6)
}

_THERE: Final = r"^\W*(?:is|are) there (?:any picture (?:of|with) )?"
_PLACED: Final = re.compile(
    rf"{_THERE}(?:an?|the|any|some) (?P<one>.+?) (?P<place>{PLACES}) (?:an?|the|some) "
    rf"(?P<other>[^?.!]+?)\W*$",
    re.IGNORECASE,
)
_COUNTED: Final = re.compile(
    rf"{_THERE}(?:exactly )?(?P<number>{'|'.join(NUMBERS)}) (?P<many>[^?.!]+?)\W*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reworded:
    """A question that answers another.

    Attributes:
        question: as the model was taught to hear it.
        number: the number that means yes; None: its own yes and no count.
    """

    question: str
    number: str | None = None


def reworded(question: str) -> Reworded | None:
    """What to ask instead, where a question asks whether there is something placed or counted."""
    if found := _PLACED.match(question):
        return Reworded(f"is the {found['one']} {found['place'].lower()} the {found['other']}?")
    found = _COUNTED.match(question)
    if found is None or re.search(rf"\b(?:{PLACES})\b", found["many"], re.IGNORECASE):
        return None
    return Reworded(f"how many {found['many']} are there?", NUMBERS[found["number"].lower()])
