"""In which languages new items are described: their manifest's word, else what the text shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from scrubjay.core.errors import MissingExtra
from scrubjay.core.types import Item
from scrubjay.retrain.validation.settings import LANGUAGE, ValidateSettings
from scrubjay.retrain.validation.verdict import Finding

CONFIDENCE = 0.7
"""Probability below which a text's language counts as unknown.

Measured on 200 English descriptions of art: whole, all reach it and only the two that quote more
French than they say in English are called French; cut to 20 characters, 34 would be called
something else, but none with this confidence, which 68 reach; cut to 40, 168 reach it.
"""

MOST_JUDGED = 5_000
"""Items whose language is looked at; of more, so many are drawn at random."""

_NAMED = 3
_NO_LANGUAGE = "zxx"
_PRIMARY = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?", re.DOTALL)

Detect: TypeAlias = Callable[[str], str | None]


def language_finding(new: Sequence[Item], settings: ValidateSettings) -> Finding:
    """Measure the share of described items in a language that is not asked for.

    Raises:
        MissingExtra: a language must be recognised and py3langid is not installed.
    """
    if not settings.languages:
        return Finding(LANGUAGE, "any language: validate.languages is not set", judged=False)
    described = _drawn([item for item in new if item.captions], settings.seed)
    spoken = [language_of(item, _detect) for item in described]
    judged = Counter(one for one in spoken if one is not None)
    others = {code: n for code, n in judged.most_common() if code not in settings.languages}
    n, other = sum(judged.values()), sum(others.values())
    figures = {
        "described": len(described),
        "judged": n,
        "other": other,
        "share": other / n if n else 0.0,
        "limit": settings.max_other_language,
        "languages": dict(judged.most_common()),
    }
    wanted = " or ".join(settings.languages)
    if n < settings.minimum_n:
        few = f"too few descriptions to judge their language: {n} of {len(described)} are clear"
        return Finding(LANGUAGE, few, figures, judged=False)
    statement = f"{other} of {n} descriptions are not in {wanted}"
    if others:
        most = ", ".join(f"{count} in {code}" for code, count in list(others.items())[:_NAMED])
        limit = settings.max_other_language
        statement += f" ({other / n:.1%}; {limit:.1%} are allowed): {most}"
    broken = other / n > settings.max_other_language
    stops = LANGUAGE in settings.stop_on
    return Finding(LANGUAGE, statement, figures, stops=broken and stops, warns=broken and not stops)


def language_of(item: Item, detect: Detect) -> str | None:
    """The item's own language as its primary subtag, else that of its descriptions together.

    Returns:
        A code such as `en`; None when the text does not show it.
    """
    given = _PRIMARY.fullmatch(item.language) if item.language is not None else None
    return given[1].lower() if given else detect("\n".join(item.captions))


def _drawn(items: list[Item], seed: int) -> list[Item]:
    if len(items) <= MOST_JUDGED:
        return items
    places = np.random.default_rng(seed).choice(len(items), MOST_JUDGED, replace=False)
    return [items[place] for place in np.sort(places).tolist()]


def _detect(text: str) -> str | None:
    code, confidence = _identifier().classify(text)
    return code if confidence >= CONFIDENCE and code != _NO_LANGUAGE else None


@cache
def _identifier() -> Any:  # noqa: ANN401 - a py3langid LanguageIdentifier, read once: 0.8 s
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "py3langid":
            raise
        raise MissingExtra("recognising a description's language", "month") from error
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
