"""Asking: about pictures that are shown, or about everything that was put away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from scrubjay.ask.answer import Asked, Shown
from scrubjay.core.errors import ScrubjayError
from scrubjay.core.hearing import Spoken
from scrubjay.web.byte_range import ranged
from scrubjay.web.context import Context, ContextDep
from scrubjay.web.going import until_gone
from scrubjay.web.guard import visit_of
from scrubjay.web.pages.answers import AnswerView, answer_view, problem_view, read_view
from scrubjay.web.pages.finding import ProblemView
from scrubjay.web.pages.questions import (
    LANGUAGES,
    MOST_CHARACTERS,
    MOST_PICTURES,
    Look,
    Question,
    What,
    asked_of,
    check,
    look_up,
    open_question,
    read_question,
)
from scrubjay.web.problems import described
from scrubjay.web.routes.pages.page import page, wants_part
from scrubjay.web.spoken_answers import SpokenAnswers

router = APIRouter()
LOG = logging.getLogger("scrubjay.web")

FIELDS = 50
"""A form has no more."""


@router.get("/ask")
async def begin(request: Request, context: ContextDep) -> HTMLResponse:
    """The form; an address may name pictures of the collection, and a question to begin with."""
    sent = request.query_params
    ids = tuple(dict.fromkeys(sent.getlist("item")))[:MOST_PICTURES]
    text = sent.get("question", "").strip()[:MOST_CHARACTERS]
    question = Question(text=text, item_ids=ids)
    items = await asyncio.to_thread(look_up, context.home, ids)
    return _show(request, context, replace(question, items=items))


@router.post("/ask")
async def answer(request: Request, context: ContextDep) -> HTMLResponse:
    """An answer with what it rests on, or why there is none."""
    question = Question()
    try:
        async with request.form(max_files=2 * MOST_PICTURES, max_fields=FIELDS) as form:
            question = await read_question(form)
        items = await asyncio.to_thread(look_up, context.home, question.item_ids)
        question = replace(question, items=items)
        check(question)
        view = await until_gone(request, _answered(context, question))
    except ScrubjayError as error:
        status, message, _, _ = described(error)
        if status == 500:
            LOG.exception("a question on the page failed")
        problem = problem_view(error, message)
        return _show(request, context, question, problem=problem, status=status)
    return _show(request, context, question, answer=_with_voice(request, question, view))


@router.get("/ask/spoken/{name}")
async def spoken(request: Request, context: ContextDep, name: str) -> Response:
    """An answer as a sound, for who was answered."""

    async def speak(text: str, language: str) -> Spoken:
        return await context.asking.speak(text, language=language)

    owner = visit_of(request).csrf_token
    sound = await spoken_answers(request).sound(name, owner=owner, speak=speak)
    return ranged(sound, request.headers.get("range"), "audio/wav")


def spoken_answers(request: Request) -> SpokenAnswers:
    """Those of this server."""
    state = request.app.state
    if not hasattr(state, "spoken_answers"):
        state.spoken_answers = SpokenAnswers()
    kept: SpokenAnswers = state.spoken_answers
    return kept


async def _answered(context: Context, question: Question) -> AnswerView:
    """Decode when the question's turn has come, answer, and make it fit to be shown."""
    line, looks = context.asking, _Looks(context, question)
    if question.what is What.ASK:
        told = await line.ask(lambda _: looks.asked())
        return answer_view(told, question.what, looks.seen, heard=question.spoken is not None)
    if question.what is What.DESCRIBE:
        told = await line.describe(lambda: looks.shown()[0], language=question.language)
        return answer_view(told, question.what, looks.seen)
    read = await line.read(looks.shown, chart=question.what is What.CHART)
    return read_view(read, question.what, looks.seen, language=question.language or "en")


class _Looks:
    """The media of a question, decoded in the thread that answers it."""

    def __init__(self, context: Context, question: Question) -> None:
        self.seen: Sequence[Look] = ()
        self._context = context
        self._question = question

    def asked(self) -> Asked:
        opened = open_question(self._context.home, self._question)
        self.seen = opened.looks
        return asked_of(self._question, opened)

    def shown(self) -> Sequence[Shown]:
        opened = open_question(self._context.home, self._question)
        self.seen = opened.looks
        return opened.shown


def _with_voice(request: Request, question: Question, view: AnswerView) -> AnswerView:
    if not view.speech.strip():
        return view
    owner = visit_of(request).csrf_token
    name = spoken_answers(request).keep(view.speech, view.language, owner=owner)
    return replace(view, voice=f"/ask/spoken/{name}", speaks=question.speaks)


def _show(
    request: Request,
    context: Context,
    question: Question,
    *,
    answer: AnswerView | None = None,
    problem: ProblemView | None = None,
    status: int = 200,
) -> HTMLResponse:
    part = wants_part(request)
    return page(
        request,
        context,
        "answer.html" if part else "ask.html",
        "Ask",
        status=status,
        question=question,
        answer=answer,
        problem=problem,
        part=part,
        languages=LANGUAGES,
        most_pictures=MOST_PICTURES,
        most_characters=MOST_CHARACTERS,
    )
