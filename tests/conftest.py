"""The cast, the clock, and a browser: Alice owns the device, Bob is another user, Carol the administrator, Dave
the help desk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from argon2 import PasswordHasher
from bs4 import BeautifulSoup, Tag
from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from hypothesis import HealthCheck
from werkzeug.test import TestResponse

from app import create_app
from blueprints.shared import apple_site
from config import Config
from models import Device, Message, Ownership, Platform, Proof, Registration, Role, Status, User, Way
from services import clock as the_clock
from services import (
    codes,
    connections,
    database,
    device_authority,
    keyring,
    locks,
    outbox,
    passwords,
    sessions,
    users,
)

PASSWORD = "calm harbour seven lanterns"  # of everybody in the cast
NOON = 1_790_000_000  # 2026-09-21 14:13:20 UTC

# Any machine is slow at times, and other tests run beside. Where CI is set, hypothesis by itself tries the same values
# each time: what it finds by chance, it finds on somebody's own machine.
hypothesis.settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("ours")

EVERY_USER_ROLE = frozenset(Role) - {Role.HELP_DESK, Role.ADMINISTRATOR}
CAST = {
    "alice": ("Alice Moreno", EVERY_USER_ROLE),
    "bob": ("Bob Tanaka", {Role.USER_PORTAL, Role.LOCK}),
    "carol": ("Carol Singh", {Role.USER_PORTAL, Role.ADMINISTRATOR}),
    "dave": ("Dave Okafor", {Role.USER_PORTAL, Role.HELP_DESK}),
}


@dataclass
class Clock:
    """The time that the whole program sees. It stands still until a test moves it."""

    now: float = NOON

    def move(self, seconds: float) -> None:
        self.now += seconds


class Answer:
    """What came back, as a person sees it."""

    def __init__(self, response: TestResponse) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.data = response.data
        is_text = response.mimetype.startswith(("text/", "application/")) and not response.content_encoding
        self.text = response.get_data(as_text=True) if is_text else ""
        self.location = response.headers.get("Location") or response.headers.get("HX-Redirect") or ""

    @cached_property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.text, "html.parser")

    @property
    def is_page(self) -> bool:
        """A whole page, not a fragment."""
        return self.soup.find("html") is not None

    def one(self, selector: str) -> Tag:
        """The only element that the selector finds."""
        found = self.soup.select(selector)
        assert len(found) == 1, f"{selector} finds {len(found)} elements in:\n{self.text}"
        return found[0]

    def words(self, selector: str = "body") -> str:
        """The text of the first element found, with single spaces."""
        found = self.soup.select_one(selector)
        return " ".join(found.get_text(" ").split()) if found else ""

    def error_of(self, field: str) -> str:
        """The sentence beside a field; nothing if it is right."""
        found = self.soup.select_one(f"#{field}-error")
        return " ".join(found.get_text(" ").split()) if found else ""


class Visitor:
    """A browser, of somebody who is signed in or of a stranger."""

    def __init__(self, app: Flask, user: User | None) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.user = user
        with app.test_request_context():
            self.csrf_token = generate_csrf()
            kept = {"csrf_token": session["csrf_token"]}
        if user is not None:
            self.token = sessions.start(user, "A browser", "127.0.0.1")
            kept |= {"_user_id": self.token, "_fresh": True}
        with self.client.session_transaction() as cookie:
            cookie.update(kept)

    def get(self, url: str, htmx: bool = False, **more: Any) -> Answer:
        return self.open("GET", url, htmx, **more)

    def post(self, url: str, htmx: bool = False, **fields: Any) -> Answer:
        """Send a form, as a page of ours would: with its CSRF token."""
        return self.open("POST", url, htmx, data={"csrf_token": self.csrf_token, **fields})

    def open(self, method: str, url: str, htmx: bool = False, **more: Any) -> Answer:
        """Anything else; `headers`, `data`, `json` as in Werkzeug's client."""
        headers = {**({"HX-Request": "true"} if htmx else {}), **more.pop("headers", {})}
        with self.client.open(url, method=method, headers=headers, **more) as response:
            return Answer(response)


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> None:
    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def _patience() -> None:
    """Tests write in more threads at once than a server has, on disks that are slow at times: none shall give up."""
    connections.BUSY_SECONDS = 60


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, _cheap_hashes: None) -> Path:
    """A data folder with every migration and the cast, made once and copied for each test.

    All of it began at NOON: by today's clock it would be younger, or older, than what the tests do.
    """
    folder = tmp_path_factory.mktemp("template")
    open_folder(folder, create=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(the_clock, "source", lambda: NOON)
        database.migrate()
        database.connect()
        for username, (name, roles) in CAST.items():
            users.create(username, name, f"{username}@harbour.example", PASSWORD, roles, by=None)
        device_authority.create()
        database.close()
    return folder


@pytest.fixture(scope="session")
def _app(template: Path) -> Flask:
    """Made once: what differs between tests is the data folder."""
    made = create_app(Config(data=template, public_url="http://localhost"))
    made.testing = True
    database.close()
    return made


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    """This test's own data folder, open."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    for name in ("muster.db", "muster.key"):
        shutil.copy2(template / name, folder / name)
    open_folder(folder)
    return folder


@pytest.fixture
def app(_app: Flask, data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application on a fresh database with the cast in it. The test itself holds a connection."""
    monkeypatch.setitem(_app.config, "DATA", data)
    apple_site.init(_app)  # a test before may have made another application
    database.connect()
    yield _app
    database.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(the_clock, "source", lambda: moved.now)
    return moved


@pytest.fixture
def alice(app: Flask) -> User:
    return User.get(User.username == "alice")


@pytest.fixture
def bob(app: Flask) -> User:
    return User.get(User.username == "bob")


@pytest.fixture
def carol(app: Flask) -> User:
    return User.get(User.username == "carol")


@pytest.fixture
def dave(app: Flask) -> User:
    return User.get(User.username == "dave")


@pytest.fixture
def visit(app: Flask) -> Callable[[User | None], Visitor]:
    """visit(alice).get("/"); visit(None) is a stranger."""
    return lambda user: Visitor(app, user)


@pytest.fixture
def a_device(app: Flask) -> Callable[..., Device]:
    """a_device(alice, "lost", name="ThinkPad X1"): a row as it stands after a life of its own."""

    def make(owner: User, status: str = Status.ACTIVE, **columns: Any) -> Device:
        now = the_clock.now()
        is_in = status not in (
            Status.PENDING,
            Status.VERIFIED,
            Status.ENROLLING,
            Status.EXPIRED,
            Status.CANCELLED,
        )
        name = columns.get("name", "ThinkPad X1" if is_in else "")
        usual: dict[str, Any] = {
            "code": codes.code(),
            "user": owner,
            "platform": Platform.LINUX,
            "channel": "agent",
            "status": status,
            "status_at": now,
            "ownership": Ownership.EMPLOYEE,
            "name": name,
            "name_search": name.casefold(),
            "created_at": now,
        }
        if is_in:
            usual |= {
                "model": "ThinkPad X1",
                "manufacturer": "Lenovo",
                "os_name": "Debian",
                "os_version": "12.5",
                "registered_at": now,
                "last_check_in_at": now,
            }
        return Device.create(**{**usual, **columns})

    return make


@pytest.fixture
def a_registration(app: Flask, a_device: Callable[..., Device]) -> Callable[..., Registration]:
    """a_registration(alice): Pending, by invitation, alive; `device` and columns as wished."""

    def make(owner: User, device: Device | None = None, **columns: Any) -> Registration:
        now = the_clock.now()
        usual: dict[str, Any] = {
            "code": codes.code(8),
            "user": owner,
            "device": device or a_device(owner, Status.PENDING),
            "way": Way.INVITATION,
            "proof": Proof.PASSWORD,
            "created_by": owner,
            "created_at": now,
            "issued_at": now,
            "expires_at": now + 4 * 3600,
        }
        return Registration.create(**{**usual, **columns})

    return make


@dataclass
class Mail:
    """One message of the outbox, with what would be written into it."""

    message: Message
    params: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.message.kind)

    @property
    def recipient(self) -> str:
        return str(self.message.recipient)


@pytest.fixture
def mailbox(app: Flask) -> Callable[[], list[Mail]]:
    """mailbox(): everything in the outbox, oldest first."""
    return lambda: [
        Mail(message, outbox.params_of(message)) for message in Message.select().order_by(Message.id)
    ]


def open_folder(folder: Path, create: bool = False) -> None:
    locks.open_locks(folder)
    keyring.open_keyring(folder, create=create)
    database.open_database(folder)
