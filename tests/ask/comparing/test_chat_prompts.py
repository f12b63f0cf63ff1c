from __future__ import annotations

from pathlib import Path

import pytest

from scrubjay.ask.comparing import example
from scrubjay.ask.comparing.chat_prompts import digest, read_prompts
from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import Role

SHIPPED = Path(example.__file__).with_name("example_prompts.jsonl")


def test_the_shipped_prompts_are_of_every_sort():
    prompts = read_prompts(SHIPPED)
    assert {one.harmful for one in prompts} == {None, True, False}
    assert any(one.context for one in prompts)
    assert any(one.history for one in prompts)
    assert any(one.unanswerable for one in prompts)
    assert {one.language for one in prompts} == {"en", "de"}


def test_context_is_fenced_and_history_told_in_order(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text(
        '{"prompt": "b?", "system": "Be kind.", "context": "c", '
        '"history": [{"role": "user", "text": "a?"}, {"role": "assistant", "text": "a."}]}'
    )
    (prompt,) = read_prompts(path)
    roles = [one.role for one in prompt.messages]
    assert roles == [Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER]
    assert prompt.messages[0].text.startswith("Be kind. What stands between CONTEXT BEGINS")
    assert prompt.messages[-1].text == "CONTEXT BEGINS\nc\nCONTEXT ENDS\n\nb?"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"question": "x"}', "line 1: 'question' means nothing"),
        ('{"context": "x"}', "line 1 must have a prompt"),
        ('{"prompt": "x", "expects": [1]}', "line 1: expects must be"),
        ('{"prompt": "x", "harmful": "no"}', "line 1: harmful and unanswerable"),
        ('{"prompt": "x", "history": [{"role": "system", "text": "y"}]}', "line 1: history must"),
        ('{"prompt": "x", "history": "y"}', "line 1: history must"),
        ('{"prompt": "x", "most_words": 0}', "line 1: most_words"),
        ('{"prompt": "x", "context": 3}', "line 1: context must be a text"),
        ('{"prompt": "x", "language": "?"}', "line 1: "),
        ("", "holds no prompts"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path, line, said):
    path = tmp_path / "p.jsonl"
    path.write_text(line)
    with pytest.raises(WrongUse, match=said):
        read_prompts(path)


def test_checks_may_be_corrected_without_asking_again(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text('{"prompt": "x", "expects": ["y"]}')
    before = digest(read_prompts(path))
    path.write_text('{"prompt": "x", "expects": ["z"], "harmful": true}')
    assert digest(read_prompts(path)) == before
    path.write_text('{"prompt": "xx"}')
    assert digest(read_prompts(path)) != before
