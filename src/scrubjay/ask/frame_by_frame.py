"""A question about several frames of one moment, for a model that looks at one picture at a time.

Questions about movement are answered from what it sees where, when (`ask/motion.py`). Any other is
put to every frame, and what most of them say, by confidence, is the answer.

The model in the box is square-eyed: a wide frame would be pressed together, and shapes taken for
others. It is shown the middle square of one, and where it follows things, square by square.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from scrubjay.ask.motion import follow
from scrubjay.ask.moving import about_movement, asks_what_happens, told_of
from scrubjay.ask.question import asks_for_number_or_whether
from scrubjay.ask.steps import Walk
from scrubjay.ask.telling import cannot_tell, is_told
from scrubjay.core.looking import Message, Reply, Role, Sampling, Seen
from scrubjay.core.protocols import Locates, VisionLanguage
from scrubjay.core.types import Picture
from scrubjay.media.video import Frame
from scrubjay.models.family import Room

SQUARE_EYED: Final = frozenset({"builtin"})
"""Families that press every picture into a square, and know none that was."""
WIDE: Final = 1.2
"""Times one side of a frame is as long as the other, from which it is wide."""
AGREE: Final = 0.5
"""Share of what frames say, by confidence, that must say the same."""
SAME: Final = 0.1
"""Share of a frame within which two squares show one thing."""
DISAGREE: Final = "its frames do not agree on an answer"
ONE_AT_A_TIME: Final = "looks at one picture at a time, so it cannot tell what moves"


def reply_of_frames(
    walk: Walk, frames: Sequence[Frame], question: str, sampling: Sampling
) -> Reply:
    """What a model that takes no conversation answers about some frames, or one picture."""
    with walk.step("answer", lambda: walk.models.vlm().spec.family):
        vlm = walk.models.vlm()
        with walk.models.turn(Room.VLM):
            if len(frames) > 1 and about_movement(question) is not None:
                reply = _of_movement(vlm, frames, question, sampling)
                walk.replies.append(reply)
                return reply
            replies = [_of_one(vlm, frame.picture, question, sampling) for frame in frames]
        walk.replies += replies
    return _agreed(replies, question)


def locate_in_frame(vlm: Locates, picture: Picture) -> tuple[Seen, ...]:
    """What a model sees in a frame and where, looked at square by square where it is wide."""
    found: list[Seen] = []
    for left, top, square in _squares(picture):
        share_x, share_y = square.shape[1] / picture.shape[1], square.shape[0] / picture.shape[0]
        for one in vlm.locate(square):
            x0, y0, x1, y1 = one.box
            box = (left + x0 * share_x, top + y0 * share_y, left + x1 * share_x, top + y1 * share_y)
            found.append(Seen(one.text, box, one.confidence))
    kept: list[Seen] = []
    for one in sorted(found, key=lambda seen: -seen.confidence):
        if not any(_same_place(one, other) for other in kept):
            kept.append(one)
    return tuple(kept)


def caption_of_frame(vlm: VisionLanguage, picture: Picture, sampling: Sampling) -> Reply:
    """What a frame shows, in a sentence."""
    return vlm.caption(_shown_to(vlm, picture), sampling)


def middle_square(picture: Picture) -> Picture:
    """The largest square around a picture's middle; the picture itself where it is not wide."""
    height, width = picture.shape[:2]
    side = min(height, width)
    if max(height, width) < WIDE * side:
        return picture
    top, left = (height - side) // 2, (width - side) // 2
    return np.ascontiguousarray(picture[top : top + side, left : left + side])


def _of_movement(
    vlm: VisionLanguage, frames: Sequence[Frame], question: str, sampling: Sampling
) -> Reply:
    if not isinstance(vlm, Locates):
        return Reply(cannot_tell(f"{vlm.spec.family} {ONE_AT_A_TIME}"), told=False)
    locates = vlm
    reply = told_of(follow(frames, lambda picture: locate_in_frame(locates, picture)), question)
    if not asks_what_happens(question):
        return reply
    shows = caption_of_frame(vlm, frames[len(frames) // 2].picture, sampling)
    if not is_told(shows):
        return reply
    parts = [shows, *([reply] if is_told(reply) else [])]
    sure = [one.confidence for one in parts if one.confidence is not None]
    return Reply("; ".join(one.text for one in parts), confidence=min(sure) if sure else None)


def _of_one(vlm: VisionLanguage, picture: Picture, question: str, sampling: Sampling) -> Reply:
    return vlm.reply([Message(Role.USER, (_shown_to(vlm, picture), question))], sampling)


def _shown_to(vlm: VisionLanguage, picture: Picture) -> Picture:
    return middle_square(picture) if vlm.spec.family in SQUARE_EYED else picture


def _agreed(replies: Sequence[Reply], question: str) -> Reply:
    """What most frames say; one that shows none of what is counted says nothing against others."""
    told = [one for one in replies if is_told(one)]
    if not told:
        return replies[0]
    groups: dict[str, list[Reply]] = {}
    for one in told:
        groups.setdefault(" ".join(one.text.casefold().split()).strip(" .!"), []).append(one)
    if len(groups) > 1 and asks_for_number_or_whether(question):
        groups = {text: some for text, some in groups.items() if text not in {"no", "0", "none"}}
    weights = {text: sum(map(_weight, some)) for text, some in groups.items()}
    best = max(weights, key=lambda text: weights[text])
    if weights[best] <= AGREE * sum(weights.values()):
        return Reply(cannot_tell(DISAGREE), told=False)
    return max(groups[best], key=_weight)


def _weight(reply: Reply) -> float:
    return 1.0 if reply.confidence is None else reply.confidence


def _squares(picture: Picture) -> list[tuple[float, float, Picture]]:
    """(left, top) as shares, and squares that cover a wide picture; itself where it is not."""
    height, width = picture.shape[:2]
    side = min(height, width)
    if max(height, width) < WIDE * side:
        return [(0.0, 0.0, picture)]
    free = max(height, width) - side
    starts = np.linspace(0, free, 1 + 2 * -(-free // side)).astype(int)
    if width > height:
        return [
            (at / width, 0.0, np.ascontiguousarray(picture[:, at : at + side])) for at in starts
        ]
    return [(0.0, at / height, np.ascontiguousarray(picture[at : at + side])) for at in starts]


def _same_place(one: Seen, other: Seen) -> bool:
    middles = [((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in (one.box, other.box)]
    (x, y), (u, v) = middles
    return abs(x - u) <= SAME and abs(y - v) <= SAME
