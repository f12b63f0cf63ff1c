"""Pages about models, questions and prompts with names and answers that try to be markup."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from PIL import Image

from scrubjay.ask.comparing.chat_page import chat_html
from scrubjay.ask.comparing.chat_prompts import ChatPrompt
from scrubjay.ask.comparing.chat_rules import ASPECTS, checks
from scrubjay.ask.comparing.chatting import ChatResult, Judgement
from scrubjay.ask.comparing.encoder_page import encoders_html
from scrubjay.ask.comparing.encoders import EncoderResult
from scrubjay.ask.comparing.judging import FIRST, SECOND, Judged, agreement
from scrubjay.ask.comparing.report_page import compare_html
from scrubjay.ask.comparing.results import Result
from scrubjay.ask.comparing.running import Outcome
from tests.ask.comparing.posed import point, posed, said

WHEN = datetime(2026, 11, 21, tzinfo=UTC)
EVIL = "</td><script>alert(1)</script><img src=x onerror=alert(2)>"


def page_of(folder, *, n=4, names=("good", EVIL)):
    picture = folder / 'a "b" <c>.png'
    Image.new("RGB", (300, 200), (200, 30, 30)).save(picture)
    questions = tuple(
        replace(
            posed("red", f"{EVIL} not", question=f"{EVIL}?", group=str(at)),
            pictures=(picture,),
            name=str(at),
        )
        for at in range(n)
    )
    rows = []
    for number, name in enumerate(names):
        answers = tuple(
            said("red" if at % 2 or not number else EVIL, seconds=0.1 + number, confidence=0.8)
            for at in range(n)
        )
        outcome = Outcome(name, visits=[{"peak_bytes": (number + 1) * 10**8}])
        took = tuple(one.seconds for one in answers)
        rows.append(Result(point(name), outcome, questions, answers, took, 0.5 + number))
    rows.append(
        Result(
            point("broken"),
            Outcome("broken", failure=EVIL),
            questions,
            (said("", told=False),) * n,
            (),
            None,
        )
    )
    return compare_html(
        rows,
        name=EVIL,
        measure="normalised",
        currency="EUR",
        how="one at a time",
        machine={"system": "Linux", "processors": 2, "python": "3"},
        notes=[EVIL],
        when=WHEN,
    )


def chat_page_of():
    prompts = (
        ChatPrompt("1", f"{EVIL}?", context=EVIL, expects=(("red",),)),
        ChatPrompt("2", "Frighten him.", harmful=True),
    )
    rows = []
    for number, name in enumerate(("good", EVIL)):
        texts = ("It is red.", "I can't help with that.") if not number else (EVIL, EVIL)
        rows.append(
            ChatResult(
                point(name),
                Outcome(name, visits=[{"peak_bytes": 10**8}]),
                prompts,
                tuple(said(text, seconds=0.5, tokens_out=4) for text in texts),
                tuple(
                    checks(prompt, text, finished=True)
                    for prompt, text in zip(prompts, texts, strict=True)
                ),
                (0.5, 0.6),
                0.1,
            )
        )
    rows.append(replace(rows[0], point=point("broken"), outcome=Outcome("b", failure=EVIL)))
    found = tuple(
        Judged(at, "good", EVIL, aspect, FIRST, SECOND if at else FIRST, aside=False)
        for at in range(2)
        for aspect in ASPECTS
    )
    judgement = Judgement({"name": EVIL}, found, agreement(found, {}), EVIL)
    return chat_html(
        rows, judgement, name=EVIL, currency="EUR", how="one at a time", notes=[EVIL], when=WHEN
    )


def encoder_page_of():
    def row(name, recall, times, failure=None):
        figures = {str(k): {"value": min(1.0, recall * k)} for k in (1, 5, 10)}
        about = {"dim": 64, "size_bytes": int(recall * 10**8)}
        directions = {"text->image": {"recall": figures}}
        outcome = Outcome(name, failure=failure, visits=[{"peak_bytes": 10**8}])
        return EncoderResult(name, about, directions, {"text": times, "image": times}, outcome)

    rows = [row("good", 0.8, [0.2, 0.3]), row(EVIL, 0.2, [0.1]), row("gone", 0.1, [], EVIL)]
    gain = {"first": "good", "second": EVIL, "mrr_gain": 0.5, "low": 0.4, "high": 0.6}
    return encoders_html(rows, [{**gain, "better": "good"}], n_items=7, when=WHEN)
