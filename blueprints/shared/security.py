"""What guards every request and every answer: CSRF, the Origin rule, the headers, limits on bodies."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, request, session
from flask_wtf.csrf import CSRFProtect, generate_csrf
from werkzeug.exceptions import Forbidden

MOST_BYTES = 1024 * 1024
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers would then send "Origin: null", and every form over https would be refused.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
FOR_DEVICES = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
HSTS = "max-age=31536000"

csrf = CSRFProtect()
_without_session: set[str] = set()  # names of blueprints that carry no cookie, so that nothing can be forged


class CrossSite(Forbidden):
    """Another site sent this form."""


def init(app: Flask) -> None:
    """Register the checks. Call it after `access.init`: strangers are refused before anything is parsed."""
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_BYTES,
        PROVIDE_AUTOMATIC_OPTIONS=False,
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
        WTF_CSRF_SSL_STRICT=False,  # the rule below asks for more than a referrer
    )
    app.before_request(refuse_other_sites)
    csrf.init_app(app)
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.after_request(add_headers)


def for_devices(blueprint: Blueprint) -> Blueprint:
    """Device software calls this blueprint: it has no cookie and no page that a form could stand on."""
    csrf.exempt(blueprint)
    _without_session.add(blueprint.name)
    return blueprint


def csrf_token() -> str:
    """For forms. It is signed once in a session's life, not anew for each page."""
    secret = session.get("csrf_token")
    return _signed(secret) if secret else str(generate_csrf())


@lru_cache(maxsize=10_000)
def _signed(secret: str) -> str:
    """`secret` is this session's own: it keeps the sessions apart."""
    return str(generate_csrf())


def headers(is_https: bool, is_for_device: bool = False) -> dict[str, str]:
    """A device shows no pages: what it gets needs less said about it."""
    return (FOR_DEVICES if is_for_device else HEADERS) | (
        {"Strict-Transport-Security": HSTS} if is_https else {}
    )


def refuse_other_sites() -> None:
    """Sec-Fetch-Site is believed first, then Origin. A browser that sends neither is not refused for it."""
    if request.method not in UNSAFE or request.blueprint in _without_session:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossSite()
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin not in (_public_origin(), f"{request.scheme}://{request.host}"):
        raise CrossSite()


def add_headers(response: Response) -> Response:
    """What a view has set stays. Not by `setdefault`: it raises and catches an exception for each that is missing."""
    set_already = {name.lower() for name, _ in response.headers}
    is_for_device = request.blueprint in _without_session
    for name, value in _added(current_app.config["SESSION_COOKIE_SECURE"], is_for_device):
        if name.lower() not in set_already:
            response.headers.add(name, value)
    return response


@lru_cache(maxsize=4)
def _added(is_https: bool, is_for_device: bool) -> tuple[tuple[str, str], ...]:
    return (*headers(is_https, is_for_device).items(), ("Cache-Control", "no-store"))


def _public_origin() -> str:
    parts = urlsplit(current_app.config["PUBLIC_URL"])
    return f"{parts.scheme}://{parts.netloc}"
