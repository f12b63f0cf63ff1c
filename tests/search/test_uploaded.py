"""What may be said of a file that is handed over."""

from __future__ import annotations

import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.search.uploaded import (
    MAX_CAPTION,
    MAX_CAPTIONS,
    MAX_LANGUAGE,
    MAX_NAME,
    MAX_TAG,
    MAX_TAGS,
    Upload,
    check_words,
)


def test_as_much_as_is_kept_may_be_said() -> None:
    check_words(
        Upload(
            "a" * MAX_NAME,
            captions=("c" * MAX_CAPTION,) * MAX_CAPTIONS,
            tags=("t" * MAX_TAG,) * MAX_TAGS,
            language="l" * MAX_LANGUAGE,
            month="2026-11",
        )
    )


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"captions": ("c",) * (MAX_CAPTIONS + 1)}, f"at most {MAX_CAPTIONS}"),
        ({"captions": ("c" * (MAX_CAPTION + 1),)}, f"captions of more than {MAX_CAPTION}"),
        ({"tags": ("t",) * (MAX_TAGS + 1)}, f"at most {MAX_TAGS}"),
        ({"tags": ("t" * (MAX_TAG + 1),)}, f"tags of more than {MAX_TAG}"),
        ({"language": ""}, "no code"),
        ({"language": "l" * (MAX_LANGUAGE + 1)}, "no code"),
        ({"name": ""}, "1 to"),
        ({"name": "a/b.png"}, "no slash"),
        ({"name": "a" * (MAX_NAME + 1)}, f"1 to {MAX_NAME}"),
        ({"month": "November"}, "month"),
    ],
)
def test_more_is_refused_with_what_it_is(said: dict[str, object], reason: str) -> None:
    with pytest.raises(WrongUse, match=reason):
        check_words(Upload(**{"name": "a.png", **said}))  # type: ignore[arg-type]
