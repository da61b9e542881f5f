"""Answers: a page or a fragment, a way on, messages, events, polls. No other module looks at htmx headers."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

import htmx_flask
from flask import Response, flash, g, get_flashed_messages, render_template, request
from markupsafe import Markup

from services import clock

# Every event that an answer may announce, and what it means. Parts of a page listen to them.
EVENTS = {
    "device-changed": "A device has another status, name, owner or command than before.",
    "history-grown": "The same, and the part of the page that shows it has it already: only its history does not.",
}

MESSAGE_ICONS = {"good": "check", "wait": "clock", "bad": "error", "off": "help"}

# A waiting part asks again after so many seconds, by how long it has waited already.
POLLS = ((30, 2), (60, 5), (180, 10))


def wants_fragment() -> bool:
    """Did htmx ask for a part of a page? A boosted link and the Back button want the whole page."""
    asked = cast(htmx_flask.requests.HtmxAwareRequest, request).htmx
    if not asked or asked.boosted or asked.history_restore_request:
        return False
    return request.headers.get("HX-Request-Type", "partial") != "full"


def page_or_fragment(page: str, fragment: str, /, status: int = 200, **context: Any) -> Response:
    """The whole page for a browser, the fragment alone for htmx. Both are named by their template."""
    if not wants_fragment():
        return page_only(page, status, **context)
    return fragment_only(fragment, status, **context)


def page_only(page: str, /, status: int = 200, **context: Any) -> Response:
    return _answer(render_template(page, **context), status)


def written(html: str, status: int = 200) -> Response:
    """A page that was written already."""
    return _answer(html, status)


def fragment_only(fragment: str, /, status: int = 200, **context: Any) -> Response:
    """A fragment, with what `say` said in this request beside it (out of band, into #messages)."""
    html = render_template(fragment, **context)
    if g.get("has_said_something"):
        html += render_template("shared/_said.html", messages=messages())
    return _answer(html, status)


def go_to(url: str) -> Response:
    """Send the browser on. htmx gets 204: it would paste the page of a plain redirect into the fragment."""
    url = same_site_path(url)
    if wants_fragment():
        answer = _answer("", 204)
        return cast(Response, htmx_flask.make_response(answer, redirect=url))
    answer = _answer("", 303)
    answer.headers["Location"] = url
    return answer


def must_sign_in(url: str) -> Response:
    """Nobody is signed in: a browser goes to the page, htmx is told with 401."""
    answer = go_to(url)
    if answer.status_code == 204:
        answer.status_code = 401
    return answer


def announce(response: Response, event: str) -> Response:
    """Tell the other parts of the page what happened."""
    if event not in EVENTS:
        raise ValueError(f"{event} is not in EVENTS")
    return cast(Response, htmx_flask.make_response(response, trigger=event))


def into_messages(response: Response) -> Response:
    """Let htmx put this answer into #messages, wherever it was meant to go."""
    answer = htmx_flask.make_response(response, retarget="#messages", reswap="innerHTML")
    return cast(Response, answer)


def say(kind: str, text: str) -> None:
    """A message for the person: good, wait, bad or off. The next page or fragment shows it."""
    if kind not in MESSAGE_ICONS:
        raise ValueError(f"{kind} is no kind of message")
    g.has_said_something = True
    flash(text, kind)


def messages() -> list[tuple[str, str]]:
    """What was said and not yet shown, as (kind, text)."""
    said = cast(list[tuple[str, str]], get_flashed_messages(with_categories=True))
    return [(kind, str(text)) for kind, text in said]


def poll_began() -> int:
    """When the waiting part that asks now began to wait: its ?since=, else this moment."""
    try:
        since = int(request.args.get("since", ""))
    except ValueError:
        return clock.now()
    return since if 0 <= since <= clock.now() else clock.now()


def next_poll(since: int) -> int | None:
    """Seconds until a part that has waited since then asks again. None: it has waited long enough."""
    waited = clock.now() - since
    for until, seconds in POLLS:
        if waited < until:
            return seconds
    return None


def place() -> int | None:
    """The id that the page before ended with (?before=): this one goes on after it. None: from the newest on."""
    before = request.args.get("before", "")
    return int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None


def is_poll() -> bool:
    """A part of a page asked by itself. Nobody clicked, so the session does not live longer for it."""
    return wants_fragment() and "since" in request.args


def same_site_path(url: str | None, otherwise: str = "/") -> str:
    """The URL if it is a path on this site, else `otherwise`: no other host, scheme or control character."""
    if not url or not url.startswith("/") or url.startswith("//") or "\\" in url or len(url) > 2000:
        return otherwise
    if any(ord(character) < 33 or ord(character) == 127 for character in url):
        return otherwise
    try:
        parts = urlsplit(url)
    except ValueError:
        return otherwise
    return url if not parts.scheme and not parts.netloc else otherwise


def page_before() -> str:
    """The path of the page that the person came from, if it is ours; else the home page."""
    referrer = urlsplit(request.referrer or "")
    if referrer.netloc != request.host:
        return "/"
    return same_site_path(referrer.path)


def _answer(html: str | Markup, status: int) -> Response:
    answer = Response(html, status, mimetype="text/html")
    answer.vary.add("HX-Request")
    return answer
