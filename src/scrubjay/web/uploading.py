"""Uploads as they come over HTTP: read from a form or from JSON, taken in a few at a time."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO, Annotated, Any, Final

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile

from scrubjay import services
from scrubjay.core.errors import BadMedia, ScrubjayError, WrongUse
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import AttributeValue, Champion, Kind
from scrubjay.media.attributes import clean, column_names, typed_column
from scrubjay.media.layout import Problem
from scrubjay.media.sniff import HEAD_BYTES, sniff
from scrubjay.search.collect import Target
from scrubjay.search.uploaded import Upload, Uploaded
from scrubjay.store.media import MediaStore
from scrubjay.web.batcher import Busy
from scrubjay.web.context import Context
from scrubjay.web.csrf import FIELD
from scrubjay.web.data_url import parse_data_url
from scrubjay.web.examples import PICTURE
from scrubjay.web.file_name import safe_file_name
from scrubjay.web.towers import Pair

MAX_FILES: Final = 1_000
"""Files of one request."""

MAX_WAITING: Final = 16
"""Requests whose files may wait to be taken in; each holds a body."""

RETRY_S: Final = 5.0

PIECE: Final = 1024 * 1024

FIELDS: Final = ("captions", "caption", "tags", "language", "month", "attributes", "metadata")


class UploadsBusy(Busy):
    """As many uploads wait as may wait."""

    def __init__(self) -> None:
        self.retry_after_s = RETRY_S
        ScrubjayError.__init__(self, f"too many uploads wait; try again in {RETRY_S:.0f} s")


class Said(BaseModel):
    """What is said of a file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    captions: list[str] = Field(default_factory=list, description="What it shows or says.")
    tags: list[str] = Field(default_factory=list)
    language: str | None = Field(None, description="Of the captions, such as `en`.")
    month: str | None = Field(None, description="`YYYY-MM`; this month when nothing is said.")
    attributes: dict[str, Any] = Field(
        default_factory=dict, description="Anything a filter may ask for, such as a price."
    )


class FileSent(Said):
    """One file in JSON."""

    name: str = Field(description="Of the file.")
    data: str = Field(description="The file as a data URL.")


class FilesSent(BaseModel):
    """Files in JSON; a form is better for large ones."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "name": "jay.png",
                            "data": PICTURE,
                            "captions": ["a blue jay on a fence"],
                            "tags": ["bird"],
                            "attributes": {"price": 12.5},
                        }
                    ]
                }
            ]
        },
    )

    items: Annotated[list[FileSent], Field(min_length=1, max_length=MAX_FILES)]


class Received:
    """Videos as they were sent: files beside the home's media, until they are taken in.

    However long they are, nothing holds one.
    """

    def __init__(self, media: MediaStore) -> None:
        """Nothing is created before the first."""
        self._media = media
        self._kept = ExitStack()

    def take(self, source: IO[bytes]) -> Path:
        """Copy what was sent to a file of its own."""
        path = self._kept.enter_context(self._media.receiving())
        with path.open("wb") as file:
            shutil.copyfileobj(source, file, PIECE)
        return path

    def close(self) -> None:
        """Remove what was not taken in."""
        self._kept.close()


class UploadLine:
    """Uploads one after the other, and a bounded number that waits."""

    def __init__(self) -> None:
        self._waiting = 0
        self._taking = asyncio.Lock()

    def check(self) -> None:
        """Say whether one more may wait.

        Raises:
            Busy: too many wait.
        """
        if self._waiting >= MAX_WAITING:
            raise UploadsBusy

    async def take(
        self, context: Context, uploads: Sequence[Upload], progress: Progress = silent
    ) -> Uploaded:
        """Take files in; once begun it goes on though the client may leave.

        Raises:
            Busy: too many wait.
            Conflict: something else keeps the home to itself.
        """
        self.check()
        self._waiting += 1
        try:
            async with self._taking:
                return await _take(context, uploads, progress)
        finally:
            self._waiting -= 1


def line_of(request: Request) -> UploadLine:
    """The one line of this server."""
    state = request.app.state
    if not hasattr(state, "upload_line"):
        state.upload_line = UploadLine()
    line: UploadLine = state.upload_line
    return line


async def take_uploads(
    request: Request,
    context: Context,
    uploads: Sequence[Upload],
    refused: Sequence[Problem] = (),
) -> Uploaded:
    """Take in what was read, and say of everything what became of it.

    Args:
        refused: files that were refused when they were read.
    """
    if not uploads:
        return Uploaded((), tuple(refused))
    done = await line_of(request).take(context, uploads)
    return replace(done, refused=(*refused, *done.refused))


async def _take(context: Context, uploads: Sequence[Upload], progress: Progress) -> Uploaded:
    if not context.serving.ready:
        return await asyncio.to_thread(_add, context, uploads, None, progress)
    async with context.serving.pair() as pair:
        return await asyncio.to_thread(_add, context, uploads, pair, progress)


def _add(
    context: Context, uploads: Sequence[Upload], pair: Pair | None, progress: Progress
) -> Uploaded:
    home = context.home

    def open_target(champion: Champion) -> Target:
        if pair is not None and pair.champion == champion:
            return Target(pair.searcher.encoder, pair.searcher.generation)
        encoder = services.open_encoder(home, champion.version)
        return Target(encoder, home.generations.open(champion.generation))

    return services.add_uploads(home, uploads, open_target=open_target, progress=progress)


def read_json(body: bytes, received: Received) -> tuple[list[Upload], list[Problem]]:
    """Files sent as JSON; those whose data URL is none are refused by name.

    Args:
        received: where videos are put.

    Raises:
        WrongUse: the body is not what is documented.
    """
    try:
        sent = FilesSent.model_validate_json(body)
    except ValidationError as error:
        raise WrongUse(_first(error)) from error
    uploads, refused = [], []
    for at, one in enumerate(sent.items):
        name = safe_file_name(one.name)
        try:
            data = parse_data_url(one.data, name=f"items[{at}].data").data
            uploads.append(_upload(name, io.BytesIO(data), one, received))
        except (WrongUse, BadMedia) as error:
            refused.append(Problem(name, str(error)))
    return uploads, refused


async def read_form(form: FormData, received: Received) -> tuple[list[Upload], list[Problem]]:
    """Files sent as a form: `files`, and fields that count for all of them.

    `captions` and `tags` may be repeated, tags also be divided by commas; `attributes` is a JSON
    object; `metadata` a JSON list with an object for each file, in their order, which goes before
    the fields.

    Args:
        received: where videos are put.

    Raises:
        WrongUse: a field nobody knows, one that cannot be read, or no file at all.
    """
    files: list[UploadFile] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if name != "files":
                raise WrongUse(f"a file in the field {name[:80]!r}; send files as `files`")
            if value.filename or value.size:
                files.append(value)
        elif name not in FIELDS and name not in {"files", FIELD}:
            raise WrongUse(f"nobody knows the field {name[:80]!r}; fields are {', '.join(FIELDS)}")
    if not files:
        raise WrongUse("no file was sent; choose at least one (field `files`)")
    common = _said_in(form)
    each = _metadata(form, len(files))
    uploads, refused = [], []
    for file, own in zip(files, each, strict=True):
        name = safe_file_name(file.filename)
        try:
            said = common if own is None else Said.model_validate({**common.model_dump(), **own})
            uploads.append(await asyncio.to_thread(_upload, name, file.file, said, received))
        except ValidationError as error:
            refused.append(Problem(name, _first(error)))
        except WrongUse as error:
            refused.append(Problem(name, str(error)))
    return uploads, refused


def _said_in(form: FormData) -> Said:
    tags = [tag for text in _texts(form, "tags") for tag in text.split(",")]
    attributes = _json(form, "attributes", {})
    if not isinstance(attributes, dict):
        raise WrongUse("the field `attributes` must be a JSON object")
    return Said(
        captions=[*_texts(form, "captions"), *_texts(form, "caption")],
        tags=tags,
        language=next(iter(_texts(form, "language")), None),
        month=next(iter(_texts(form, "month")), None),
        attributes=attributes,
    )


def _metadata(form: FormData, files: int) -> list[dict[str, Any] | None]:
    told = _json(form, "metadata", [None] * files)
    whole = isinstance(told, list) and all(one is None or isinstance(one, dict) for one in told)
    if not whole or len(told) != files:
        raise WrongUse(
            f"the field `metadata` must be a JSON list of {files} objects, one a file in order"
        )
    return list(told)


def _json(form: FormData, name: str, default: object) -> Any:  # noqa: ANN401 - any JSON value
    text = next(iter(_texts(form, name)), None)
    if text is None:
        return default
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"the field `{name}` is not JSON: {str(error)[:80]}") from error


def _texts(form: FormData, name: str) -> list[str]:
    values = (value for value in form.getlist(name) if isinstance(value, str))
    return [value.strip() for value in values if value.strip()]


def _upload(name: str, source: IO[bytes], said: Said, received: Received) -> Upload:
    source.seek(0)
    film = sniff(source.read(HEAD_BYTES)) is Kind.VIDEO
    source.seek(0)
    return Upload(
        name=name,
        data=b"" if film else source.read(),
        path=received.take(source) if film else None,
        captions=_distinct(said.captions),
        tags=_distinct(said.tags),
        language=clean(said.language or "") or None,
        month=said.month or None,
        attributes=_attributes(said.attributes),
    )


def _distinct(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in map(clean, texts) if text))


def _attributes(given: Mapping[str, object]) -> dict[str, AttributeValue]:
    """Typed as a manifest's columns are; empty ones are left out."""
    names = column_names(tuple(given))
    typed = {
        names[one]: typed_column(names[one], [cell], quoted=True)[0] for one, cell in given.items()
    }
    return {name: value for name, value in typed.items() if value is not None}


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, by its place."""
    one = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in one["loc"]) or "the body"
    return f"{place}: {one['msg']}"
