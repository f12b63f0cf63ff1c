"""A verdict is written down and read again as it was."""

from __future__ import annotations

import json

from scrubjay.retrain.validation.validate import ValidateSettings, validate
from scrubjay.retrain.validation.verdict import Verdict
from tests.retrain.made import drop, item


def test_a_verdict_comes_back_from_json_as_it_was():
    settings = ValidateSettings(languages=("de",))
    verdict = validate(
        drop(30, unreadable=4, added=[item(99, captions=("?",))]),
        before=[item(n, tags=("a",)) for n in range(200, 230)],
        settings=settings,
    )
    assert verdict.stopped
    again = Verdict.from_json(json.loads(json.dumps(verdict.to_json())))
    assert again == verdict
    assert again.without == {"item-00099"}
