"""Models of the chains: loaded once, when needed, by whoever comes first."""

from __future__ import annotations

import threading

import pytest

from scrubjay.ask.models import Models
from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.core.errors import UnknownName
from scrubjay.models.family import Room
from tests.ask.conftest import FAKES


def test_nothing_is_loaded_before_it_is_needed_and_then_once():
    models = Models(FAKES)
    assert not any(map(models.loaded, (Room.VLM, Room.OCR, Room.ASR, Room.TTS)))
    assert models.ocr() is models.ocr()
    assert models.loaded(Room.OCR)
    assert not models.loaded(Room.VLM)


def test_threads_that_come_at_once_get_the_same_model():
    models, got = Models(FAKES), []
    threads = [threading.Thread(target=lambda: got.append(models.vlm())) for _ in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(map(id, got))) == 1


def test_a_model_that_could_not_be_loaded_is_tried_again():
    models = Models(AskSettings(vlm=Choice("nobody")))
    for _ in range(2):
        with pytest.raises(UnknownName):
            models.vlm()


@pytest.mark.parametrize(("family", "most"), [("fake", 1), ("remote", 2)])
def test_only_who_works_elsewhere_serves_two_at_once(family, most):
    models = Models(AskSettings(vlm=Choice(family)))
    inside, seen, both = [], [], threading.Event()

    def turn():
        with models.turn(Room.VLM):
            inside.append(1)
            seen.append(len(inside))
            if len(inside) == most:
                both.set()
            both.wait(60)
            inside.pop()

    threads = [threading.Thread(target=turn) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert max(seen) == most
