"""What is secret never passes a mask."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.retrain.telling.masks import Masks, address_secrets, lasting_secrets

token = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~!.", min_size=4)
surroundings = st.text("abc ./:=&?", max_size=5)


@given(
    parts=st.lists(token, min_size=4, max_size=4),
    before=surroundings,
    after=surroundings,
    quoted=st.booleans(),
)
def test_no_part_of_an_address_passes_wherever_it_turns_up(parts, before, after, quoted) -> None:
    user, password, path, query = parts
    url = f"json://{user}:{password}@localhost:80/{path}/x?key={query}"
    masks = Masks(address_secrets(url))
    for part in parts:
        said = masks.text(before + (quote(part, safe="") if quoted else part) + after)
        assert part not in said.replace("***", " ")


def test_a_password_that_looks_like_a_host_is_none() -> None:
    masks = Masks(address_secrets("mailto://me:pass.word@smtp.example.org/?to=you.there"))
    assert masks.text("smtp.example.org: pass.word you.there") == "smtp.example.org: *** ***"


@pytest.mark.parametrize("written", ["p%2Fss%40word", "p/ss@word"])
def test_a_secret_is_known_as_it_is_written_and_as_it_is_meant(written: str) -> None:
    masks = Masks(address_secrets("mailto://me:p%2Fss%40word@example.org"))
    assert masks.text(f"refused: {written}!") == "refused: ***!"


def test_hosts_and_words_around_stay_readable() -> None:
    masks = Masks(address_secrets("json://u:pw@hooks.example.org:8080/a/T0K3N?retry=2"))
    said = "could not reach hooks.example.org: a server, error=500; under pw"
    assert masks.text(said) == "could not reach hooks.example.org: *** server, error=500; under ***"


def test_what_lasts_of_addresses_are_tokens_not_words() -> None:
    kept = lasting_secrets(["https://hooks.example.org/services/T012ABCDE/longlowercase/short1"])
    assert "T012ABCDE" in kept
    assert not kept & {"services", "hooks.example.org", "longlowercase", "short1"}


@pytest.mark.parametrize(
    "name",
    [
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SESSION_TOKEN",
        "WANDB_API_KEY",
        "DB_PASSWORD",
        "SCRUBJAY_NOTIFY",
    ],
)
def test_keys_of_the_environment_are_masked_in_texts_and_deep_in_values(name, monkeypatch) -> None:
    monkeypatch.setenv(name, "wJalrXUtnFEMI")
    masks = Masks()
    assert masks.text("key wJalrXUtnFEMI refused") == "key *** refused"
    assert masks.values({"a": [{"b": "xwJalrXUtnFEMI", "n": 3, "f": 0.5, "none": None}]}) == {
        "a": [{"b": "x***", "n": 3, "f": 0.5, "none": None}]
    }


@pytest.mark.parametrize("name", ["KEYBOARD", "TOKENIZERS_PARALLELISM", "HOME"])
def test_other_variables_are_words_like_any_other(name: str, monkeypatch) -> None:
    monkeypatch.setenv(name, "a-long-value")
    assert Masks().text("a-long-value") == "a-long-value"


def test_user_parts_and_signatures_of_addresses_are_masked_unknown_as_they_are() -> None:
    said = Masks().text(
        "GET https://me:pw@host/a?X-Amz-Signature=abc123&X-Amz-Credential=AKIA/x&page=2&api_key=k"
    )
    assert said == (
        "GET https://***@host/a?X-Amz-Signature=***&X-Amz-Credential=***&page=2&api_key=***"
    )


def test_values_named_like_secrets_are_masked() -> None:
    assert Masks().values({"token": "t", "deep": {"password": "p"}, "keyword": "w"}) == {
        "token": "***",
        "deep": {"password": "***"},
        "keyword": "w",
    }


def test_of_two_secrets_the_longer_is_masked_whole() -> None:
    assert Masks(["abcd", "abcdefgh"]).text("abcdefgh") == "***"
