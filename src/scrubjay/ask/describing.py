"""A picture in words, for somebody who cannot see it: what, where, what is written, what is unsure.

Caption, then text, then what stands where; a model that follows instructions makes a summary of it,
else it is put together here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scrubjay.ask.answer import Answer, Clue
from scrubjay.ask.conversation import Talk, conversation
from scrubjay.ask.evidence import Looked
from scrubjay.ask.language import DEFAULT, cannot
from scrubjay.ask.question import Question
from scrubjay.ask.settings import AskSettings
from scrubjay.ask.steps import Walk, answer, caption, locate, read
from scrubjay.ask.telling import cannot_tell, is_told, too_unsure
from scrubjay.ask.template import Template
from scrubjay.ask.writing import percent, uncited, written
from scrubjay.core.looking import Reply
from scrubjay.models.family import Room

DOUBTFUL: Final = 0.6
"""A line or an object told with less confidence is named as uncertain."""
MOST_LINES: Final = 40
NOTHING_SEEN: Final = "nothing in the picture is known to the model, and no text stands in it"

SUMMARY: Final = Template(
    "describe",
    system=(
        "You describe pictures for somebody who cannot see them and will act on what you say. "
        "Say only what can be seen; where you are not sure, say so."
    ),
    question=(
        "Describe this picture for somebody who cannot see it, in a few plain sentences: first "
        "what it is; then the people and objects and where they are; then the text in it; last, "
        "what is uncertain. Answer in {language}."
    ),
)


def described(walk: Walk, settings: AskSettings, looked: Looked, *, language: str | None) -> Answer:
    """Describe one picture; raises as `Asking.describe`."""
    spec = walk.models.vlm().spec
    problem = None if language is None else cannot(spec, Room.VLM, language)
    if problem is not None:
        walk.note(problem)
    spoken = DEFAULT if language is None or problem is not None else language
    seen = caption(walk, looked, settings.sampling)
    looked = locate(walk, read(walk, [looked], needed=False)[0])
    told = is_told(seen) and not too_unsure(seen, settings.least_confidence)
    parts = {
        "caption": written(seen.text, ()) if told else "",
        "text": "\n".join(clue.text for clue in looked.of("text")),
        "objects": "; ".join(_placed(clue) for clue in looked.of("seen")),
        "uncertain": "; ".join(_uncertain(seen, told, looked)),
    }
    if not told and not looked.clues:
        parts["summary"] = cannot_tell(NOTHING_SEEN)
    elif spec.instructed:
        parts["summary"] = _asked(walk, settings, looked, spoken) or _put_together(parts)
    else:
        parts["summary"] = _put_together(parts)
    clues = looked.clues
    if told:
        clues = (Clue(looked.source.number, "seen", parts["caption"], seen.confidence), *clues)
    return Answer(
        question="",
        text=parts["summary"],
        told=told or bool(looked.clues),
        confidence=seen.confidence if told else None,
        language=spoken,
        sources=(looked.source,),
        clues=clues,
        steps=tuple(walk.steps),
        notes=tuple(walk.notes),
        parts=parts,
    )


def place(box: tuple[float, float, float, float]) -> str:
    """Where a box is, by thirds of the picture: `upper left`, `middle`, `right`."""
    across = ("left", "", "right")[_third((box[0] + box[2]) / 2)]
    down = ("upper", "", "lower")[_third((box[1] + box[3]) / 2)]
    if down and not across:
        return {"upper": "top", "lower": "bottom"}[down]
    return " ".join(part for part in (down, across) if part) or "middle"


def _asked(walk: Walk, settings: AskSettings, looked: Looked, language: str) -> str:
    """The model's own summary; empty where it has none."""
    prompt = SUMMARY.put(Question("", language), pictures=1)
    messages = conversation(prompt, [looked], Talk(), cite=False, shown_before=False)
    reply = answer(walk, messages, settings.sampling)
    return written(reply.text, ()) if is_told(reply) else ""


def _put_together(parts: dict[str, str]) -> str:
    caption = parts["caption"]
    lines = [_sentence(caption) if caption else "What it shows is not known."]
    if parts["objects"]:
        lines.append(f"In it: {parts['objects']}.")
    if parts["text"]:
        lines.append(f"The text in it: {_quotes(parts['text'].splitlines())}.")
    if parts["uncertain"]:
        lines.append(f"Uncertain: {parts['uncertain']}.")
    return " ".join(lines)


def _uncertain(seen: Reply, told: bool, looked: Looked) -> list[str]:
    doubts = []
    if not told:
        doubts.append("what the picture shows as a whole")
    elif seen.confidence is not None and seen.confidence < DOUBTFUL:
        doubts.append(f"what the picture shows ({percent(seen.confidence)} sure)")
    for clue in looked.of("text", "seen"):
        if clue.confidence is not None and clue.confidence < DOUBTFUL:
            what = f"“{uncited(clue.text)}”" if clue.kind == "text" else clue.text
            doubts.append(f"{what} ({percent(clue.confidence)} sure)")
    return doubts


def _placed(clue: Clue) -> str:
    return clue.text if clue.box is None else f"{clue.text} ({place(clue.box)})"


def _quotes(lines: Sequence[str]) -> str:
    shown = ", ".join(f"“{uncited(one)}”" for one in lines[:MOST_LINES])
    left = len(lines) - MOST_LINES
    return shown if left <= 0 else f"{shown}, and {left} more lines"


def _sentence(text: str) -> str:
    begun = text[:1].upper() + text[1:]
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."


def _third(share: float) -> int:
    return min(2, max(0, int(share * 3)))
