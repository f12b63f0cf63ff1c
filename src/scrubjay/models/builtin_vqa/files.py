"""The folder the question model is served from: two graphs and `model.json`, which names them.

eye.xml .bin        a picture to what each of its cells shows
answerer.xml .bin   that and a question to answers
model.json          words, input, limits, how sure means how right, sha256 of every file
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged, ModelNotFound
from scrubjay.models.builtin_vqa.lexicon import Lexicon
from scrubjay.models.export import file_sha256
from scrubjay.models.image_input import ImageInput

MODEL = "model.json"
EYE, ANSWERER = "eye.xml", "answerer.xml"
FORMAT = 1
TABLES = ("sure", "right", "listed", "complete")


@dataclass(frozen=True, slots=True)
class Limits:
    """When it keeps silent; set on scenes of its own world and never on anybody's pictures.

    Attributes:
        familiar: least in-world logit of a picture that is spoken about.
        object: least chance that an object is there, and for one of them that it is what it seems,
            in a picture that is spoken about.
        chance: least chance of being right that is told.
        sure: the network's own probability of its answer, rising.
        right: how often answers of that probability are right.
        listed: product of the chances of all objects of a list, rising.
        complete: how often lists of that product name everything and nothing else.
    """

    familiar: float = 0.0
    object: float = 0.4
    chance: float = 0.5
    sure: tuple[float, ...] = (0.0, 1.0)
    right: tuple[float, ...] = (0.0, 1.0)
    listed: tuple[float, ...] = (0.0, 1.0)
    complete: tuple[float, ...] = (0.0, 1.0)

    def __post_init__(self) -> None:
        """Refuse a table that is none.

        Raises:
            Damaged: it is empty, uneven, or does not rise.
        """
        for table, chances in ((self.sure, self.right), (self.listed, self.complete)):
            if len(table) != len(chances) or len(table) < 2:
                raise Damaged("a table of chances is as long as what it is looked up by")
            if any(a >= b for a, b in pairwise(table)):
                raise Damaged("what a chance is looked up by rises")


@dataclass(frozen=True, slots=True)
class Described:
    """A `model.json`, read and believed.

    Attributes:
        across: cells in a row of the eye's grid.
        features: of a cell, for the answerer.
        digest: sha256 of model.json, which names the digest of all else.
    """

    folder: Path
    lexicon: Lexicon
    input: ImageInput
    limits: Limits
    across: int
    features: int
    sha256: Mapping[str, str]
    digest: str

    def verified(self, name: str) -> Path:
        """The path of one graph after its files were held against what was written.

        Raises:
            Damaged: a file is gone, or another.
        """
        path = self.folder / name
        for file in (path, path.with_suffix(".bin")):
            if file_sha256(file) != self.sha256.get(file.name):
                raise Damaged(
                    f"{file} is not the file that was written (sha256 differs); nothing was "
                    f"loaded from it. Install Scrubjay again, or export the model again"
                )
        return path


def write_model(
    folder: Path,
    *,
    lexicon: Lexicon,
    input: ImageInput,
    limits: Limits,
    across: int,
    features: int,
) -> None:
    """Write `model.json` beside the graphs, which must be there."""
    graphs = [folder / name for name in (EYE, ANSWERER)]
    files = [file for graph in graphs for file in (graph, graph.with_suffix(".bin"))]
    values = {
        "format": FORMAT,
        "input": input.to_json(),
        "across": across,
        "features": features,
        "limits": {
            "familiar": limits.familiar,
            "object": limits.object,
            "chance": limits.chance,
            **{name: list(getattr(limits, name)) for name in TABLES},
        },
        "lexicon": lexicon.to_json(),
        "sha256": {file.name: file_sha256(file) for file in files},
    }
    (folder / MODEL).write_text(json.dumps(values, sort_keys=True) + "\n", encoding="utf-8")


def read_model(folder: Path) -> Described:
    """What `write_model` wrote.

    Raises:
        ModelNotFound: the folder has no model.json.
        Damaged: it has one that cannot be believed.
    """
    path = folder / MODEL
    try:
        text = path.read_bytes()
        values: Any = json.loads(text)
    except FileNotFoundError as error:
        raise ModelNotFound(f"{folder} holds no question model ({MODEL} is missing)") from error
    except (OSError, ValueError) as error:
        raise Damaged(f"{path} cannot be read: {error}") from error
    try:
        if values["format"] != FORMAT:
            raise Damaged(f"{path} is of format {values['format']}; this Scrubjay reads {FORMAT}")
        limits = values["limits"]
        return Described(
            folder=folder,
            lexicon=Lexicon.from_json(values["lexicon"]),
            input=ImageInput.from_json(values["input"]),
            limits=Limits(
                familiar=float(limits["familiar"]),
                object=float(limits["object"]),
                chance=float(limits["chance"]),
                **{name: tuple(map(float, limits[name])) for name in TABLES},
            ),
            across=int(values["across"]),
            features=int(values["features"]),
            sha256=dict(values["sha256"]),
            digest=hashlib.sha256(text).hexdigest(),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"{path} does not describe a question model: {error!r}") from error
