"""Questions answered, pictures described and read: each a walk of a few steps.

ask, over pictures      listen > read > answer
ask, over a collection  listen > find > read, listen > answer
watch, a video          listen > watch > look, find > answer (`ask/watching.py`)
describe                look > read > look (where) > answer
read                    read, page by page
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace

from scrubjay.ask.answer import Answer, Asked, Shown
from scrubjay.ask.answering import Answering, Drawn
from scrubjay.ask.clip import Clip
from scrubjay.ask.describing import described
from scrubjay.ask.evidence import Looked
from scrubjay.ask.finding import Finder
from scrubjay.ask.gleaned import Gleaned
from scrubjay.ask.language import language_code
from scrubjay.ask.looking import handed_over, nearest
from scrubjay.ask.models import Models
from scrubjay.ask.prompt import Always, Prompts
from scrubjay.ask.question import Asks, Question
from scrubjay.ask.reading import ReadOut, read_pages
from scrubjay.ask.settings import AskSettings
from scrubjay.ask.steps import OnStep, OnText, Walk, find, hear, listen, listen_to, read, speak
from scrubjay.ask.template import Template
from scrubjay.ask.watching import Watching
from scrubjay.ask.watching_film import EXAMPLE_FRAMES, shown_clip
from scrubjay.core.config import VideoLimits
from scrubjay.core.errors import NotReady, WrongUse
from scrubjay.core.hearing import Spoken, Transcript
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Sound
from scrubjay.models.family import Room

MAX_K = 100

NOTHING_CLOSE = "nothing in the collection is close enough to the question"
NOTHING_THERE = "the collection holds nothing that could be looked at"
NOT_HEARD = "no words were heard in the question; speak it again, closer to the microphone"


class Asking:
    """The chains over some models, a collection and a cache; threads may share it.

    Every method raises ScrubjayErrors only. What is not known is a normal answer: `told` is False,
    and the text says why.
    """

    def __init__(
        self,
        models: Models,
        *,
        settings: AskSettings,
        finder: Finder | None = None,
        prompts: Prompts | None = None,
        gleaned: Gleaned | None = None,
        encoder: Callable[[], Encoder | None] | None = None,
        limits: VideoLimits | None = None,
    ) -> None:
        """Nothing is loaded yet.

        Args:
            finder: the collection; None: only pictures that are handed over are asked about.
            prompts: None: those that come with Scrubjay.
            gleaned: what is known of the collection's items; None: nothing is kept.
            encoder: whose text tower finds the shots of a video that a question is about; None:
                the words they share do.
            limits: what a video may cost.
        """
        self.models = models
        self.settings = settings
        self.finder = finder
        self.prompts = prompts or Prompts()
        self._gleaned = gleaned or Gleaned()
        self._encoder = encoder
        self._limits = limits or VideoLimits()

    def with_template(self, template: Template) -> Asking:
        """The same, but every question is put by one template, whatever prompt it names."""
        return Asking(
            self.models,
            settings=self.settings,
            finder=self.finder,
            prompts=Always(template),
            gleaned=self._gleaned,
            encoder=self._encoder,
            limits=self._limits,
        )

    def ask(
        self, asked: Asked, *, on_text: OnText | None = None, on_step: OnStep | None = None
    ) -> Answer:
        """Answer a question about pictures, or about the collection where none is shown.

        Args:
            asked: the question with all that belongs to it.
            on_text: hears of the answer as it is written; the pieces joined are its text.
            on_step: hears of each step as it ends.

        Raises:
            WrongUse: nothing is asked, or something in it cannot be followed.
            NotReady: no picture is shown, and there is no collection to search.
            BadMedia: a picture that is none.
            MissingExtra, ModelNotFound: a model that is needed cannot be loaded.
        """
        walk = Walk(self.models, self._gleaned, on_step)
        answering = Answering(walk, self.settings, self.prompts, asked, on_text)
        question = listen(walk, asked)
        shown = _shown(asked)
        if question.text and (problem := answering.cannot_speak(question)):
            return answering.untold(question, problem)
        if shown:
            return self._about(answering, question, handed_over(shown))
        return self._in_collection(answering, question, asked)

    def watch(
        self,
        clip: Clip,
        asked: Asked,
        *,
        on_text: OnText | None = None,
        on_step: OnStep | None = None,
        progress: Progress = silent,
    ) -> Answer:
        """Answer a question about a video; its sources are the moments that were looked at.

        Args:
            clip: the video.
            asked: the question with what belongs to it; its pictures and history do not count.
            on_text: as `ask`.
            on_step: as `ask`.
            progress: hears of long work: in seconds of the video, and by shots.

        Raises:
            WrongUse, MissingExtra, ModelNotFound: as `ask`.
            BadMedia: it is no video, or no part of it can be used.
        """
        asked = replace(asked, pictures=(), history=())
        walk = Walk(self.models, self._gleaned, on_step)
        answering = Answering(walk, self.settings, self.prompts, asked, on_text)
        question = listen(walk, asked)
        k = _checked_k(self.settings.k if asked.k is None else asked.k)
        if question.text and (problem := answering.cannot_speak(question)):
            return answering.untold(question, problem)
        if not question.text:
            return answering.untold(question, question.unheard or NOT_HEARD)
        watching = Watching(answering, clip, self._limits, self._encoder, self.finder, progress)
        return watching.answer(question, asked.sampling or self.settings.sampling, k)

    def shown_clip(self, clip: Clip, *, most: int = EXAMPLE_FRAMES) -> Shown:
        """A video as an example is shown: some frames of it, evenly, in order.

        Raises:
            BadMedia: it is no video, or shows nothing.
        """
        return shown_clip(clip, most, limits=self._limits)

    def describe(
        self, shown: Shown, *, language: str | None = None, on_step: OnStep | None = None
    ) -> Answer:
        """Say what a picture shows, for somebody who cannot see it.

        Returns:
            With the parts `caption`, `text`, `objects`, `uncertain` and `summary`; the summary is
            the answer's text.

        Raises:
            WrongUse, BadMedia, MissingExtra, ModelNotFound: as `ask`.
        """
        walk = Walk(self.models, self._gleaned, on_step)
        code = None if language is None else language_code(language)
        return described(walk, self.settings, handed_over([shown])[0], language=code)

    def read(
        self, shown: Sequence[Shown], *, chart: bool = False, on_step: OnStep | None = None
    ) -> ReadOut:
        """Read pages in order; with `chart`, also tell the chart each shows.

        Raises:
            BadMedia, MissingExtra, ModelNotFound: as `ask`.
        """
        vlm = self.models.vlm() if chart else None
        looking = self.models.turn(Room.VLM) if chart else nullcontext()
        with self.models.turn(Room.OCR), looking:
            return read_pages(shown, ocr=self.models.ocr(), vlm=vlm, chart=chart, on_step=on_step)

    def hear(
        self, sound: Sound, *, language: str | None = None, words: Sequence[str] | None = None
    ) -> Transcript:
        """What is said in a sound, mono at 16 kHz; raises as `SpeechToText.transcribe`."""
        code = None if language is None else language_code(language)
        return hear(Walk(self.models, self._gleaned), sound, language=code, words=words)

    def speak(self, text: str, *, language: str | None = None, speed: float = 1.0) -> Spoken:
        """A text as a sound.

        Raises:
            WrongUse: a language the voice does not speak; the message says which to bring.
        """
        return speak(Walk(self.models, self._gleaned), text, language=language, speed=speed)

    def warm(self, *rooms: Room) -> None:
        """Load models ahead of the first question; all that chains use where none is named."""
        load = {
            Room.VLM: self.models.vlm,
            Room.OCR: self.models.ocr,
            Room.ASR: self.models.asr,
            Room.TTS: self.models.tts,
        }
        for room in rooms or tuple(load):
            load[room]()

    def _about(self, answering: Answering, question: Question, looked: list[Looked]) -> Answer:
        """Answer over pictures that were handed over."""
        if not question.text:
            return answering.untold(question, question.unheard or NOT_HEARD, looked)
        asks_text = question.asks is Asks.TEXT
        instructed = answering.spec.instructed
        if asks_text or instructed:
            looked = read(answering.walk, looked, needed=asks_text and not instructed)
        return answering.answer(question, looked, Drawn.HANDED_OVER)

    def _in_collection(self, answering: Answering, question: Question, asked: Asked) -> Answer:
        """Answer from what the collection holds, citing it."""
        if self.finder is None:
            raise NotReady(
                "there is no collection to search here; show a picture with --image, or name a "
                "home that holds some with --home"
            )
        walk, finder = answering.walk, self.finder
        k = _checked_k(self.settings.k if asked.k is None else asked.k)
        found = find(walk, finder, question, asked, k)
        if not found.near and found.cut and not answering.spec.instructed:
            # It knows itself what it does not see, which tells more than how near a search is.
            found = find(walk, finder, question, asked, k, cutoff=False)
        if not found.near:
            return answering.untold(question, NOTHING_CLOSE if found.cut else NOTHING_THERE)
        looked = nearest(walk, finder, found)
        if not question.text:
            return answering.untold(question, question.unheard or NOT_HEARD, looked)
        looked = listen_to(walk, finder, read(walk, looked, needed=False))
        return answering.answer(question, looked, Drawn.FOUND)


def _shown(asked: Asked) -> list[Shown]:
    """The pictures a question is about: its own, else those shown last in what was said before."""
    if asked.pictures:
        return list(asked.pictures)
    for message in reversed(asked.history):
        if message.pictures:
            return [
                Shown(f"picture {at}", picture)
                for at, picture in enumerate(message.pictures, start=1)
            ]
    return []


def _checked_k(k: int) -> int:
    if isinstance(k, bool) or not 1 <= k <= MAX_K:
        raise WrongUse(f"k must be from 1 to {MAX_K}, not {k!r}")
    return k
