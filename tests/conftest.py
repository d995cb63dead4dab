"""What every test shares: no network but this machine's, the embedded figures, and real data where there is any."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from data_sources.ingest import open_store

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def _refuse_others(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if not name.startswith("127.") and name not in ("::1", "localhost"):
        raise AssertionError(f"a test tried to reach {name}")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connection that would leave this machine fails the test; so does asking for its address."""

    def guard(connect: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                _refuse_others(address[0])
            return connect(self, address)

        return guarded

    def resolve(host: Any, *rest: Any, **options: Any) -> Any:
        _refuse_others(host)
        return getaddrinfo(host, *rest, **options)

    getaddrinfo = socket.getaddrinfo
    monkeypatch.setattr(socket.socket, "connect", guard(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guard(socket.socket.connect_ex))
    monkeypatch.setattr(socket, "getaddrinfo", resolve)


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
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds the embedded figures alone, for all to read; whoever writes copies it."""
    folder = tmp_path_factory.mktemp("embedded")
    open_store(folder)
    return folder


@pytest.fixture
def seeded(embedded: Path, tmp_path: Path) -> Path:
    """A copy of that store, for a test that writes."""
    return shutil.copytree(embedded, tmp_path / "store")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a browser: $CHROMIUM, as `make test` sets it, else one on the path.

    Where there is none the test is skipped, and counted in the last line; in continuous integration it fails.
    """
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    if path:
        return path
    missing = "no Chromium or Chrome: install one, or set CHROMIUM to its path"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


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
