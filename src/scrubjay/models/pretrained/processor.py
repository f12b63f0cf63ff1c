"""A model's processor, for pictures and texts only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scrubjay.core.errors import ModelNotFound
from scrubjay.models.pretrained.files import first_line, read_json
from scrubjay.models.pretrained.texts import VOCABULARIES

SETTINGS = ("processor_config.json", "preprocessor_config.json", "tokenizer_config.json")
"""The first of these that names a processor's class decides."""


VIDEO = "video_processor"


def read_processor(folder: Path, *, kind: str) -> Any:  # noqa: ANN401 - transformers
    """The processor of a model.

    One for videos is not made: none is shown, and it would need torchvision.

    Args:
        folder: of the model.
        kind: its `model_type`.

    Raises:
        ModelNotFound: the tokenizer or the settings for pictures are missing or cannot be used.
    """
    from scrubjay.models.pretrained.quiet import quiet_transformers

    if not any((folder / name).is_file() for name in VOCABULARIES):
        raise ModelNotFound(
            f"{folder} has no tokenizer: copy tokenizer.json and tokenizer_config.json from where "
            f"the model comes from"
        )
    if not any((folder / name).is_file() for name in SETTINGS[:2]):
        raise ModelNotFound(
            f"{folder} does not say how pictures are prepared: copy preprocessor_config.json or "
            f"processor_config.json from where the model comes from"
        )
    try:
        with quiet_transformers():
            return _made(_class(folder, kind), folder)
    except ImportError as error:
        raise ModelNotFound(
            f"the processor of a {kind} model needs what is not installed: {_needed(error)}"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ModelNotFound(
            f"the processor in {folder} cannot be read: {first_line(error)}. Copy its *.json, "
            f"*.jinja and tokenizer files again from where the model comes from"
        ) from error


def _class(folder: Path, kind: str) -> Any:  # noqa: ANN401
    from transformers.models.auto.processing_auto import (
        PROCESSOR_MAPPING_NAMES,
        processor_class_from_name,
    )

    named = (read_json(folder / one).get("processor_class") for one in _present(folder))
    for name in (*named, PROCESSOR_MAPPING_NAMES.get(kind)):
        if isinstance(name, str) and (found := processor_class_from_name(name)) is not None:
            return found
    raise ValueError(f"no processor is known for the kind {kind}")


def _present(folder: Path) -> list[str]:
    return [name for name in SETTINGS if (folder / name).is_file()]


def _made(made_by: Any, folder: Path) -> Any:  # noqa: ANN401
    safe = {"local_files_only": True, "trust_remote_code": False}
    parts = made_by.get_attributes()
    if VIDEO not in parts:
        return made_by.from_pretrained(folder, **safe)
    from transformers import AutoFeatureExtractor, AutoImageProcessor, AutoTokenizer

    readers = {
        "image_processor": AutoImageProcessor,
        "tokenizer": AutoTokenizer,
        "feature_extractor": AutoFeatureExtractor,
    }
    without = _without_videos(made_by)
    settings, options = without.get_processor_dict(folder, **safe)
    made = [
        NoVideos() if part == VIDEO else readers[part].from_pretrained(folder, **safe)
        for part in parts
    ]
    return without.from_args_and_dict(made, settings, **options)


class NoVideos(dict[str, Any]):
    """Stands where a processor for videos would, and has none of its settings."""

    model_input_names: tuple[str, ...] = ()
    num_frames: int | None = None
    fps: float | None = None


def _without_videos(made_by: Any) -> Any:  # noqa: ANN401
    """The same class, content without the part that takes videos."""

    def check(self: Any, part: str, made: Any) -> Any:  # noqa: ANN401
        return None if part == VIDEO else made_by.check_argument_for_proper_class(self, part, made)

    return type(made_by.__name__, (made_by,), {"check_argument_for_proper_class": check})


def _needed(error: ImportError) -> str:
    for name in ("torchvision", "num2words", "timm", "sentencepiece", "protobuf"):
        if name in str(error).lower():
            return f"pip install {name}"
    return first_line(error)
