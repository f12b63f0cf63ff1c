"""A file as an answer; a range it does not have is refused in the documented shape."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from scrubjay.web.problem_page import problem_answer

SAYS: Final = {
    HTTPStatus.BAD_REQUEST: "the Range header is not understood; send bytes=FIRST-LAST, or none",
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "the file ends before the range that Range asks "
    "for; Content-Range says how long it is",
}
KEPT: Final = "content-range"


class MediaFile(FileResponse):
    """Starlette's, but for its refusals, which are plain text there."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, a part of it, or why not."""
        refused: Message | None = None

        async def watched(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] in SAYS:
                refused = message
            elif refused is None:
                await send(message)

        await super().__call__(scope, receive, watched)
        if refused is not None:
            status = HTTPStatus(refused["status"])
            said = Headers(raw=refused["headers"])
            headers = {KEPT: said[KEPT]} if KEPT in said else {}
            answer = problem_answer(scope, status, SAYS[status], param="Range", headers=headers)
            await answer(scope, receive, send)
