"""What every test shares: no network but this machine's, and the folders of real data where they exist."""

from __future__ import annotations

import importlib.util
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connection that would leave this machine fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> object:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:  # type: ignore[index]
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _folder(name: str) -> Path:
    folder = SHARED / name
    if not folder.exists():
        pytest.skip(f"the folder of real files {name} is not beside this checkout")
    return folder


@pytest.fixture
def shared_data() -> Path:
    """Real published files."""
    return _folder("data")


@pytest.fixture
def shared_oracle() -> Path:
    """Results of R surveillance."""
    return _folder("oracle")


@pytest.fixture(scope="session")
def bench() -> Callable[[str], ModuleType]:
    """A module of bench/, by name: a study and its test compute the same thing."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / "bench" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # where dataclasses look their annotations up
        spec.loader.exec_module(module)
        return module

    return load
