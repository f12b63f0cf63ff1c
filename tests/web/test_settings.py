"""A setting that cannot be is refused by its name."""

from __future__ import annotations

import pytest

from scrubjay.core.errors import BadConfig
from scrubjay.web.settings import ServeSettings


def test_the_defaults_listen_on_this_machine_only():
    assert ServeSettings().host == "127.0.0.1"
    assert ServeSettings().token is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", " "),
        ("port", -1),
        ("port", 65_536),
        ("port", True),
        ("token", " "),
        ("queue", 0),
        ("queue_bytes", 0),
        ("max_batch", 0),
        ("max_inputs", 0),
        ("max_body", 0),
        ("versions_kept", -1),
        ("shutdown_s", -1),
        ("watch_s", float("nan")),
    ],
)
def test_what_cannot_be_is_named(name, value):
    with pytest.raises(BadConfig, match=f"serve.{name}"):
        ServeSettings(**{name: value})


def test_a_token_is_not_shown():
    assert "secret" not in repr(ServeSettings(token="secret-secret-secret-secret"))
