"""Every refusal and every failure as a page, as a message for htmx, or as JSON for device software."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace

from flask import Flask, Response, jsonify, request
from flask.globals import request_ctx
from flask_babel import ngettext
from flask_wtf.csrf import CSRFError
from peewee import OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, TooManyRequests

from blueprints.shared import access, forms, pages
from blueprints.shared.explanations import EXPLANATIONS, OLD_PAGE, OTHER_SITE, Explanation
from blueprints.shared.security import CrossSite
from services.codes import ALPHABET
from services.refused import Forbidden, Refused
from services.sign_in import TooMany

log = logging.getLogger("muster.errors")

BUSY_SECONDS = 5  # when to try again while another process holds the database, or the disk is full
PASSING = ("is locked", "is full", "busy", "disk I/O error")  # in SQLite's words


def init(app: Flask) -> None:
    """One handler a kind of trouble; all of them end in `answer`."""
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(CSRFError, old_page)
    app.register_error_handler(CrossSite, other_site)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(TooMany, too_many)
    app.register_error_handler(OperationalError, database_trouble)
    app.register_error_handler(InternalServerError, failure)


def http_error(error: HTTPException) -> Response | HTTPException:
    if error.response is not None or error.code is None or error.code < 400:
        return error  # somebody aborted with an answer of their own, or it is a redirect
    response = answer(error.code)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.allow.update(error.valid_methods)
    if isinstance(error, TooManyRequests) and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def old_page(error: CSRFError) -> Response:
    return answer(403, OLD_PAGE, back=pages.page_before())


def other_site(error: CrossSite) -> Response:
    return answer(403, OTHER_SITE)


def refused(error: Refused) -> Response:
    """A rule said no, and no form was there to show it beside a field."""
    status = 403 if isinstance(error, Forbidden) else 409
    explanation = replace(EXPLANATIONS[status], lead=forms.sentence(error))
    return answer(status, explanation, back=pages.page_before())


def too_many(error: TooMany) -> Response:
    minutes = -(-error.seconds // 60)
    more = ngettext("Try again in %(num)s minute.", "Try again in %(num)s minutes.", minutes)
    response = answer(429, replace(EXPLANATIONS[429], more=more))
    response.headers["Retry-After"] = str(error.seconds)
    return response


def database_trouble(error: OperationalError) -> Response:
    """Another process holds the database for too long, or the disk is full: both pass. Anything else is ours."""
    said = _said_by(error)
    if not any(words in said for words in PASSING):
        raise error
    log.error("database: %s", said)
    response = answer(503)
    response.headers["Retry-After"] = str(BUSY_SECONDS)
    return response


def _said_by(error: BaseException | None) -> str:
    """With what came before it: a transaction that cannot be rolled back hides why."""
    said = []
    while error is not None:
        said.append(str(error))
        error = error.__context__
    return "; ".join(said)


def failure(error: InternalServerError) -> Response:
    return answer(500, cause=error.original_exception)


def answer(
    status: int, explanation: Explanation | None = None, back: str = "", cause: BaseException | None = None
) -> Response:
    """The error as whoever asked can use it, with a reference that also stands in the log."""
    explanation = explanation or EXPLANATIONS.get(status, EXPLANATIONS[500 if status >= 500 else 400])
    reference = f"{status}-" + "".join(secrets.choice(ALPHABET) for _ in range(4)).upper()
    log.log(
        logging.ERROR if status >= 500 else logging.INFO,
        "%s: %s %s",
        reference,
        request.method,
        _place(),
        exc_info=cause,
    )
    if request.path.startswith("/api/"):
        return _problem(status, explanation, reference)
    try:
        return _page(status, explanation, reference, back)
    except Exception:
        # The page itself needs the database, and that may be what is broken.
        log.exception("%s: the error page failed as well", reference)
        return _bare(status, explanation, reference)


def _page(status: int, explanation: Explanation, reference: str, back: str) -> Response:
    if request_ctx.url_adapter is None:  # a foreign Host header: there is no address to link to
        return _bare(status, explanation, reference)
    response = pages.page_or_fragment(
        "errors/error.html",
        "errors/_message.html",
        status=status,
        explanation=explanation.in_readers_language(),
        reference=reference,
        back=back,
        is_signed_in=access.is_signed_in(),
    )
    return pages.into_messages(response) if pages.wants_fragment() else response


def _problem(status: int, explanation: Explanation, reference: str) -> Response:
    """RFC 9457."""
    response = jsonify(
        type="about:blank", status=status, title=explanation.title, instance=f"urn:muster:{reference}"
    )
    response.status_code, response.mimetype = status, "application/problem+json"
    return response


def _bare(status: int, explanation: Explanation, reference: str) -> Response:
    """Without database, language and layout."""
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{explanation.title}</title></head>'
        f"<body><h1>{explanation.title}</h1><p>{reference}</p></body></html>"
    )
    return Response(html, status, mimetype="text/html")


def _place() -> str:
    """Which rule was asked. Never the path: it may hold a secret link."""
    if request.url_rule is not None:
        return str(request.url_rule)
    return repr("/" + request.path.lstrip("/").partition("/")[0][:40])
