"""What each kind of message has to say: the values that its templates may name, one small function a kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import flask_babel
from babel.dates import format_date, get_timezone_location
from flask import current_app

from blueprints.shared import instructions, organisation, times, words
from models import AuditEntry, Message, Proof
from services import audit, phone_numbers
from services.apple.push_certificates import Stage

Params = dict[str, Any]
Values = dict[str, Any]


class Deed(NamedTuple):
    """What somebody else did."""

    sentence: str  # with who did it, without a full stop
    meaning: str
    at: str


def values(message: Message, params: Params) -> Values:
    """What the templates of the message's kind may name. Raises KeyError for a kind that has none."""
    return _of_every_kind(message) | KINDS[message.kind](message, params)


def platform_of(message: Message, params: Params) -> str:
    """Which platform's own templates may be taken; nothing where no device is meant."""
    return str(params.get("platform") or (message.device.platform if message.device else ""))


def _of_every_kind(message: Message) -> Values:
    user, device = message.user, message.device
    number = device.phone_number if device else None
    return {
        "settings": organisation.current(),
        "language": flask_babel.get_locale().language,
        "direction": flask_babel.get_locale().text_direction,
        "first_name": user.first_name if user else "",
        "username": user.username if user else "",
        "device": words.display_name(device) if device else "",
        "phone_number": phone_numbers.shown(number) if number else "",
        "portal": current_app.config["PUBLIC_URL"],
        "page": current_app.config["PUBLIC_URL"] + (f"/devices/{device.code}" if device else "/account"),
        "time_zone": get_timezone_location(
            flask_babel.get_timezone(), locale=flask_babel.get_locale(), return_city=True
        ),
    }


def _registration(message: Message, params: Params) -> Values:
    """What still waits to be finished on a device."""
    proof, username = Proof(params["proof"]), message.user.username if message.user else ""
    return {
        "device": words.platform_word(params["platform"]),
        "go": current_app.config["PUBLIC_URL"] + "/go",
        "steps": instructions.steps(params["platform"], proof, username),
        "asks_for_pin": proof.asks_for_pin,
        "asked": times.clock_text(params["issued_at"]),
        **_until(params["expires_at"]),
    }


def _with_link(message: Message, params: Params) -> Values:
    link = f"{current_app.config['PUBLIC_URL']}/go/{params['link']}"
    return {**_registration(message, params), "link": link, "pin": params.get("pin")}


def _registered(message: Message, params: Params) -> Values:
    return {"at": times.clock_text(params["at"])}


def _action_done(message: Message, params: Params) -> Values:
    entries = list(AuditEntry.select().where(AuditEntry.id.in_(params["entries"])).order_by(AuditEntry.id))
    people, texts = audit.people(entries), audit.texts(entries)
    deeds = [
        Deed(
            words.audit_sentence(entry, message.user, people, texts.get(entry.id)),
            words.meaning_sentence(entry.action, message.device),
            times.clock_text(entry.at),
        )
        for entry in entries
    ]
    return {"deeds": deeds}


def _new_sign_in(message: Message, params: Params) -> Values:
    return {
        "browser": " ".join(params["browser"].split())[:200],
        "address": params["address"],
        "at": times.clock_text(params["at"]),
    }


def _set_password(message: Message, params: Params) -> Values:
    """`link` is a path of ours, so that the service which queues it need not know our address."""
    return {"link": current_app.config["PUBLIC_URL"] + params["link"], **_until(params["expires_at"])}


def _push_certificate_ends(message: Message, params: Params) -> Values:
    return {"has_ended": params["stage"] == Stage.ENDED, "day": _until(params["ends_at"])["until_day"]}


def _wipe_doubted(message: Message, params: Params) -> Values:
    """`owner` is whose device it is, if it is not the reader's own."""
    owner = message.device.user if message.device else None
    is_somebody_elses = owner is not None and owner.id != message.user_id
    return {"owner": owner.name if owner and is_somebody_elses else "", "at": times.clock_text(params["at"])}


def _until(at: int) -> Values:
    """14:32 today, and the day for whoever reads the mail tomorrow: 18 April 2024."""
    moment = datetime.fromtimestamp(at, flask_babel.get_timezone())
    day = format_date(moment.date(), "long", locale=flask_babel.get_locale())
    return {"until": times.clock_text(at), "until_day": day}


KINDS: dict[str, Callable[[Message, Params], Values]] = {
    "invitation": _with_link,
    "pin": _with_link,
    "reminder": _registration,
    "registered": _registered,
    "action_done": _action_done,
    "new_sign_in": _new_sign_in,
    "set_password": _set_password,
    "push_certificate_ends": _push_certificate_ends,
    "wipe_doubted": _wipe_doubted,
}
