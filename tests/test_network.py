"""The guard in conftest.py: no test reaches, or looks up, another machine."""

from __future__ import annotations

import socket
import urllib.request

import pytest


@pytest.mark.parametrize("connect", ["connect", "connect_ex"])
def test_a_connection_to_another_machine_fails_the_test(connect: str) -> None:
    with socket.socket() as outgoing, pytest.raises(AssertionError, match="a test tried to reach 192"):
        getattr(outgoing, connect)(("192.0.2.1", 80))  # an address kept for documentation


def test_asking_for_another_machines_address_fails_the_test() -> None:
    with pytest.raises(AssertionError, match=r"a test tried to reach example\.org"):
        urllib.request.urlopen("http://example.org", timeout=1)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
