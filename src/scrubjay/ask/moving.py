"""Questions about movement, answered from what was followed through a shot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

from scrubjay.ask.combining import content_words
from scrubjay.ask.describing import place
from scrubjay.ask.evidence import named_in
from scrubjay.ask.motion import Place, Track
from scrubjay.ask.telling import cannot_tell
from scrubjay.core.looking import Reply

NOTHING_FOLLOWED: Final = "nothing in it could be followed from frame to frame"
NOTHING_MOVES: Final = "nothing moves in it, as far as it could be followed"
NOT_SURE: Final = "what could be followed may or may not have moved"
LEAST_SURE: Final = 0.5
"""Confidence below which nothing is told of a thing."""


class About(Enum):
    """What a question wants to know of movement."""

    HAPPENS = "happens"
    MOVES = "moves"
    COMES = "comes"
    GOES = "goes"


_WORDS: Final = {
    About.HAPPENS: r"happen(?:s|ed|ing)?|going on|changes?|changed|changing",
    About.COMES: r"comes?|coming|came|appear(?:s|ed|ing)?|arriv\w+|enter(?:s|ed|ing)?|"
    r"turns? up|shows? up",
    About.GOES: r"goes away|going away|went away|disappear(?:s|ed|ing)?|vanish\w*|"
    r"leaves?|leaving|left the|gone|go away",
    About.MOVES: r"mov(?:e|es|ed|ing|ement)|motion|pass(?:es|ed|ing)?|travel\w*|"
    r"(?:which|what) (?:way|direction)|direction|goes|going|go|went|fl(?:y|ies|ying|ew)|"
    r"walk\w*|run|runs|running|ran|driv\w+|roll\w*|stays?|stands? still|doing",
}
_RULES: Final = tuple(
    (about, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for about, words in _WORDS.items()
)
_ASKING: Final = re.compile(
    rf"\b(?:{'|'.join(_WORDS.values())})\b|\b(?:which|what|who|where|from|way|direction|still|"
    r"anything|something|thing|things|everything|video|film|clip|shot|scene|frame|does|go)\b",
    re.IGNORECASE,
)
_YES_NO: Final = re.compile(r"^(?:is|are|was|were|does|do|did|has|have)\b", re.IGNORECASE)


def about_movement(question: str) -> About | None:
    """What an English question wants to know of movement; None: it is about something else."""
    return next((about for about, rule in _RULES if rule.search(question)), None)


def named_in_question(question: str) -> frozenset[str]:
    """Words of a question about movement that name what it is about; none: all that moves."""
    return content_words(_ASKING.sub(" ", question))


def asks_what_happens(question: str) -> bool:
    """Whether a question wants to know all that happens, of nothing by its name."""
    return about_movement(question) is About.HAPPENS and not named_in_question(question)


def told_of(tracks: Sequence[Track], question: str) -> Reply:
    """What a question about movement is answered, of one shot; that it cannot be told if unsure."""
    about = about_movement(question) or About.HAPPENS
    named = named_in_question(question)
    asked = [one for one in tracks if not named or named_in(one.name, question)]
    if not asked:
        why = f"no {' '.join(sorted(named))} could be followed in it" if named else NOTHING_FOLLOWED
        return Reply(cannot_tell(why), told=False)
    sure = [one for one in asked if one.confidence >= LEAST_SURE]
    events = [(one, text) for one in sure if (text := _event(one, about))]
    yes_no = _YES_NO.match(question) is not None
    if events:
        text = "; ".join(f"{_the(one.name)} {text}" for one, text in events)
        least = min(one.confidence for one, _ in events)
        return Reply(f"yes: {text}" if yes_no else text, confidence=least)
    if len(sure) < len(asked) or any(_unknown(one, about) for one in sure):
        return Reply(cannot_tell(NOT_SURE), told=False)
    least = min(one.confidence for one in sure)
    if named:
        text = f"{_the(sure[0].name)} stays {_at(sure[0].way[0])}"
        return Reply(f"no: {text}" if yes_no else text, confidence=least)
    if about is About.HAPPENS:
        return Reply(cannot_tell(NOTHING_MOVES), told=False)
    text = {About.COMES: "nothing comes", About.GOES: "nothing goes"}.get(about, "nothing moves")
    return Reply("no" if yes_no else text, confidence=least)


def _event(track: Track, about: About) -> str:
    """What a thing does, of what is asked; empty: nothing of it."""
    parts = []
    if track.comes and about in {About.HAPPENS, About.COMES}:
        parts.append(f"comes {_at(track.way[0])}")
    if track.moved and about in {About.HAPPENS, About.MOVES}:
        parts.append(f"moves {_from_to(*track.way)}")
    if track.goes and about in {About.HAPPENS, About.GOES}:
        parts.append(f"goes {_at(track.way[1])}" if not parts else "is gone")
    return " and ".join(parts)


def _unknown(track: Track, about: About) -> bool:
    """Whether it may have done what is asked, without its being sure."""
    return about in {About.MOVES, About.HAPPENS} and track.moved is None


def _from_to(first: Place, last: Place) -> str:
    before, after = _region(first), _region(last)
    if before != after:
        return f"from {before} to {after}"
    right, down = last[0] - first[0], last[1] - first[1]
    if abs(right) >= abs(down):
        return "to the right" if right > 0 else "to the left"
    return "down" if down > 0 else "up"


def _at(where: Place) -> str:
    region = _region(where)
    return f"in {region}" if region == "the middle" else f"at {region}"


def _region(where: Place) -> str:
    x, y = (min(1.0, max(0.0, one)) for one in where)
    return f"the {place((x, y, x, y))}"


def _the(name: str) -> str:
    for article in ("a ", "an "):
        name = name.removeprefix(article)
    return f"the {name}"
