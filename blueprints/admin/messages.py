"""The outbox, as the help desk and administrators see it: what kind, to whom, how far, and why no further. Never a link or a PIN."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, current_app, request
from flask_babel import gettext as _

from blueprints.shared import access, organisation, pages, words
from delivery import letters, mail_server, text_messages
from models import Medium, Message, MessageState, Role
from services import messages, permissions
from services.apple import push_certificates, pushes
from services.refused import Refused

MOST_ON_A_PAGE = 50
LARGEST_ID = 2**63 - 1

TONES = {
    MessageState.WAITING: "wait",
    MessageState.SENDING: "wait",
    MessageState.SENT: "good",
    MessageState.FAILED: "bad",
    MessageState.CANCELLED: "off",
}

blueprint = Blueprint("messages", __name__, url_prefix="/messages")
blueprint.before_request(access.helpers_only)


@dataclass(frozen=True)
class Line:
    """One message, with what may be done about it. `letter` is there in the demo alone."""

    message: Message
    whom: str  # a person, or a device that is to be woken
    tone: str
    reason: str
    may_be_retried: bool
    may_be_cancelled: bool
    letter: letters.Letter | None


@blueprint.get("")
def index() -> Response:
    before = min(request.args.get("before", LARGEST_ID, type=int), LARGEST_ID)
    found = messages.recent(MOST_ON_A_PAGE + 1, before)
    media = _media()
    return pages.page_only(
        "admin/messages.html",
        lines=[_line(message, media) for message in found[:MOST_ON_A_PAGE]],
        next_before=found[MOST_ON_A_PAGE - 1].id if len(found) > MOST_ON_A_PAGE else None,
        is_first_page=before == LARGEST_ID,
        is_demo=current_app.config["DEMO"],
        has_mail_server=Medium.MAIL in media,
        push_certificate=_push_certificate(),
    )


@blueprint.post("/<code>/retry")
def retry(code: str) -> Response:
    message = _message(code)
    messages.retry(message, by=access.person())
    if message.medium == Medium.PUSH:
        pages.say("good", _("The device is woken within a minute, if Apple takes the push."))
    else:
        pages.say(
            "good", _("The message goes out within a minute, if the mail server or the gateway takes it.")
        )
    return pages.go_to("/admin/messages")


@blueprint.post("/<code>/cancel")
def cancel(code: str) -> Response:
    messages.cancel(_message(code), by=access.person())
    pages.say("good", _("The message stays here. What it said is erased."))
    return pages.go_to("/admin/messages")


def _push_certificate() -> push_certificates.Ending | None:
    """Its end, if that is near. The help desk could do nothing about it, so it is not told."""
    is_theirs = permissions.has_role(access.person(), Role.ADMINISTRATOR)
    return push_certificates.ending() if is_theirs else None


def _message(code: str) -> Message:
    message = messages.by_code(code)
    if message is None:
        abort(404)
    return message


def _media() -> set[Medium]:
    """By which of them anything can go out today."""
    can = {
        Medium.MAIL: mail_server.is_configured(),
        Medium.SMS: bool(organisation.current().sms_gateway),
        Medium.PUSH: pushes.is_possible(),
    }
    return {medium for medium, is_possible in can.items() if is_possible}


def _line(message: Message, media: set[Medium]) -> Line:
    return Line(
        message,
        _whom(message),
        TONES[MessageState(message.state)],
        words.message_reason(message),
        messages.may_be_retried(message) and message.medium in media,
        messages.may_be_cancelled(message),
        _letter(message) if current_app.config["DEMO"] else None,
    )


def _whom(message: Message) -> str:
    if message.medium == Medium.PUSH and message.device is not None:
        return words.display_name(message.device)
    return str(message.user.name if message.user else message.recipient)


def _letter(message: Message) -> letters.Letter | None:
    if message.medium == Medium.PUSH:
        return None  # it says nothing
    try:
        if message.medium == Medium.SMS:
            return letters.Letter(_("Text message"), text_messages.write(message), html="")
        return letters.write(message)
    except (letters.Unwritable, Refused):
        return None
