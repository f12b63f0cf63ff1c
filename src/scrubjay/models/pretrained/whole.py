"""A model of the transformers library from a folder: float32, whole, from safetensors only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged, MissingExtra, ModelNotFound
from scrubjay.models.pretrained.quiet import quiet_transformers
from scrubjay.models.torchvision_operators import mend_torchvision


def libraries(what: str) -> Any:  # noqa: ANN401 - imported when it is needed
    """The transformers library.

    Args:
        what: needs it, for people.

    Raises:
        MissingExtra: it, torch or safetensors are not installed.
    """
    try:
        import safetensors  # noqa: F401
        import torch  # noqa: F401
        import transformers
    except ImportError as error:
        raise MissingExtra(what, "hf") from error
    mend_torchvision()
    return transformers


def load_whole(
    made_by: Any,  # noqa: ANN401 - transformers has no types
    folder: Path,
    **options: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """The model of a folder.

    Args:
        made_by: its class in transformers.
        folder: as save_pretrained wrote it.
        options: of `from_pretrained`, besides those that keep what is loaded safe and whole.

    Raises:
        ModelNotFound: transformers cannot load it.
        Damaged: some of its weights are missing.
    """
    with _loading(folder):
        model, report = made_by.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype="float32",
            output_loading_info=True,
            **options,
        )
    if missing := sorted(report["missing_keys"]):
        raise Damaged(f"{folder} lacks {len(missing)} of its weights, {missing[0]} among them")
    return model


def load_with_reader(
    folder: Path, *, kind: str, called: str, made_by: str, read_by: str
) -> tuple[Any, Any]:
    """(model, what prepares its inputs) of a folder with a model of one kind.

    Args:
        folder: as save_pretrained wrote it.
        kind: the `model_type` it must be of.
        called: the same, for people.
        made_by: the model's class in transformers.
        read_by: the class of its processor or tokenizer.

    Raises:
        ModelNotFound: it is of another kind, or transformers cannot load it.
        Damaged: some of its weights are missing.
    """
    import transformers

    with _loading(folder):
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        if config.model_type != kind:
            raise ModelNotFound(f"{folder} holds a {config.model_type}, which is no {called}")
        reader = getattr(transformers, read_by).from_pretrained(folder, local_files_only=True)
    return load_whole(getattr(transformers, made_by), folder), reader


@contextmanager
def _loading(folder: Path) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        with quiet_transformers():
            yield
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelNotFound(f"{folder} cannot be loaded by transformers: {error}") from error
