"""Signing in by OpenID Connect, against a provider on this machine: who signs, with what roles, and out again."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = (
    {"sub": "ana", "email": "ana@example.org", "email_verified": True},
    {"sub": "eve", "email": "eve@example.org", "email_verified": True, "name": "ana@example.org"},
)
ROLES = '"ana@example.org" = ["epidemiologist", "lead-MX"]\n'
SECRETS = """[auth]
redirect_uri = "{app}/oauth2callback"
cookie_secret = "a secret of this test, long enough for a key of 256 bits"
client_id = "dashboard"
client_secret = "not checked"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""

Settled = Callable[[Page], None]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, chromium: str, embedded: Path) -> Iterator[str]:
    """The app with sign-in set up, and the provider; each a process of its own, whose warnings are its own."""
    folder = tmp_path_factory.mktemp("login")
    store = shutil.copytree(embedded, folder / "store")
    app, provider = (f"http://127.0.0.1:{port}" for port in _free_ports())
    secrets, roles = folder / "secrets.toml", folder / "roles.toml"
    secrets.write_text(SECRETS.format(app=app, provider=provider), "utf-8")
    roles.write_text(ROLES, "utf-8")
    people = [word for claims in PEOPLE for word in ("--user-claims", json.dumps(claims))]
    mock = [
        str(Path(sys.executable).with_name("oidc-provider-mock")),
        "--port",
        provider.rpartition(":")[2],
        *people,
    ]
    serve = [
        sys.executable, "-m", "dashboard", "--store", str(store), "serve", "--port",
        app.rpartition(":")[2],
    ]  # fmt: skip
    environment = os.environ | {
        "DRUG_TRENDS_ROLES": str(roles),
        "STREAMLIT_SECRETS_FILES": str(secrets),
        "AUTHLIB_INSECURE_TRANSPORT": "1",  # the provider of this test speaks http
    }
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen(command, cwd=ROOT, env=environment, **quiet) for command in (mock, serve)]
    try:
        _answers(f"{provider}/.well-known/openid-configuration")
        _answers(f"{app}/_stcore/health")
        yield app
    finally:
        for process in started:
            process.terminate()
            process.wait(20)


def _free_ports() -> list[int]:
    with socket.socket() as one, socket.socket() as other:
        for free in (one, other):
            free.bind(("127.0.0.1", 0))
        return [free.getsockname()[1] for free in (one, other)]


def _answers(url: str) -> None:
    """Wait until an address answers."""
    for _ in range(120):
        try:
            urlopen(url, timeout=1).close()
            return
        except (URLError, TimeoutError):
            time.sleep(0.5)
    pytest.fail(f"{url} does not answer")


def sign_in(page: Page, settled: Settled, address: str, sub: str) -> None:
    page.goto(f"{address}/signals?lang=en")
    settled(page)
    expect(page.get_by_test_id("stMain")).to_contain_text("not signed in · viewer")
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=sub]").fill(sub)
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_test_id("stMain").locator("h1")).to_be_visible()  # back from the provider
    page.goto(f"{address}/signals?lang=en")
    settled(page)


def test_a_person_signs_in_with_the_roles_of_the_file_and_out_again(
    browser: Browser, address: str, settled: Settled
) -> None:
    page = browser.new_context().new_page()
    sign_in(page, settled, address, "ana")
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("viewer, epidemiologist, lead for Mexico")
    assert "ana@example.org" in main.inner_text().replace("\u2060", "")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    page.wait_for_load_state()  # the provider signs out too, on a page of its own
    page.goto(f"{address}/signals?lang=en")
    settled(page)
    expect(main).to_contain_text("not signed in · viewer")
    page.context.close()


def test_a_stranger_is_a_viewer_whatever_name_they_chose(browser: Browser, address: str, settled: Settled) -> None:
    page = browser.new_context().new_page()
    sign_in(page, settled, address, "eve")
    shown = page.get_by_test_id("stMain").inner_text().replace("\u2060", "")
    assert "eve@example.org · viewer\n" in shown
    assert "ana@example.org" not in shown
    page.context.close()
