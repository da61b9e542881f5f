"""Sentences for the audit: what happened, told to whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext

from blueprints.shared.words import apple, names, orders
from models import AuditEntry, User
from services.refused import N_

# What the reader did, and what somebody else did (%(who)s).
DEEDS: dict[str, tuple[str, str]] = {
    "user:sign_in:done": (N_("You signed in"), N_("%(who)s signed in")),
    "user:sign_out:done": (N_("You signed out"), N_("%(who)s signed out")),
    "user:password:changed": (N_("You changed the password"), N_("%(who)s changed the password")),
    "user:details:changed": (N_("You changed the account"), N_("%(who)s changed the account")),
    "user:account:created": (N_("You created the account"), N_("%(who)s created the account")),
    "user:account:disabled": (N_("You shut the account"), N_("%(who)s shut the account")),
    "user:account:enabled": (N_("You opened the account again"), N_("%(who)s opened the account again")),
    "user:roles:changed": (N_("You changed the roles"), N_("%(who)s changed the roles")),
    "user:looked:done": (N_("You looked at the account and its devices"),
                         N_("%(who)s looked at the account and its devices")),
    "user:session:ended": (N_("You signed another browser out"), N_("%(who)s signed another browser out")),
    "device:registration:requested": (N_("You asked to register it, %(way)s"),
                                      N_("%(who)s asked to register it, %(way)s")),
    "device:registration:renewed": (N_("You renewed the registration"), N_("%(who)s renewed the registration")),
    "device:registration:cancelled": (N_("You cancelled the registration"),
                                      N_("%(who)s cancelled the registration")),
    "device:registration:accepted": (N_("You proved who you are and accepted the terms of service"),
                                     N_("%(who)s proved who they are and accepted the terms of service")),
    "device:ownership:requested": (N_("You asked to change the ownership to: %(to)s"),
                                   N_("%(who)s asked to change the ownership to: %(to)s")),
    "device:ownership:asked": (N_("You asked for the owner's consent to make it: %(to)s"),
                               N_("%(who)s asked for the owner's consent to make it: %(to)s")),
    "device:ownership:withdrawn": (N_("You took back that you asked to make it: %(to)s"),
                                   N_("%(who)s took back that they asked to make it: %(to)s")),
    "device:ownership:agreed": (N_("You agreed that it becomes: %(to)s"),
                                N_("%(who)s agreed that it becomes: %(to)s")),
    "device:ownership:declined": (N_("You did not agree that it becomes: %(to)s"),
                                  N_("%(who)s did not agree that it becomes: %(to)s")),
    "device:name:changed": (N_("You changed its name from %(from)s to %(to)s"),
                            N_("%(who)s changed its name from %(from)s to %(to)s")),
    "device:lost:reported": (N_("You reported it lost"), N_("%(who)s reported it lost")),
    "device:lost:ended": (N_("You said that it was found"), N_("%(who)s said that it was found")),
    "device:block:started": (N_("You blocked it"), N_("%(who)s blocked it")),
    "device:block:ended": (N_("You ended the block"), N_("%(who)s ended the block")),
    "device:left:forced": (N_("You retired it without waiting for it"),
                           N_("%(who)s retired it without waiting for it")),
    "device:looked:done": (N_("You looked at this page"), N_("%(who)s looked at this page")),
    "setting:value:changed": (N_("You changed a setting: %(key)s"), N_("%(who)s changed a setting: %(key)s")),
    "message:delivery:retried": (N_("You sent a message again"), N_("%(who)s sent a message again")),
    "message:delivery:cancelled": (N_("You cancelled a message"), N_("%(who)s cancelled a message")),
    "device:lock:requested": (N_("You asked for a lock"), N_("%(who)s asked for a lock")),
    "device:lock:cancelled": (N_("You cancelled the lock"), N_("%(who)s cancelled the lock")),
    "device:lock:withdrawn": (N_("You cancelled the lock after it was sent"),
                              N_("%(who)s cancelled the lock after it was sent")),
    "device:refresh:requested": (N_("You asked it to check in"), N_("%(who)s asked it to check in")),
    "device:refresh:cancelled": (N_("You cancelled the refresh"), N_("%(who)s cancelled the refresh")),
    "device:message:requested": (N_("You sent it a message"), N_("%(who)s sent it a message")),
    "device:message:cancelled": (N_("You cancelled the message"), N_("%(who)s cancelled the message")),
    "device:wipe:requested": (N_("You asked for a wipe"), N_("%(who)s asked for a wipe")),
    "device:wipe:cancelled": (N_("You cancelled the wipe"), N_("%(who)s cancelled the wipe")),
    "device:wipe:explained": (N_("You gave a reason for the wipe: %(reason)s"),
                              N_("%(who)s gave a reason for the wipe: %(reason)s")),
    "device:retire:requested": (N_("You asked to retire it"), N_("%(who)s asked to retire it")),
    "device:retire:cancelled": (N_("You cancelled the retire"), N_("%(who)s cancelled the retire")),
    "device:retire:explained": (N_("You gave a reason for retiring it: %(reason)s"),
                                N_("%(who)s gave a reason for retiring it: %(reason)s")),
} | apple.DEEDS  # fmt: skip

# What the device or Muster itself did, or what nobody in particular did.
EVENTS: dict[str, str] = {
    "user:sign_in:failed": N_("Somebody tried to sign in and failed"),
    "user:password:asked": N_("Somebody asked for a link to set a new password"),
    "device:registration:expired": N_("The registration ran out of time"),
    "device:registration:cancelled": N_("The registration was cancelled"),
    "device:registration:renewed": N_("The registration was renewed"),
    "device:registration:accepted": N_("The terms of service were accepted"),
    "device:registration:reminded": N_("A reminder was mailed before the registration ends"),
    "device:platform:corrected": N_("It is of another kind than was said: %(to)s, not %(from)s"),
    "device:enrolment:started": N_("Began to join"),
    "device:enrolment:completed": N_("Joined"),
    "device:enrolment:resumed": N_("Went on joining, after its time was over"),
    "device:enrolment:refused": N_("A device tried to join and was refused"),
    "device:enrolment:expired": N_("Did not finish joining in time"),
    "device:ownership:changed": N_("The ownership is now: %(to)s"),
    "device:left:done": N_("Left by itself"),
    "device:replaced:done": N_("Was set up anew and goes on under another entry"),
    "device:system:changed": N_("System went from %(from)s to %(to)s"),
    "device:lock:sent": N_("The lock was sent"),
    "device:lock:acknowledged": N_("Locked"),
    "device:lock:failed": N_("The lock did not work"),
    "device:lock:cancelled": N_("The lock was called off"),
    "device:lock:expired": N_("The lock was not confirmed in time"),
    "device:refresh:sent": N_("The refresh was sent"),
    "device:refresh:acknowledged": N_("Reported how it is"),
    "device:refresh:failed": N_("The refresh did not work"),
    "device:refresh:cancelled": N_("The refresh was called off"),
    "device:refresh:expired": N_("The refresh was not carried out in time"),
    "device:message:sent": N_("The message was sent to it"),
    "device:message:acknowledged": N_("Showed the message"),
    "device:message:failed": N_("The message could not be shown"),
    "device:message:cancelled": N_("The message was called off"),
    "device:message:expired": N_("The message was not shown in time"),
    "device:wipe:sent": N_("The wipe was sent"),
    "device:wipe:acknowledged": N_("Confirmed the wipe"),
    "device:wipe:failed": N_("The wipe did not work"),
    "device:wipe:cancelled": N_("The wipe was called off"),
    "device:retire:sent": N_("The order to leave was sent"),
    "device:retire:acknowledged": N_("Removed what belongs to the organisation, and left"),
    "device:retire:failed": N_("The retire did not work"),
    "device:retire:cancelled": N_("The retire was called off"),
} | apple.EVENTS


def audit_sentence(
    entry: AuditEntry,
    reader: User | None,
    people: Mapping[str, str],
    text: Mapping[str, str] | None = None,
) -> str:
    """One entry as a sentence without its full stop.

    `people` has the actors' names by code (`audit.people`), `text` the entry's free text if it is still
    there (`audit.texts`). An action from a newer version is shown as it is.
    """
    deed, event = DEEDS.get(entry.action), EVENTS.get(entry.action)
    places = {**_places(entry), **_without_empty(text or {})}
    called_off = EVENTS.get(f"{entry.action.rpartition(':')[0]}:cancelled")
    # Nobody did it: it came of something else.
    if called_off and entry.params.get("reason") in orders.REASONS:
        why = orders.reason_sentence(entry.params["reason"]).removesuffix(".")
        return gettext("%(what)s. %(why)s", what=gettext(called_off), why=why)
    if deed and entry.actor_kind == "user" and reader is not None and entry.actor == reader.code:
        return gettext(deed[0], **places)
    if deed and (entry.actor_kind == "user" or event is None):
        return gettext(deed[1], who=_who(entry, people), **places)
    return gettext(event, **places) if event else entry.action


def _who(entry: AuditEntry, people: Mapping[str, str]) -> str:
    if entry.actor_kind == "system":
        return "Muster"
    if entry.actor_kind == "device":
        return gettext("The device")
    return people.get(entry.actor) or gettext("Somebody who has left")


def _places(entry: AuditEntry) -> dict[str, str]:
    """What a sentence may name. What was erased, or was nothing, is a dash."""
    places = {"from": "-", "to": "-", "reason": "-", "way": "-", "key": "-"}
    places |= {key: str(value) for key, value in entry.params.items() if key in places}
    if entry.action == "device:registration:requested" and "way" in entry.params:
        places["way"] = names.way_word(entry.params["way"])
    if entry.action == "device:platform:corrected":
        places |= {key: names.platform_word(kind) for key, kind in entry.params.items()}
    if entry.action.startswith("device:ownership:") and "to" in entry.params:
        places["to"] = names.ownership_word(entry.params["to"])
    return places


def _without_empty(text: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in text.items() if value and key in ("from", "to", "reason")}
