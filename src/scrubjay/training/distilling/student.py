"""Who teaches and who learns; where there are no texts, their tower is the teacher's."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from scrubjay.core.errors import BadConfig, Damaged, ModelNotFound, NotReady, WrongUse
from scrubjay.core.protocols import Encoder, TrainableEncoder
from scrubjay.core.types import Item, Modality, Split
from scrubjay.models.export import ENCODER_FILE, read_export
from scrubjay.models.load import EXPORT_FOLDER, load_encoder, load_trainable
from scrubjay.training.pairs import group_items

log = logging.getLogger(__name__)

OPTIONS_FILE = "scrubjay.json"
AUTO, OWN, BORROWED = "auto", "own", "borrowed"


def teacher(*, source: str, family: str | None = None, **options: Any) -> Encoder:  # noqa: ANN401
    """The encoder to learn from.

    Args:
        source: what its family loads; without a family, the folder of a registered version.
        family: of an encoder that is not registered.
        options: of that family.

    Raises:
        BadConfig: no family is given, and the source is no version's folder.
        Damaged: it is, but cannot be believed.
        ModelNotFound, UnknownName, WrongUse, MissingExtra: as `models.load.load_encoder`.
    """
    folder = Path(source)
    if family is not None:
        return load_encoder(family, source=source, **options)
    if not (folder / EXPORT_FOLDER / ENCODER_FILE).is_file():
        raise BadConfig(
            f"{source} is no registered version's folder; name the family of what it is: "
            f"teacher.family=transformers"
        )
    family = read_export(folder / EXPORT_FOLDER).family
    try:
        return load_trainable(family, source=source, **{**_options(folder), **options})
    except (WrongUse, ModelNotFound):  # of a family that only encodes: its graphs teach as well
        return load_encoder("exported", source=folder / EXPORT_FOLDER)


def student(
    base: TrainableEncoder | partial[TrainableEncoder],
    teacher: Encoder,
    items: Sequence[Item],
    *,
    text: str = AUTO,
) -> TrainableEncoder:
    """An encoder that can learn the teacher's space from these items.

    Args:
        base: an encoder whose vectors are as long as the teacher's; or a partial of one from
            nothing, which is given `dim` and the `modalities` that there is something to learn
            from.
        teacher: whose space it is to be.
        items: of the collection; those of the train split count.
        text: `own`: a text tower that learns; `borrowed`: the teacher's, as it is; `auto`: its own
            where the train split has captions, else borrowed.

    Raises:
        BadConfig: vectors of another length, or a text tower that cannot be borrowed.
        NotReady: nothing to learn from.
    """
    if text not in {AUTO, OWN, BORROWED}:
        raise BadConfig(f"encoder.text is {AUTO}, {OWN} or {BORROWED}, not {text!r}")
    has = teacher.spec.modalities
    there = _shown(items, has)
    if not there:
        raise NotReady(
            f"nothing to learn from: the train split shows nothing that the teacher has a tower "
            f"for ({', '.join(sorted(has))}). Add pictures with `scrubjay add FOLDER`"
        )
    borrowed = Modality.TEXT in has and (
        text == BORROWED or (text == AUTO and Modality.TEXT not in there)
    )
    learning = there - ({Modality.TEXT} if borrowed else set())
    if not learning:
        raise NotReady(
            "only texts to learn from, and their tower is to be borrowed: encoder.text=own"
        )
    if isinstance(base, partial):
        made = base(dim=teacher.spec.dim, modalities=sorted(one.value for one in learning))
    else:
        made = base
        learning &= made.spec.modalities
    if made.spec.dim != teacher.spec.dim:
        raise BadConfig(
            f"the teacher's vectors have {teacher.spec.dim} numbers, the student's "
            f"{made.spec.dim}: they share no space; give it encoder.base.dim={teacher.spec.dim}"
        )
    if not borrowed:
        return made
    if not isinstance(teacher, TrainableEncoder):
        raise BadConfig(
            "the teacher's text tower cannot be borrowed from an export: name what it was exported "
            "from in teacher.source, or add captions and set encoder.text=own"
        )
    log.info("no captions to learn from: the student takes its teacher's text tower")
    teacher.tower(Modality.TEXT).requires_grad_(requires_grad=False)
    parts: dict[str, TrainableEncoder] = {one.value: made for one in learning}
    return load_trainable("joined", **parts, text=teacher)


def _shown(items: Sequence[Item], modalities: frozenset[Modality]) -> frozenset[Modality]:
    train = [item for item in items if item.split is Split.TRAIN]
    groups = group_items(train, modalities)
    return frozenset(one for group in groups for one in group.modalities())


def _options(folder: Path) -> dict[str, Any]:
    path = folder / OPTIONS_FILE
    try:
        options = json.loads(path.read_text(encoding="utf-8"))["options"]
        return {
            str(name): value
            for name, value in options.items()
            if name not in {"source", "revision", "download"}
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{path} does not say how the version is loaded: {error!r}") from error
