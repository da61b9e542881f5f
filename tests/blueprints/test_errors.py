"""Error pages, messages for htmx, JSON for device software, and the reference in the log."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, abort
from peewee import OperationalError
from werkzeug.exceptions import TooManyRequests

from blueprints.shared import access
from models import User
from services.refused import Forbidden, Refused
from services.sign_in import TooMany
from tests.conftest import Visitor

Visit = Callable[[User | None], Visitor]
TROUBLE: dict[str, BaseException | int] = {
    "400": 400, "403": 403, "404": 404, "405": 405, "409": 409, "413": 413, "415": 415, "422": 422,
    "418": 418,
    "wait": TooManyRequests(retry_after=30),
    "too-many": TooMany(90),
    "refused": Refused("The %(device)s is <already> locked.", device="<b>X1</b>"),
    "forbidden": Forbidden("You do not have the right to do this."),
    "locked": OperationalError("database is locked"),
    "full": OperationalError("database or disk is full"),
    "no-table": OperationalError("no such table: device"),
    "ours": ZeroDivisionError("secret detail"),
}  # fmt: skip


@pytest.fixture
def trouble(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of the accessibility statement gets into trouble: ?kind=..."""

    def in_trouble() -> Any:
        from flask import request

        kind = TROUBLE[request.args["kind"]]
        if isinstance(kind, int):
            abort(kind)
        raise kind

    monkeypatch.setitem(app.view_functions, "information.accessibility", access.public(in_trouble))
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize(
    ("kind", "status", "heading"),
    [
        ("400", 400, "We did not understand that"),
        ("403", 403, "You may not do this"),
        ("404", 404, "There is no such page"),
        ("405", 405, "This address does not work that way"),
        ("409", 409, "That is not possible now"),
        ("413", 413, "That was too long"),
        ("415", 415, "We cannot read that"),
        ("418", 418, "We did not understand that"),
        ("422", 422, "Something needs another look"),
        ("wait", 429, "Please wait a little"),
        ("too-many", 429, "Please wait a little"),
        ("refused", 409, "That is not possible now"),
        ("forbidden", 403, "You may not do this"),
        ("locked", 503, "We are busy for a moment"),
        ("full", 503, "We are busy for a moment"),
        ("no-table", 500, "Something went wrong here"),
        ("ours", 500, "Something went wrong here"),
    ],
)
def test_trouble_is_explained(
    visit: Visit, caplog: pytest.LogCaptureFixture, kind: str, status: int, heading: str
) -> None:
    caplog.set_level(logging.INFO, logger="muster.errors")
    url = f"/accessibility?kind={kind}"
    page = visit(None).get(url)
    assert page.status == status
    assert page.is_page
    assert page.words("h1") == heading
    reference = page.words(".key")
    assert re.fullmatch(rf"{status}-[2-9A-Z]{{4}}", reference)
    assert reference in caplog.text
    assert "secret detail" not in page.text
    assert "Traceback" not in page.text

    message = visit(None).get(url, htmx=True)
    assert message.status == status
    assert not message.is_page
    assert message.headers["HX-Retarget"] == "#messages"
    assert message.headers["HX-Reswap"] == "innerHTML"
    assert message.words(".msg strong") == f"{heading}."
    for answer in (page, message):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.usefixtures("trouble")
@pytest.mark.parametrize(
    ("kind", "seconds"), [("wait", "30"), ("too-many", "90"), ("locked", "5"), ("full", "5")]
)
def test_what_passes_says_when_to_try_again(visit: Visit, kind: str, seconds: str) -> None:
    assert visit(None).get(f"/accessibility?kind={kind}").headers["Retry-After"] == seconds


@pytest.mark.usefixtures("trouble")
def test_a_refusal_is_said_in_its_own_words(visit: Visit) -> None:
    page = visit(None).get(
        "/accessibility?kind=refused", headers={"Referer": "http://localhost/devices/k7m2q9?x=1"}
    )
    assert page.words(".lead") == "The <b>X1</b> is <already> locked."
    assert page.one("main .btn.main")["href"] == "/devices/k7m2q9"


@pytest.mark.usefixtures("trouble")
def test_the_way_back_leads_to_no_other_site(visit: Visit) -> None:
    page = visit(None).get("/accessibility?kind=refused", headers={"Referer": "https://evil.example/devices"})
    assert page.one("main .btn.main")["href"] == "/"


@pytest.mark.usefixtures("trouble")
def test_the_page_needs_no_database(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = visit(None)

    def broken() -> None:
        raise OperationalError("no such table: setting")

    monkeypatch.setattr("services.settings.load", broken)
    page = visitor.get("/accessibility?kind=404")
    assert page.status == 404
    assert page.words("h1") == "There is no such page"


def test_an_unknown_page_shows_the_way_home(visit: Visit, alice: User) -> None:
    page = visit(alice).get("/no/such/page")
    assert page.status == 404
    assert page.one("main .btn.main")["href"] == "/"
    assert visit(None).get("/no/such/page").one("main .btn.main")["href"] == "/sign-in"


def test_a_wrong_method_names_the_right_ones(visit: Visit) -> None:
    answer = visit(None).open("PUT", "/sign-in")
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_a_secret_in_the_address_is_not_logged(visit: Visit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="muster")
    visit(None).get("/first-administrator/a-very-secret-token/")
    visit(None).get("/go/a-very-secret-token/more")
    assert "muster.errors" in [record.name for record in caplog.records]
    assert "a-very-secret-token" not in "".join(record.getMessage() for record in caplog.records)


def test_device_software_gets_json(visit: Visit) -> None:
    answer = visit(None).get("/api/agent/v1/no-such-thing")
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert '"status":404' in answer.text.replace(" ", "")


def test_nothing_is_registered_twice(app: Flask) -> None:
    assert len({blueprint.name for blueprint in app.blueprints.values()}) == len(app.blueprints)
    assert all(isinstance(blueprint, Blueprint) for blueprint in app.blueprints.values())
