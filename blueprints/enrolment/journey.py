"""How far this browser has come on /go: which link it opened, and what it has proved.

It stands in the browser's signed cookie, and holds no secret: a code, a digest, and moments.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from flask import Response, session

from blueprints.shared import forms, pages
from models import Registration
from services import clock, codes, enrolment_tokens, registrations, verification
from services.refused import N_, Refused

KEY = "go"
PROOF_SECONDS = 3600  # so long the terms may be read before we ask again who is there


@dataclass(frozen=True)
class Journey:
    """`issued_at` ties it to the secrets that were given out then: a renewal ends it."""

    registration: str
    issued_at: int
    link: str = ""
    proved_at: int = 0
    accepted_at: int = 0
    browser: str = ""  # this one's code: others that proved as well are not shown the enrolment token


def current() -> Journey | None:
    kept = session.get(KEY)
    return Journey(**kept) if kept else None


def begin(registration: Registration, link: str = "") -> None:
    """A link was opened (its digest), or somebody came without one."""
    _keep(Journey(registration.code, registration.issued_at, link))


def leave() -> None:
    session.pop(KEY, None)


def note_proof() -> None:
    now = current()
    if now is not None:
        _keep(replace(now, proved_at=clock.now(), accepted_at=0, browser=now.browser or codes.code(12)))


def accept(registration: Registration) -> None:
    """The person accepts the terms in this browser. Raises Gone."""
    now = current()
    if now is not None:
        enrolment_tokens.accept(registration, now.issued_at, now.browser)
        _keep(replace(now, accepted_at=clock.now()))


def token_earned(registration: Registration) -> str | None:
    """The enrolment token, in the browser in which the terms were accepted, and as long as it works."""
    now = current()
    return enrolment_tokens.token_shown_again(registration, now.browser) if now is not None else None


def has_link() -> bool:
    """Was a link opened here? Once its device has joined it does not count any more: the next one may come."""
    now, further = current(), proved()
    return bool(now and now.link) and not (further is not None and further.device.is_enrolled)


def behind_link() -> Registration | None:
    """The registration whose link was opened here, if that link still lives."""
    now = current()
    return verification.still_opens(now.registration, now.link) if now and now.link else None


def proved(within: int | None = None) -> Registration | None:
    """The registration that this browser may go on with: somebody here gave its password or PIN.

    `within`: not longer ago than so many seconds.
    """
    now = current()
    if now is None or not now.proved_at:
        return None
    if within is not None and clock.now() - now.proved_at > within:
        return None
    registration = registrations.by_code(now.registration)
    if registration is None or registration.issued_at != now.issued_at:
        return None
    return registration


CLOSED = Refused(N_("It was used already, called off or replaced by a newer one, or its time has run out."))


def closed(why: Refused | None = None, status: int = 410) -> Response:
    """The page for a link or registration that leads nowhere: why, and what to do."""
    why = why or _why_closed()
    leave()
    return pages.page_only("enrolment/closed.html", status, why=forms.sentence(why))


def _why_closed() -> Refused:
    """An administrator may have closed it: the account, its role or the platform."""
    now = current()
    registration = registrations.by_code(now.registration) if now else None
    sentence = verification.why_not(registration) if registration else ""
    return Refused(sentence) if sentence else CLOSED


def _keep(journey: Journey) -> None:
    session[KEY] = asdict(journey)
