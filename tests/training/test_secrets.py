"""What is kept holds no secret."""

import pytest

from scrubjay.training.secrets import masked


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "apikey",
        "WANDB_API_KEY",
        "token",
        "hf-token",
        "password",
        "client_secret",
        "credentials",
    ],
)
def test_values_of_keys_named_like_secrets_are_masked(name: str) -> None:
    assert masked({"deep": [{name: "s3cr3t"}]}) == {"deep": [{name: "***"}]}


@pytest.mark.parametrize("name", ["tokens_per_s", "keyboard", "secretary", "max_tokens", "key"])
def test_other_names_are_not(name: str) -> None:
    assert masked({name: "value"}) == {name: "value"}


def test_an_environment_secret_is_masked_wherever_it_turns_up(monkeypatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "longenough123")
    assert masked({"a": "x longenough123 y", "n": 3, "none": None}) == {
        "a": "x *** y",
        "n": 3,
        "none": None,
    }


def test_the_user_part_of_an_address_is_masked() -> None:
    assert masked({"at": "https://me:pw@host/p?q=1@2"}) == {"at": "https://***@host/p?q=1@2"}


def test_the_configuration_itself_is_not_changed() -> None:
    config = {"deep": {"token": "t"}}
    masked(config)
    assert config == {"deep": {"token": "t"}}
