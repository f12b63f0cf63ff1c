from __future__ import annotations

import socket

import pytest

from tests.conftest import NetworkRefusedError


def test_leaving_the_machine_is_refused() -> None:
    with socket.socket() as client, pytest.raises(NetworkRefusedError):
        client.connect(("192.0.2.1", 80))


def test_loopback_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
        assert client.getpeername() == server.getsockname()
