"""The portal over https with a certificate of its own, from the first administrator on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import needs
from tests.browser.looks import Looks
from tests.browser.troubles import Troubles
from tests.mail_servers import free_port
from tests.servers import LONGEST_START, Server, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPENSSL = Path("/usr/bin/openssl")
PASSWORD = "calm harbour seven lanterns"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """`flask serve` on an empty folder, with a certificate that openssl signed for itself."""
    needs(OPENSSL, "openssl")
    key, certificate, port = tmp_path / "key.pem", tmp_path / "certificate.pem", free_port()
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    server = Server(
        "serve",
        tmp_path / "data",
        port,
        MUSTER_TLS_CERTIFICATE=str(certificate),
        MUSTER_TLS_KEY=str(key),
        MUSTER_PUBLIC_URL=f"https://localhost:{port}",
    )
    until(lambda: "first-administrator" in server.said() or server.process.poll() is not None, LONGEST_START)
    yield server
    server.end()


@pytest.fixture
def page(chromium: Browser, server: Server, troubles: Troubles) -> Iterator[Page]:
    context = chromium.new_context(base_url=f"https://localhost:{server.port}", ignore_https_errors=True)
    troubles.watch(context)
    yield context.new_page()
    context.close()


def test_forms_work_over_https_and_the_cookie_is_bound_to_the_host(
    page: Page, server: Server, looks: Looks
) -> None:
    link = re.search(r"https://\S+/first-administrator/\S+", server.said())
    assert link, server.log.read_text()
    page.goto(link[0])
    looks.at(page, "first-administrator")
    for label, text in {
        "User name": "carol",
        "Your name": "Carol Singh",
        "E-mail address": "carol@harbour.example",
        "Password": PASSWORD,
        "The same password again": PASSWORD,
    }.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Create the account and sign in").click()
    expect(page.get_by_text("Welcome, Carol")).to_be_visible()

    page.get_by_text("Welcome, Carol").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("User name").fill("carol")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in with password").click()
    expect(page.get_by_text("Welcome, Carol")).to_be_visible()

    page.goto("/account")
    page.get_by_label("Your name").fill("Carol A. Singh")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your account is saved.")).to_be_visible()

    answer = page.goto("/")
    assert answer
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
    for cookie in page.context.cookies():
        says_where_it_belongs(cookie)


def says_where_it_belongs(cookie: Any) -> None:
    assert cookie["name"].startswith("__Host-")
    assert cookie["secure"]
    assert cookie["httpOnly"]
    assert cookie["path"] == "/"
    assert cookie["sameSite"] == "Lax"
