from __future__ import annotations

from scrubjay.cli.train import _show_next


def test_a_run_that_says_what_can_be_done_with_it_is_heard(tmp_path, capsys) -> None:
    _show_next(tmp_path)
    assert capsys.readouterr() == ("", "")
    (tmp_path / "next.txt").write_text("scrubjay ask 'Describe it.' --image X vlm=transformers\n")
    _show_next(tmp_path)
    shown = "".join(capsys.readouterr())
    assert "Next:" in shown
    assert "scrubjay ask 'Describe it.' --image X vlm=transformers" in shown
