"""The folder a version is served from: one graph a tower and `encoder.json`, which names them all.

encoder.json     family, dim, fingerprint, each tower's graph and input, sha256 of every file
image.xml .bin   one graph a tower, for OpenVINO
tokenizer.json   where the text input has one
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import Damaged, ModelNotFound
from scrubjay.core.protocols import Batch
from scrubjay.core.types import EncoderSpec, Modality
from scrubjay.models.bfloat16 import Nearness, measured
from scrubjay.models.graph import export_graph
from scrubjay.models.inputs import TowerInput, read_input
from scrubjay.models.text_input import TOKENIZER_FILE, TokenizerInput

if TYPE_CHECKING:
    from torch import nn

ENCODER_FILE = "encoder.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Tower:
    """What one exported tower is made of.

    Attributes:
        module: called as `module(**inputs)`; returns (n, dim).
        input: media to those inputs, as served.
        example: inputs of a batch of two or more, to trace the module with.
        dynamic: input -> axes besides the batch that may have any length.
        asked: cosine with its float32 vectors that it may be served in bfloat16 with; None: any.
    """

    module: nn.Module
    input: TowerInput
    example: Batch
    dynamic: Mapping[str, Sequence[int]] = field(default_factory=dict)
    asked: float | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """An `encoder.json`, read and believed.

    Attributes:
        family: the family it was exported from.
        graphs: modality -> its .xml file.
        inputs: modality -> media to the graph's inputs.
        sha256: file name -> the digest it must have.
        exact: towers that are to be served in float32: bfloat16 takes their vectors too far.
    """

    folder: Path
    family: str
    dim: int
    fingerprint: str
    image_size: int | None
    speech_window_s: float | None
    graphs: Mapping[Modality, Path]
    inputs: Mapping[Modality, TowerInput]
    sha256: Mapping[str, str]
    exact: frozenset[Modality] = frozenset()

    def verify(self, modality: Modality) -> None:
        """Compare one tower's files with what was written.

        Raises:
            Damaged: a file is gone or not the one that was written.
        """
        graph = self.graphs[modality]
        for path in (graph, graph.with_suffix(".bin")):
            if path.name not in self.sha256:
                raise Damaged(f"{path}: {ENCODER_FILE} gives no sha256 for it; export again")
            if file_sha256(path) != self.sha256[path.name]:
                raise Damaged(
                    f"{path} is not the file that was written (sha256 differs); nothing was "
                    f"loaded from it. Restore it, or register the version again"
                )


def write_export(folder: Path, *, spec: EncoderSpec, towers: Mapping[Modality, Tower]) -> None:
    """Write graphs, inputs and `encoder.json` into an existing empty folder.

    Args:
        folder: of the export.
        spec: of the encoder the towers come from; its fingerprint is kept, since the graphs make
            its vectors.
        towers: one a modality.
    """
    described: dict[str, Any] = {}
    for modality, tower in towers.items():
        graph = folder / f"{modality.value}.xml"
        export_graph(tower.module, tower.example, graph, dynamic=tower.dynamic)
        if isinstance(tower.input, TokenizerInput):
            tower.input.write(folder)
        told = described[modality.value] = {"graph": graph.name, "input": tower.input.to_json()}
        if tower.asked is not None:
            near = measured(graph, tower.input, spec.dim, modality=modality, asked=tower.asked)
            told["bf16"] = near.to_json()
    digests = {
        path.name: file_sha256(path)
        for path in sorted(folder.iterdir())
        if path.suffix in {".xml", ".bin"} or path.name == TOKENIZER_FILE
    }
    _write_description(folder, spec, described, digests)


def _write_description(
    folder: Path, spec: EncoderSpec, towers: Mapping[str, Any], digests: Mapping[str, str]
) -> None:
    values = {
        "format": FORMAT,
        "family": spec.name,
        "dim": spec.dim,
        "fingerprint": spec.fingerprint,
        "image_size": spec.image_size,
        "speech_window_s": spec.speech_window_s,
        "towers": towers,
        "sha256": digests,
    }
    text = json.dumps(values, indent=2, sort_keys=True)
    (folder / ENCODER_FILE).write_text(text + "\n", encoding="utf-8")


def join_exports(folder: Path, *, spec: EncoderSpec, parts: Mapping[Modality, Path]) -> None:
    """One export of towers that were exported apart; their files are moved out of `parts`.

    Args:
        folder: of the export, existing and empty but for the parts.
        spec: of the encoder the towers make together.
        parts: modality -> the export folder its tower is taken from.

    Raises:
        ModelNotFound, Damaged: as `read_export`, or a part has no such tower.
    """
    described: dict[str, Any] = {}
    digests: dict[str, str] = {}
    for modality, part in sorted(parts.items()):
        if modality not in read_export(part).graphs:
            raise Damaged(f"{part} has no {modality} tower; export that part again")
        values = json.loads((part / ENCODER_FILE).read_text(encoding="utf-8"))
        tower = described[modality.value] = values["towers"][modality.value]
        graph = str(tower["graph"])
        names = [graph, str(Path(graph).with_suffix(".bin"))]
        if tower["input"].get("kind") == TokenizerInput.kind:
            names.append(TOKENIZER_FILE)
        for name in names:
            (part / name).rename(folder / name)
            digests[name] = values["sha256"][name]
    _write_description(folder, spec, described, digests)


def read_export(folder: Path) -> Exported:
    """What `write_export` wrote; the graphs themselves are verified when they are first used.

    Raises:
        ModelNotFound: the folder has no encoder.json.
        Damaged: it has one that cannot be believed.
    """
    path = folder / ENCODER_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelNotFound(
            f"{folder} holds no exported encoder ({ENCODER_FILE} is missing); "
            f"`scrubjay train` registers versions with one"
        ) from error
    except (OSError, ValueError) as error:
        raise Damaged(f"{path} cannot be read: {error}") from error
    try:
        if values["format"] != FORMAT:
            raise Damaged(
                f"{path} is of format {values['format']}; this Scrubjay reads {FORMAT}. "
                f"Update it, or export the version again"
            )
        towers = {Modality(name): tower for name, tower in values["towers"].items()}
        return Exported(
            folder=folder,
            family=str(values["family"]),
            dim=int(values["dim"]),
            fingerprint=str(values["fingerprint"]),
            image_size=values["image_size"],
            speech_window_s=values["speech_window_s"],
            graphs={name: folder / _own_name(tower["graph"]) for name, tower in towers.items()},
            inputs={name: read_input(tower["input"], folder) for name, tower in towers.items()},
            sha256=dict(values["sha256"]),
            exact=frozenset(
                name
                for name, tower in towers.items()
                if "bf16" in tower and not Nearness.from_json(tower["bf16"]).enough
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"{path} does not describe an exported encoder: {error!r}") from error


def file_sha256(path: Path) -> str:
    """Hexadecimal digest of a file.

    Raises:
        Damaged: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Damaged(f"{path} cannot be read: {error}") from error


def _own_name(name: str) -> str:
    if Path(name).name != name:
        raise ValueError(f"{name!r} is not a file of the folder")
    return name
