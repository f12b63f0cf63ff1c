"""Telling people, through apprise: bounded in time, never fatal, and without its secrets.

Every address is delivered to by a thread of its own. A service that stalls is left behind when the
time is up; its thread ends with the process. Nothing is loaded from disk or network but the
services apprise itself ships, and nothing is stored.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import BadConfig, MissingExtra
from scrubjay.retrain.telling.masks import Masks, address_secrets, lasting_secrets
from scrubjay.retrain.telling.settings import NotifySettings, Told, record, resolved

if TYPE_CHECKING:
    import apprise

__all__ = ["Notifier", "NotifySettings", "Told"]

LARGEST_ATTACHED = 5_000_000
"""Bytes; a larger report is named but not sent along."""
WAIT_BETWEEN_S = 1.0
_SHOWN = 200
_TRIES = "trying again"
"""What apprise says between two attempts; what went wrong in them it says besides."""
_KIND = {
    Told.SUCCESS: "success",
    Told.WARNING: "warning",
    Told.FAILURE: "failure",
    Told.NO_CHANGE: "info",
}


class Notifier:
    """Tells whoever the settings name; what goes wrong is returned in words."""

    def __init__(self, settings: NotifySettings) -> None:
        """Remember whom to tell; nothing is looked up or sent."""
        self._settings = settings

    def __len__(self) -> int:
        """How many addresses there are."""
        return len(self._settings.addresses())

    @property
    def secrets(self) -> frozenset[str]:
        """What of the addresses must not appear in any log."""
        known = []
        for _, url in self._settings.addresses():
            try:
                known.append(resolved(url))
            except BadConfig:
                continue
        return lasting_secrets(known)

    def check(self) -> list[str]:
        """Addresses that cannot be used, by where they are configured; nothing is sent."""
        problems = []
        for place, url in self._settings.addresses():
            try:
                _service(resolved(url), retries=0)
            except (BadConfig, MissingExtra) as error:
                problems.append(f"{place} ({record(url)}): {error}")
        return problems

    def tell(self, kind: Told, title: str, body: str, *, attach: Path | None = None) -> list[str]:
        """Tell everybody who wants to hear this kind of news.

        Args:
            body: plain text.
            attach: a file sent along where the settings and the service allow it.

        Returns:
            What was not delivered and why, without secrets; empty when all was. Never raises,
            and returns within `timeout_s`.
        """
        return self._deliver(self._settings.wanting(kind), kind, title, body, attach)

    def test(self) -> list[str]:
        """Send a test message to every address once; what was not delivered and why."""
        return self._deliver(
            self._settings.addresses(),
            Told.NO_CHANGE,
            "Scrubjay: a test",
            "This address will be told how the month went.",
            None,
        )

    def _deliver(
        self,
        wanted: Sequence[tuple[str, str]],
        kind: Told,
        title: str,
        body: str,
        attach: Path | None,
    ) -> list[str]:
        until = time.monotonic() + self._settings.timeout_s
        problems, deliveries, seen = [], [], set()
        files, said = self._attachments(attach)
        problems += said if wanted else []
        for place, given in wanted:
            named = f"{place} ({record(given)})"
            try:
                url = resolved(given)
            except BadConfig as error:
                problems.append(f"{named}: {error}")
                continue
            if url not in seen:
                seen.add(url)
                news = _News(_KIND[kind], title, body, files)
                deliveries.append(_Delivery(named, url, news, self._settings.retries))
        for delivery in deliveries:
            delivery.start()
        for delivery in deliveries:
            delivery.join(max(0.0, until - time.monotonic()))
        late = f"no answer within {self._settings.timeout_s:g} s"
        for delivery in deliveries:
            problem = late if delivery.is_alive() else delivery.problem
            if problem is not None:
                problems.append(f"{delivery.named}: {problem}")
        return problems

    def _attachments(self, attach: Path | None) -> tuple[tuple[Path, ...], list[str]]:
        if attach is None or not self._settings.attach:
            return (), []
        try:
            size = attach.stat().st_size
        except OSError as error:
            return (), [f"{attach} was not sent along: {error.strerror}"]
        if size > LARGEST_ATTACHED:
            return (), [f"{attach} was not sent along: {size} bytes are more than mail carries"]
        return (attach,), []


@dataclass(frozen=True, slots=True)
class _News:
    kind: str
    title: str
    body: str
    files: tuple[Path, ...] = field(default=())


class _Delivery(threading.Thread):
    """One message to one address; a daemon, so that a stalled one holds up nothing."""

    def __init__(self, named: str, url: str, news: _News, retries: int) -> None:
        super().__init__(name="notify", daemon=True)
        self.named = named
        self.problem: str | None = None
        self._url = url
        self._news = news
        self._retries = retries

    def run(self) -> None:
        """Deliver, and keep in `problem` why not."""
        masks = Masks(address_secrets(self._url))
        try:
            said = _send(self._url, self._news, self._retries)
        except Exception as error:  # noqa: BLE001 - telling people never fails what is told of
            said = f"{type(error).__name__}: {error}"
        self.problem = None if said is None else masks.text(" ".join(said.split()))[:_SHOWN]


def _send(url: str, news: _News, retries: int) -> str | None:
    import apprise

    service = _service(url, retries=retries)
    teller = apprise.Apprise(service, asset=service.asset)
    result = teller.notify(
        news.body,
        news.title,
        notify_type=news.kind,
        body_format=apprise.NotifyFormat.TEXT,
        attach=[path.absolute().as_uri() for path in news.files] or None,
    )
    if result:
        return None
    said = list(
        dict.fromkeys(str(one.message) for one in result.logs() if _TRIES not in one.message)
    )
    return "; ".join(said) or "it was not delivered"


def _service(url: str, *, retries: int) -> apprise.NotifyBase:
    """The service behind an address.

    Raises:
        BadConfig: apprise knows no such service, or the address lacks a part; no secret is named.
        MissingExtra: apprise is not installed.
    """
    try:
        import apprise
    except ModuleNotFoundError as error:
        raise MissingExtra("sending notifications", "month") from error
    _hush()
    asset = apprise.AppriseAsset(
        app_id="Scrubjay",
        app_desc="Scrubjay",
        app_url="",
        image_url_mask="",  # else messages carry links to pictures on somebody's server
        image_url_logo="",
        async_mode=False,
        http_redirects=False,
        storage_mode="memory",
        pgp_autogen=False,
        pem_autogen=False,
        service_timeout=0,  # ours bounds it; with theirs a pool's thread holds up the exit
        default_service_retry=retries,
        default_service_wait=WAIT_BETWEEN_S,
    )
    if len(url.split()) != 1 or "://" not in url:
        raise BadConfig("not an address; write it as SERVICE://..., see apprise's list of services")
    service: Any = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        raise BadConfig(
            "apprise knows no such service or a part of the address is missing; compare it with "
            "apprise's list of services"
        )
    if "overflow=" not in url:
        service.overflow_mode = apprise.OverflowMode.SPLIT
    return service


def _hush() -> None:
    """Keep addresses out of logs: apprise and urllib3 write them out there, unmasked."""
    for name in ("apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("apprise").propagate = False
