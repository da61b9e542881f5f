"""The demo of the portal, a Chromium, and people in front of it. What a page complains about fails its test."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from models import (
    Command,
    Device,
    Message,
    OneTimeLink,
    Platform,
    PushCertificate,
    Registration,
    Setting,
    Throttle,
    User,
    UserSession,
    Way,
    database,
)
from services import enrolment_tokens, registrations
from tests.browser.computer import Computer
from tests.browser.house import House
from tests.browser.looks import Looks
from tests.browser.troubles import Troubles
from tests.conftest import Clock, open_folder
from tests.servers import running

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 20_000  # milliseconds that something on a page may take: two slow polls
OF_ONE_TEST = (Command, Message, Registration, Device, UserSession, Throttle, OneTimeLink, PushCertificate)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    needs(CHROMIUM, "chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demo, started once: each test finds its people and settings, and nothing else."""
    needs(CHROMIUM, "chromium")
    with running("demo", tmp_path_factory.mktemp("browser") / "demo") as server:
        yield House(server)


@pytest.fixture
def data(house: House) -> Path:
    """The demo's own database, open in this process too, without what the test before left in it."""
    open_folder(house.data)
    with database.connection_context(), database.atomic():
        for table in OF_ONE_TEST:
            table.delete().execute()
        if not house.settings:
            house.settings = list(Setting.select().dicts())
        Setting.delete().execute()
        Setting.insert_many(house.settings).execute()
    return house.data


@pytest.fixture
def clock() -> Clock:
    """The real time: the portal is another process."""
    return Clock(time.time())


@pytest.fixture
def troubles() -> Iterator[Troubles]:
    """Everything that went wrong in any page of the test. `troubles.expect("422")` names what should."""
    found = Troubles()
    yield found
    assert not found.unexpected(), "\n".join(found.unexpected())


@pytest.fixture
def looks() -> Iterator[Looks]:
    """Gathers what is wrong with the looks of the pages that it is shown, and fails the test for it."""
    found = Looks()
    yield found
    assert not found.problems, "\n".join(found.problems)


@pytest.fixture
def browser_of(
    chromium: Browser, house: House, troubles: Troubles, app: object
) -> Iterator[Callable[..., Page]]:
    """browser_of("alice"): a browser of her own, at her home page. browser_of(None) is a stranger's."""
    contexts = []

    def open_browser(username: str | None, javascript: bool = True, **options: Any) -> Page:
        context = chromium.new_context(
            base_url=house.url, java_script_enabled=javascript, locale="en-GB", **options
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        troubles.watch(context)
        page = context.new_page()
        if username is not None:
            house.sign_in(page, username)
        return page

    yield open_browser
    for context in contexts:
        context.close()


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    """A computer that may join. Its tools are made up, so that nobody's real screen locks."""
    return Computer(tmp_path / "computer")


@pytest.fixture
def enrolled(alice: User, computer: Computer, house: House) -> Device:
    """Alice's computer, in the house: it joined with the real agent."""
    issued = registrations.start(alice, Platform.LINUX, Way.QR, by=alice)
    token = enrolment_tokens.accept(issued.registration, issued.registration.issued_at)
    computer.fetch(house.url + "/go/agent")
    computer.run("enroll", "--server", house.url, f"--token={token}", "--once")
    return Device.get(Device.code == issued.device.code)


def needs(tool: Path, package: str) -> None:
    """Skip what cannot run here, with a line that says so; in CI nothing may be skipped."""
    if tool.exists():
        return
    reason = f"{tool} is missing: apt-get install {package}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
