"""CSRF, the Origin rule, the headers of every answer, cookies and hosts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from config import Config
from models import User
from services import database
from tests.conftest import PASSWORD, Visitor, open_folder

Visit = Callable[[User | None], Visitor]
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize(
    ("url", "htmx"),
    [
        ("/sign-in", False),
        ("/account", False),
        ("/account", True),
        ("/no/such/page", False),
        ("/no/such/page", True),
        ("/livez", False),
        ("/api/agent/v1/none", False),
        ("/static/none.css", False),
    ],
)
def test_every_answer_carries_the_headers(visit: Visit, url: str, htmx: bool) -> None:
    headers = visit(None).get(url, htmx=htmx).headers
    assert headers["Content-Security-Policy"] == CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Permissions-Policy" in headers
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("url", ["/apple/mdm", "/apple/scep?operation=GetCACaps", "/api/agent/v1/checkin"])
def test_what_a_device_gets_carries_the_few_that_count_where_no_page_is(app: Flask, url: str) -> None:
    headers = app.test_client().post(url).headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Permissions-Policy" not in headers


def test_static_files_are_kept_for_ever_and_compressed(visit: Visit) -> None:
    stranger = visit(None)
    url = str(stranger.get("/sign-in").one("link[rel=stylesheet]")["href"])
    answer = stranger.get(url, headers={"Accept-Encoding": "gzip"})
    assert answer.status == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "nonsense"}, 403),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
    ],
)
def test_forms_of_other_sites_are_refused(visit: Visit, headers: dict[str, str], status: int) -> None:
    visitor = visit(None)
    answer = visitor.open(
        "POST",
        "/sign-in",
        headers=headers,
        data={"csrf_token": visitor.csrf_token, "username": "alice", "password": PASSWORD},
    )
    assert answer.status == status


def test_reading_from_another_site_is_no_harm(visit: Visit) -> None:
    assert visit(None).get("/sign-in", headers={"Sec-Fetch-Site": "cross-site"}).status == 200


def test_a_form_without_token_is_explained(visit: Visit, alice: User) -> None:
    visitor = visit(alice)
    answer = visitor.open("POST", "/account", headers={"Referer": "http://localhost/account"})
    assert answer.status == 403
    assert answer.is_page
    assert answer.words("h1") == "This page was open for too long"
    assert answer.one("main .btn.main")["href"] == "/account"


def test_htmx_without_token_gets_a_message(visit: Visit, alice: User) -> None:
    answer = visit(alice).open("POST", "/account", htmx=True)
    assert answer.status == 403
    assert not answer.is_page
    assert answer.headers["HX-Retarget"] == "#messages"
    assert answer.headers["HX-Reswap"] == "innerHTML"
    assert answer.one(".msg")["role"] == "alert"


def test_the_token_of_another_session_is_refused(visit: Visit, alice: User, bob: User) -> None:
    assert visit(alice).post("/account", csrf_token=visit(bob).csrf_token).status == 403


def test_a_foreign_host_is_refused(visit: Visit) -> None:
    answer = visit(None).get("/sign-in", headers={"Host": "evil.example"})
    assert answer.status == 400
    assert "evil.example" not in answer.text
    assert answer.headers["Content-Security-Policy"] == CSP


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000"])
def test_our_own_hosts_are_not(visit: Visit, host: str) -> None:
    assert visit(None).get("/sign-in", headers={"Host": host}).status == 200


def test_the_cookie_of_a_plain_address(app: Flask) -> None:
    cookie = app.test_client().get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("muster=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie


def test_https_has_stricter_cookies_and_hsts(template: Path, app: Flask) -> None:
    secure = create_app(Config(data=app.config["DATA"], public_url="https://muster.harbour.example"))
    client = secure.test_client()
    page = client.get("/sign-in", base_url="https://muster.harbour.example")
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-muster=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    database.close()
    open_folder(app.config["DATA"])
    database.connect()


def test_behind_a_proxy_the_forwarded_address_counts(template: Path, app: Flask) -> None:
    behind = create_app(
        Config(data=app.config["DATA"], public_url="https://muster.harbour.example", trusted_proxies=1)
    )
    seen: list[tuple[str | None, str]] = []
    behind.before_request_funcs[None].insert(0, lambda: seen.append(_seen()))
    behind.test_client().get(
        "/livez",
        base_url="http://127.0.0.1",
        headers={
            "X-Forwarded-For": "198.51.100.9, 203.0.113.7",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "muster.harbour.example",
        },
    )
    assert seen == [("203.0.113.7", "https://muster.harbour.example/")]
    database.close()
    open_folder(app.config["DATA"])
    database.connect()


def test_without_a_proxy_nobody_names_their_own_address(app: Flask) -> None:
    with app.test_client() as client:
        client.get("/livez", headers={"X-Forwarded-For": "203.0.113.7"})
        assert _seen()[0] == "127.0.0.1"


def test_the_size_of_a_body_is_limited(visit: Visit) -> None:
    visitor = visit(None)
    answer = visitor.open("POST", "/sign-in", data=b"x" * 2_000_000, content_type="text/plain")
    assert answer.status == 413
    assert answer.words("h1") == "That was too long"


def test_json_is_no_form(visit: Visit, alice: User) -> None:
    visitor = visit(alice)
    for body in ([1, 2], {"name": {}}, "text", None):
        answer = visitor.open("POST", "/account", json=body, headers={"X-CSRFToken": visitor.csrf_token})
        assert answer.status == 422


def _seen() -> tuple[str | None, str]:
    from flask import request

    return request.remote_addr, request.host_url
