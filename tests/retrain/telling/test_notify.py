"""Telling people: real requests to a real server on loopback, and every way they go wrong."""

from __future__ import annotations

import base64
import logging
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scrubjay.core.errors import BadConfig
from scrubjay.retrain.telling.notify import LARGEST_ATTACHED, Notifier, NotifySettings, Told
from tests.retrain.telling.listening import HOST, Listener, dead_port


@pytest.fixture(autouse=True)
def _straight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", HOST)
    monkeypatch.delenv("SCRUBJAY_NOTIFY", raising=False)


def quick(**given) -> NotifySettings:
    return NotifySettings(**{"retries": 0, "timeout_s": 10.0, **given})


def tell(settings: NotifySettings, kind: Told = Told.SUCCESS, **given) -> list[str]:
    return Notifier(settings).tell(kind, "A title", "First line\nand a second", **given)


def test_a_message_arrives_as_json_with_title_body_and_kind() -> None:
    with Listener() as there:
        assert tell(quick(urls=(there.url(),)), Told.FAILURE) == []
    (got,) = there.received
    sent = got.json()
    assert (sent["title"], sent["message"]) == ("A title", "First line\nand a second")
    assert sent["type"] == "failure"
    assert got.headers["User-Agent"] == "Scrubjay"


def test_a_message_arrives_as_a_form() -> None:
    with Listener() as there:
        assert tell(quick(urls=(there.url("form"),)), Told.WARNING) == []
    sent = there.received[0].form()
    assert (sent["title"], sent["type"]) == ("A title", "warning")
    assert "and a second" in sent["message"]


def test_everybody_hears_their_kind_of_news_and_some_hear_all() -> None:
    with Listener() as there:
        by_kind = {kind.value: (there.url(path=f"/{kind}"),) for kind in Told}
        settings = quick(urls=(there.url(path="/all"),), **by_kind)
        for kind in Told:
            there.received.clear()
            assert tell(settings, kind) == []
            assert sorted(one.path for one in there.received) == sorted(["/all", f"/{kind}"])


def test_an_address_named_twice_is_told_once() -> None:
    with Listener() as there:
        assert tell(quick(urls=(there.url(),), success=(there.url(),))) == []
    assert len(there.received) == 1


def test_nobody_to_tell_is_no_problem() -> None:
    assert tell(quick(failure=("json://nowhere.invalid",)), Told.SUCCESS) == []


def test_one_that_cannot_be_reached_does_not_keep_the_others_from_hearing() -> None:
    with Listener() as there:
        (problem,) = tell(quick(urls=(f"json://{HOST}:{dead_port()}/x", there.url())))
    assert len(there.received) == 1
    assert problem.startswith("notify.urls[0] (json://***): ")
    assert "onnection" in problem


def test_a_server_that_fails_is_named_with_its_answer() -> None:
    with Listener(500) as there:
        (problem,) = tell(quick(success=(there.url(),)))
    assert problem.startswith("notify.success[0] (json://***): ")
    assert "500" in problem


def test_an_answer_that_gets_better_is_waited_for() -> None:
    with Listener([503, 200]) as there:
        assert tell(quick(urls=(there.url(),), retries=1)) == []
    assert len(there.received) == 2


@pytest.mark.parametrize("drip", [False, True], ids=["silent", "a byte at a time"])
def test_a_server_that_stalls_is_left_behind_in_time(drip: bool) -> None:
    with Listener(silence_s=0 if drip else 60, drip=drip) as there, Listener() as other:
        began = time.monotonic()
        urls = (there.url(), there.url(path="/2"), other.url())
        problems = tell(quick(urls=urls, timeout_s=3.0, retries=5))
        assert time.monotonic() - began < 50, "it is silent for a minute"
    assert [one.partition(":")[0] for one in problems] == [
        "notify.urls[0] (json",
        "notify.urls[1] (json",
    ]
    assert all("no answer within 3 s" in one for one in problems)
    assert len(other.received) == 1


def test_a_stalled_delivery_does_not_hold_up_the_end_of_the_process() -> None:
    program = (
        "import sys\n"
        "from scrubjay.retrain.telling.notify import Notifier, NotifySettings, Told\n"
        "settings = NotifySettings(urls=(sys.argv[1],), timeout_s=0.5)\n"
        "print(len(Notifier(settings).tell(Told.SUCCESS, 't', 'b')))\n"
    )
    with Listener(silence_s=60, drip=True) as there:
        done = subprocess.run(
            [sys.executable, "-c", program, there.url()],
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("1", "", 0)


def test_a_redirect_is_not_followed_with_what_the_address_holds() -> None:
    with Listener(302) as there:
        (problem,) = tell(quick(urls=(there.url(user="me:hunter2@"),)))
    assert [one.path for one in there.received] == ["/hook"]
    assert "302" in problem


SECRETS = ("zebra-user", "pass-w0rd", "T0K3N/part", "s3cr3t-query", "head3r")


@pytest.mark.parametrize("status", [500, 404, None], ids=str)
def test_no_secret_of_an_address_is_in_what_is_said_of_it(
    status: int | None, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with Listener(status or 200) as there:
        port = there.port if status else dead_port()
        url = (
            f"json://zebra-user:pass-w0rd@{HOST}:{port}/T0K3N%2Fpart/T0K3N/part"
            f"?-key=s3cr3t-query&+X-Auth=head3r"
        )
        notifier = Notifier(quick(urls=(url,)))
        said = [*notifier.tell(Told.SUCCESS, "t", "b"), *notifier.test(), *notifier.check()]
    assert said
    said += [
        record.getMessage()
        for record in caplog.records
        if record.name in ("apprise", "urllib3.connectionpool")
    ]
    said += list(capfd.readouterr())
    for secret in (*SECRETS, "T0K3N%2Fpart"):
        assert secret not in "\n".join(said)


@pytest.mark.parametrize(
    "url",
    [
        "slack://T0K3NA/T0K3NB",
        "nosuch://T0K3N@host",
        "T0K3N",
        "json://",
        "https://example.org/T0K3N",
        "json://a/T0K3N json://b",
    ],
)
def test_a_malformed_address_is_named_by_its_place_without_its_secrets(url: str) -> None:
    (problem,) = Notifier(quick(failure=("json://localhost", url))).check()
    assert problem.startswith("notify.failure[1] (")
    assert "T0K3N" not in problem
    assert "list of services" in problem


def test_a_malformed_address_is_a_problem_of_telling_too() -> None:
    with Listener() as there:
        (problem,) = tell(quick(urls=("nosuch://x", there.url())))
    assert problem.startswith("notify.urls[0] (nosuch://***): ")
    assert len(there.received) == 1


def test_checking_reaches_nobody_and_web_addresses_are_not_read_as_configuration() -> None:
    with Listener() as there:
        assert Notifier(quick(urls=(there.url(),))).check() == []
        web = Notifier(quick(urls=(there.url("http", "/config.yml"),)))
        assert len(web.check()) == len(web.tell(Told.SUCCESS, "t", "b")) == 1
    assert there.received == []


def test_an_address_of_the_environment_is_looked_up_when_something_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = quick(urls=("$MY_HOOK", "${MY_OTHER}", "${oc.env:MY_THIRD}"))
    notifier = Notifier(settings)
    with Listener() as there:
        monkeypatch.setenv("MY_HOOK", there.url(path="/1"))
        monkeypatch.setenv("MY_THIRD", there.url(path="/3"))
        (problem,) = notifier.tell(Told.SUCCESS, "t", "b")
        assert notifier.check() == [problem]
    assert problem == "notify.urls[1] ($MY_OTHER): $MY_OTHER is not set in the environment"
    assert sorted(one.path for one in there.received) == ["/1", "/3"]


def test_addresses_of_the_variable_are_told_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    with Listener() as there:
        monkeypatch.setenv("SCRUBJAY_NOTIFY", f"{there.url(path='/1')}\n {there.url(path='/2')} ")
        assert tell(quick(), Told.NO_CHANGE) == []
        assert len(Notifier(quick())) == 2
        monkeypatch.setenv("SCRUBJAY_NOTIFY", "nosuch://T0K3N")
        (problem,) = Notifier(quick()).check()
    assert sorted(one.path for one in there.received) == ["/1", "/2"]
    assert problem.startswith("$SCRUBJAY_NOTIFY[0] (nosuch://***): ")


def test_a_test_message_goes_to_every_address_whatever_it_is_told_of() -> None:
    with Listener() as there, Listener(500) as broken:
        settings = quick(success=(there.url(path="/1"),), failure=(there.url(path="/2"),))
        assert Notifier(settings).test() == []
        assert len(Notifier(quick(warning=(broken.url(),))).test()) == 1
    assert sorted(one.path for one in there.received) == ["/1", "/2"]
    assert "a test" in there.received[0].json()["title"]


def test_the_report_is_sent_along_where_it_is_wanted(tmp_path: Path) -> None:
    report = tmp_path / "a report #1 100%.html"
    report.write_text("<p>all well</p>")
    with Listener() as there:
        assert tell(quick(urls=(there.url(),), attach=True), attach=report) == []
        assert tell(quick(urls=(there.url(),), attach=False), attach=report) == []
    with_file, without = there.received
    (attached,) = with_file.json()["attachments"]
    assert base64.b64decode(attached["base64"]) == report.read_bytes()
    assert without.json()["attachments"] == []


def test_a_report_too_large_or_missing_does_not_keep_the_message_back(tmp_path: Path) -> None:
    large = tmp_path / "large.html"
    with large.open("wb") as file:
        file.truncate(LARGEST_ATTACHED + 1)
    with Listener() as there:
        for report in (large, tmp_path / "missing.html"):
            (problem,) = tell(quick(urls=(there.url(),), attach=True), attach=report)
            assert problem.startswith(f"{report} was not sent along: ")
    assert len(there.received) == 2


def test_a_long_message_arrives_whole_in_as_many_parts_as_the_service_needs() -> None:
    body = "\n".join(f"line {n}" for n in range(6000))
    with Listener() as there:
        assert Notifier(quick(urls=(there.url(),))).tell(Told.SUCCESS, "t", body) == []
    assert len(there.received) > 1
    parts = "".join(one.json()["message"] for one in there.received)
    assert "".join(body.split()) == "".join(parts.split())


@pytest.mark.parametrize(
    "given",
    [
        {"timeout_s": 0},
        {"timeout_s": 1e9},
        {"retries": -1},
        {"urls": "json://one"},
        {"failure": (3,)},
    ],
    ids=str,
)
def test_settings_that_mean_nothing_are_refused_by_name(given: dict) -> None:
    with pytest.raises(BadConfig, match=f"notify.{next(iter(given))}"):
        NotifySettings(**given)


def test_what_is_kept_of_the_settings_holds_no_secret() -> None:
    settings = NotifySettings(
        urls=("slack://T0K3N/x", "$HOOK", "T0K3N"), failure=("json://a:T0K3N@h",)
    )
    kept = settings.to_json()
    assert kept["urls"] == ["slack://***", "$HOOK", "***"]
    assert kept["failure"] == ["json://***"]
    assert "T0K3N" not in str(kept)
