"""What a visitor asks: the Ask form as it was sent, and what it means."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import FormData, UploadFile

from scrubjay.ask.answer import Asked, Shown
from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.core.types import Item, Kind, Picture, Sound
from scrubjay.search.items import find_item
from scrubjay.search.shown import original
from scrubjay.store.home import Home
from scrubjay.web.file_name import safe_file_name
from scrubjay.web.given_media import decode_given_picture, decode_given_sound
from scrubjay.web.pages.things import Thing, of_item

MOST_PICTURES: Final = 6
MOST_CHARACTERS: Final = 2_000
"""Of a typed question."""
LONGEST_S: Final = 60.0
"""Of a spoken question."""
SMALL: Final = 768
"""Pixels of the longer side of a picture as the answer shows it."""
TINY: Final = 288
"""A smaller one is shown as large as this: frames in it must be told apart."""

LANGUAGES: Final = {
    "en": "English",
    "ar": "العربية",
    "bn": "বাংলা",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "gu": "ગુજરાતી",
    "hi": "हिन्दी",
    "it": "Italiano",
    "ja": "日本語",
    "kn": "ಕನ್ನಡ",
    "ko": "한국어",
    "ml": "മലയാളം",
    "mr": "मराठी",
    "nl": "Nederlands",
    "pa": "ਪੰਜਾਬੀ",
    "pl": "Polski",
    "pt": "Português",
    "ru": "Русский",
    "ta": "தமிழ்",
    "te": "తెలుగు",
    "tr": "Türkçe",
    "uk": "Українська",
    "ur": "اردو",
    "zh": "中文",
}
"""Offered by their own names; which of them are understood depends on the models."""


class What(StrEnum):
    """What is wanted: the button that was pressed."""

    ASK = "ask"
    DESCRIBE = "describe"
    READ = "read"
    CHART = "chart"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was sent."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """The form.

    Attributes:
        text: typed.
        item_ids: pictures of the collection it is about.
        items: those, once they were looked up.
        pictures: handed over with it.
        spoken: the question as a recording.
        language: two-letter code; None: as spoken, else English.
        aloud: whether the box says that answers are spoken.
    """

    what: What = What.ASK
    text: str = ""
    item_ids: tuple[str, ...] = ()
    items: tuple[Thing, ...] = ()
    pictures: tuple[File, ...] = ()
    spoken: File | None = None
    language: str | None = None
    aloud: bool = False

    @property
    def speaks(self) -> bool:
        """Whether the answer is to be heard without another press."""
        return self.aloud or self.spoken is not None

    def without(self, item_id: str) -> str:
        """The address of the form without one of the collection's pictures."""
        pairs = [("item", one) for one in self.item_ids if one != item_id]
        pairs += [("question", self.text)] if self.text else []
        return "/ask?" + urlencode(pairs) if pairs else "/ask"


@dataclass(frozen=True, slots=True)
class Look:
    """A picture the question is about, as the answer shows it.

    Attributes:
        src: where it is, small; one that was handed over is within the address itself.
        href: its item's page; None: it was handed over.
    """

    name: str
    src: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A question with its media decoded."""

    shown: tuple[Shown, ...] = ()
    looks: tuple[Look, ...] = ()
    sound: Sound | None = field(default=None, compare=False)


async def read_question(form: FormData) -> Question:
    """The form as it was sent.

    Raises:
        WrongUse: a question too long, or too many pictures.
    """
    files = [
        one
        for field in ("pictures", "camera")
        for one in form.getlist(field)
        if isinstance(one, UploadFile) and one.size
    ]
    ids = tuple(dict.fromkeys(one for one in _texts(form, "item")))
    if len(files) + len(ids) > MOST_PICTURES:
        raise WrongUse(f"a question may be about {MOST_PICTURES} pictures; remove some of them")
    text = next(iter(_texts(form, "question")), "")
    if len(text) > MOST_CHARACTERS:
        raise WrongUse(f"the question is longer than {MOST_CHARACTERS} characters; make it shorter")
    spoken = form.get("spoken")
    said = isinstance(spoken, UploadFile) and spoken.size
    return Question(
        what=_what(next(iter(_texts(form, "what")), "")),
        text=text,
        item_ids=ids,
        pictures=tuple([File(safe_file_name(one.filename), await one.read()) for one in files]),
        spoken=File("your recording", await spoken.read())
        if said and isinstance(spoken, UploadFile)
        else None,
        language=_language(_texts(form, "language")),
        aloud="1" in _texts(form, "speak"),
    )


def check(question: Question) -> None:
    """Refuse what cannot be answered, before anything is decoded.

    Raises:
        WrongUse: there is nothing to answer, or nothing to look at.
    """
    pictures = len(question.pictures) + len(question.item_ids)
    if question.what is What.ASK:
        if not question.text and question.spoken is None:
            raise WrongUse(
                "there is no question: type one, ask aloud"
                + (", or press Describe to hear what the picture shows" if pictures else "")
            )
    elif not pictures:
        raise WrongUse("there is no picture: choose one, drop one here, or take a photo")
    elif question.what is What.DESCRIBE and pictures > 1:
        raise WrongUse("one picture at a time is described; remove the others")


def look_up(home: Home, ids: Sequence[str]) -> tuple[Thing, ...]:
    """The pictures of the collection that are asked about.

    Raises:
        UnknownItem: one is not here.
        BadMedia: one is no picture.
    """
    return tuple(of_item(_only_picture(find_item(home, one))) for one in ids[:MOST_PICTURES])


def open_question(home: Home, question: Question) -> Opened:
    """Decode its pictures and its sound; takes its time, in a thread.

    Raises:
        BadMedia: one cannot be read; the message names it.
        UnknownItem: an item is not here.
    """
    shown: list[Shown] = []
    looks: list[Look] = []
    for item_id in question.item_ids:
        item, path = original(home, item_id)
        thing = of_item(_only_picture(item))
        shown.append(Shown(thing.title, decode_given_picture(path.read_bytes(), thing.title)))
        looks.append(Look(thing.title, f"{thing.thumb}?size={SMALL}", thing.href))
    for file in question.pictures:
        picture = decode_given_picture(file.data, file.name)
        shown.append(Shown(file.name, picture))
        looks.append(Look(file.name, _within_the_page(picture)))
    return Opened(tuple(shown), tuple(looks), _sound(question.spoken))


def asked_of(question: Question, opened: Opened) -> Asked:
    """What a chain takes; what is said goes before words that were left in the box."""
    return Asked(
        question=None if opened.sound is not None else question.text,
        sound=opened.sound,
        pictures=opened.shown,
        language=question.language,
    )


def _only_picture(item: Item) -> Item:
    if item.kind is not Kind.IMAGE:
        raise BadMedia("only pictures can be asked about by themselves", of_item(item).title)
    return item


def _within_the_page(picture: Picture) -> str:
    """A small WebP as an address; nothing of the file but its pixels is in it."""
    import io

    from PIL import Image

    small = Image.fromarray(picture)
    longer = max(small.size)
    side = min(SMALL, max(TINY, longer))
    if side != longer:
        width, height = (max(1, round(one * side / longer)) for one in small.size)
        small = small.resize((width, height), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=80)
    return f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}"


def _sound(spoken: File | None) -> Sound | None:
    if spoken is None:
        return None
    return decode_given_sound(spoken.data, spoken.name, most_s=LONGEST_S)


def _what(text: str) -> What:
    return What(text) if text in set(What) else What.ASK


def _language(texts: Sequence[str]) -> str | None:
    return next((one for one in texts if one in LANGUAGES), None)


def _texts(form: FormData, name: str) -> list[str]:
    values = (value for value in form.getlist(name) if isinstance(value, str))
    return [value.strip() for value in values if value.strip()]
