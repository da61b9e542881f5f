"""Words for messages on their way out: what they are about, how far they have come, and why no further."""

from __future__ import annotations

from flask_babel import gettext

from blueprints.shared.words.orders import reason_sentence
from models import Medium, Message, MessageState
from services.refused import N_

# Of text messages, where they differ or where mails have no such thing.
TEXT_REASONS = {
    "unreachable": N_("The gateway for text messages could not be reached, or broke off."),
    "refused_certificate": N_("The certificate of the gateway for text messages is not trusted."),
    "timed_out": N_("The gateway for text messages did not answer in time."),
    "rejected_address": N_("The gateway for text messages takes no numbers like this one."),
    "not_configured": N_("No gateway for text messages is set up any more."),
    "gateway_refused": N_("The gateway for text messages refused it."),
    "quota": N_("This number has had as many text messages in 24 hours as it may have."),
}

# Of pushes, and of why a device cannot be woken at all.
PUSH_REASONS = {
    "unreachable": N_("Apple's push service could not be reached."),
    "refused_certificate": N_("Apple does not accept our push certificate, or we do not trust Apple's."),
    "timed_out": N_("Apple's push service did not answer in time."),
    "rejected_by_server": N_("Apple's push service refused it."),
    "not_configured": N_("No push certificate is installed yet."),
    "certificate_ended": N_("The push certificate has ended. An administrator can renew it."),
    "other_topic": N_("It joined before this push certificate was there, and has to join again to be woken."),
    "no_token": N_("It has given us no address for that, or Apple does not know it any more."),
    "token_dead": N_(
        "Apple says that nobody is there to be woken: the device was erased, or has lost our profile."
    ),
    "token_unknown": N_("Apple does not know the address for waking this device. It may give another one."),
}

OF_MEDIUM = {Medium.SMS: TEXT_REASONS, Medium.PUSH: PUSH_REASONS}

STATES = {
    MessageState.WAITING: N_("Waiting"),
    MessageState.SENDING: N_("Being sent"),
    MessageState.SENT: N_("Sent"),
    MessageState.FAILED: N_("Not sent"),
    MessageState.CANCELLED: N_("Cancelled"),
}

KINDS = {
    "invitation": N_("Invitation"),
    "pin": N_("Registration by PIN"),
    "reminder": N_("Reminder"),
    "registered": N_("Device registered"),
    "action_done": N_("Somebody else acted"),
    "new_sign_in": N_("New sign-in"),
    "set_password": N_("Set a password"),
    "push_certificate_ends": N_("Push certificate ends"),
    "wipe_doubted": N_("Perhaps not erased"),
    "wake": N_("Wake a device"),
}


def message_reason(message: Message) -> str:
    """Why a message came no further; nothing when there is no reason."""
    if not message.reason:
        return ""
    own = OF_MEDIUM.get(Medium(message.medium), {})
    return gettext(own[message.reason]) if message.reason in own else reason_sentence(message.reason)


def obstacle_sentence(code: str) -> str:
    """Why a device cannot be woken."""
    return gettext(PUSH_REASONS[code])


def message_kind_word(kind: str) -> str:
    """What a message is about. A kind from a newer version is shown as it is."""
    return gettext(KINDS[kind]) if kind in KINDS else kind


def message_state_word(state: str) -> str:
    return gettext(STATES[MessageState(state)])
