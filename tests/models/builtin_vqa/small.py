"""A question model of a few words and random weights, exported."""

from __future__ import annotations

from pathlib import Path

import torch

from scrubjay.models.builtin.network import Network
from scrubjay.models.builtin.settings import NetworkSettings
from scrubjay.models.builtin_vqa.export import export_networks
from scrubjay.models.builtin_vqa.files import Limits, write_model
from scrubjay.models.builtin_vqa.lexicon import Lexicon, Noun
from scrubjay.models.builtin_vqa.network import Answerer, Eye, Sizes
from scrubjay.models.image_input import ImageInput

WORDS = Lexicon(
    things=(
        Noun("dog", "dogs", "a"),
        Noun("ice cream", "ice creams", "an"),
        Noun("orange", "oranges", "an"),
    ),
    shapes=(Noun("circle", "circles", "a"), Noun("cross", "crosses", "a")),
    colours=("red", "orange"),
    signs=("stop", "left"),
    vocabulary=("a", "how", "is", "left", "many", "of", "the", "there", "what"),
)
SETTINGS = NetworkSettings(
    modalities=("image",), width=16, layers=1, heads=2, ffn=1, dim=16, stem_channels=(4, 8)
)


def networks(seed: int = 0) -> tuple[Eye, Answerer]:
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        eye = Eye(Network(SETTINGS), WORDS)
        answerer = Answerer(eye.layout, eye.across, WORDS, Sizes(width=16, layers=2, heads=2))
    return eye.eval(), answerer.eval()


def saved(folder: Path, limits: Limits | None = None) -> Path:
    eye, answerer = networks()
    export_networks(folder, eye, answerer)
    write_model(
        folder,
        lexicon=WORDS,
        input=ImageInput(size=96, resize="squash"),
        limits=limits or Limits(familiar=-1e9, object=0.0, chance=0.0),
        across=eye.across,
        features=eye.layout.features.stop,
    )
    return folder
