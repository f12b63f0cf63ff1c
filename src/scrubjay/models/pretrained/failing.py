"""What goes wrong inside a model, as an error a person can read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scrubjay.core.errors import ScrubjayError
from scrubjay.models.pretrained.files import first_line


@contextmanager
def failing(name: str) -> Iterator[None]:
    """Errors of torch, transformers and templates inside become a ScrubjayError.

    Args:
        name: of the model.
    """
    import torch
    from jinja2 import TemplateError

    try:
        yield
    except torch.OutOfMemoryError as error:
        raise ScrubjayError(
            f"{name} does not fit into the GPU's memory with this conversation; show fewer or "
            f"smaller pictures, or give vlm.quantize=4bit"
        ) from error
    except (
        ValueError,
        TypeError,
        LookupError,
        RuntimeError,
        AttributeError,
        AssertionError,
        ArithmeticError,
        TemplateError,
    ) as error:
        raise ScrubjayError(
            f"{name} cannot work with this conversation: {type(error).__name__}: "
            f"{first_line(error)}. Its files may not belong together; else show other pictures, or "
            f"choose another model"
        ) from error
