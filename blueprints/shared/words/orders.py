"""Sentences for orders to devices and for messages: how far they have come, and why no further."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from blueprints.shared.words import agent, apple, names
from models import Command, CommandState, Device, Status
from services import channels, deliveries, lifecycle
from services.refused import N_

# What each kind of order is called, and what happens when the device hears of it.
KINDS: dict[str, tuple[str, str]] = {
    "refresh": (N_("Refresh"), N_("it reports how it is")),
    "lock": (N_("Lock"), N_("it locks")),
    "unlock": (N_("Unlock"), N_("it unlocks")),
    "locate": (N_("Locate"), N_("it says where it is")),
    "message": (N_("Message"), N_("it shows your text")),
    "retire": (N_("Retire"), N_("it removes what belongs to the organisation, and leaves")),
    "wipe": (N_("Wipe"), N_("it empties itself")),
} | apple.KINDS

TITLES = {
    CommandState.HELD: N_("%(order)s: held until an administrator releases it"),
    CommandState.QUEUED: N_("%(order)s: queued"),
    CommandState.SENT: N_("%(order)s: sent, and not yet confirmed"),
    CommandState.ACKNOWLEDGED: N_("%(order)s: confirmed"),
    CommandState.FAILED: N_("%(order)s: did not work"),
    CommandState.CANCELLED: N_("%(order)s: cancelled"),
    CommandState.EXPIRED: N_("%(order)s: not carried out in time"),
}

TONES = {
    CommandState.HELD: "wait",
    CommandState.QUEUED: "wait",
    CommandState.SENT: "wait",
    CommandState.ACKNOWLEDGED: "good",
    CommandState.FAILED: "bad",
    CommandState.CANCELLED: "off",
    CommandState.EXPIRED: "off",
}

SENTENCES = {
    CommandState.HELD: N_("An administrator looks at it before it goes out."),
    CommandState.QUEUED: N_("It goes out when %(device)s next checks in; then %(effect)s. Until then you can cancel it."),
    CommandState.SENT: N_("%(device)s has the order and usually answers within a minute. If it is switched off, the "
                          "order runs when it is next online."),
    CommandState.ACKNOWLEDGED: N_("%(device)s has confirmed it."),
    CommandState.FAILED: N_("%(device)s is as it was."),
    CommandState.CANCELLED: N_("%(device)s is as it was."),
    CommandState.EXPIRED: N_("%(device)s was not online in time. You can ask again."),
}  # fmt: skip

# Of an order that does harm when it is repeated.
SENT_TWICE_AT_MOST = N_("%(device)s has the order and usually answers within a minute. Even if no answer comes, it may have "
                        "been carried out: so it is sent once more at most.")  # fmt: skip

QUEUED_FOR_BLOCKED = N_(
    "%(device)s is blocked: it goes out when an administrator unblocks it. Until then you can cancel it."
)

# What was sent and then given up may still be carried out: nothing is said to be as it was.
GIVEN_UP_TITLES = {
    CommandState.FAILED: N_("%(order)s: not sent again"),
    CommandState.EXPIRED: N_("%(order)s: not confirmed in time"),
}
GIVEN_UP_SENTENCES = {
    CommandState.FAILED: N_("It had been sent by then. It is not sent again; if %(device)s carries it out all the same, it "
                            "says so here."),
    CommandState.EXPIRED: N_("It had been sent, and may have been carried out all the same: if %(device)s says so later, "
                             "it stands here. You can ask again."),
}  # fmt: skip

REASONS = {
    "role_revoked": N_("Whoever asked for it no longer has the right to."),
    "asker_disabled": N_("The account of whoever asked for it was shut."),
    "ownership_changed": N_("The device changed between company and employee in the meantime."),
    "device_left": N_("The device has left."),
    "not_confirmed": N_("The device did not confirm it in time."),
    "cancelled_by_person": N_("Somebody cancelled it before it was sent."),
    "withdrawn_by_person": N_("Somebody cancelled it after it was sent."),
    "reported_by_device": N_("The device says that it could not do it."),
    "unreachable": N_("The mail server could not be reached."),
    "refused_certificate": N_("The mail server's certificate is not trusted."),
    "timed_out": N_("The mail server did not answer in time."),
    "rejected_address": N_("The mail server does not know this address."),
    "rejected_by_server": N_("The mail server refused the message."),
    "out_of_date": N_("It was out of date before it could be sent."),
    "not_written": N_("Muster could not write it. The log says more."),
    "cannot_be_sent": N_("The device has not given us what this needs."),
    "cannot_be_signed": N_("The server's own certificate could not be read, so the profile was not signed."),
    "no_new_certificate": N_("The device confirmed it, but has not asked for its new certificate."),
    "unreadable_answer": N_("The device answered, but what it said could not be read."),
    "not_all_answered": N_("It did not answer all that it was asked. The rest is up to date."),
    "not_all_readable": N_("Not all that it answered could be read. The rest is up to date."),
    "text_needs_passcode": N_("It has no passcode, so it shows neither a text nor a phone number."),
    "text_of_lost_mode": N_("It is in lost mode, and goes on showing what that shows."),
    "text_not_shown": N_("It did not show the text or the phone number."),
    "found": N_("The device was reported found."),
    "lost": N_("The device was reported lost."),
    "lost_again": N_("The device was reported lost again."),
    "not_lost": N_("The device is not reported lost any more."),
    "not_configured": N_("No mail server is set up yet."),
    "bad_sign_in": N_("The mail server did not accept our user name and password."),
}


def command_title(command: Command) -> str:
    """Lock: sent, and not yet confirmed."""
    titles = GIVEN_UP_TITLES if deliveries.may_be_confirmed_late(command) else TITLES
    return gettext(titles[CommandState(command.state)], order=_order(command.kind))


def command_tone(command: Command) -> str:
    """good, wait, bad or off."""
    return TONES[CommandState(command.state)]


def command_sentence(command: Command, device: Device) -> str:
    """What state the order is in, why, and what will happen next."""
    if command.reason == lifecycle.DEVICE_LEFT:
        return reason_sentence(command.reason)
    places = {"device": names.display_name(device), "effect": _effect(command.kind, device)}
    said = [gettext(_sentence(command, device), **places)]
    if command.reason and not command.is_live:
        said.insert(0, reason_sentence(command.reason))
    return " ".join(said)


def reason_sentence(code: str, params: dict[str, Any] | None = None) -> str:
    """Why an order or a message came no further. A code from a newer version is shown as it is."""
    if code not in REASONS:
        return code
    return gettext(REASONS[code], **(params or {}))


def _sentence(command: Command, device: Device) -> str:
    state = CommandState(command.state)
    if state == CommandState.QUEUED and device.status == Status.BLOCKED:
        return QUEUED_FOR_BLOCKED
    if deliveries.may_be_confirmed_late(command):
        return GIVEN_UP_SENTENCES[state]
    if state == CommandState.SENT and not channels.of_device(device).may_be_repeated(device, command.kind):
        return SENT_TWICE_AT_MOST
    return SENTENCES[state]


def _effect(kind: str, device: Device) -> str:
    """What happens when the device hears of the order."""
    if device.channel == agent.NAME and kind in agent.EFFECTS:
        return gettext(agent.EFFECTS[kind])
    return gettext(KINDS[kind][1]) if kind in KINDS else ""


def _order(kind: str) -> str:
    return gettext(KINDS[kind][0]) if kind in KINDS else kind
