"""What a deed of somebody else means for the owner of the device or account, in the mail that tells of it."""

from __future__ import annotations

from flask_babel import gettext

from blueprints.shared.words import agent
from models import Device
from services.refused import N_

MEANINGS = {
    "device:lock:requested": N_("The screen locks when the device next checks in. What is on it stays."),
    "device:refresh:requested": N_("The device reports anew how it is. Nothing on it changes."),
    "device:message:requested": N_("A text appears on its screen when the device next checks in."),
    "device:wipe:requested": N_("Everything on the device goes when it is next online, your own things too. Once "
                                "it has the order, that cannot be undone."),
    "device:retire:requested": N_("The device removes what belongs to the organisation when it is next online. "
                                  "What is yours stays."),
    "device:lock:cancelled": N_("The device is as it was."),
    "device:lock:withdrawn": N_("The device had the order by then, and may have locked. A Mac that asks for a PIN wants the "
                                "one on its page."),
    "device:unlock:withdrawn": N_("The device had the order by then, and may have taken the passcode off."),
    "device:restart:withdrawn": N_("The device had the order by then, and may have started again."),
    "device:refresh:cancelled": N_("The device is as it was."),
    "device:message:cancelled": N_("The device is as it was."),
    "device:wipe:cancelled": N_("The device is not emptied. It is as it was."),
    "device:retire:cancelled": N_("The device stays registered. It is as it was."),
    "device:renew:cancelled": N_("The device keeps its certificate. Muster asks again before that ends."),
    "device:lost:reported": N_("The device counts as lost until somebody says that it was found."),
    "device:lost:ended": N_("The device counts as found."),
    "device:block:started": N_("The device is kept out until the block ends."),
    "device:block:ended": N_("The device may work again as before."),
    "device:left:forced": N_("The device is not looked after any more, and nothing was removed from it. Should it come "
                             "again, it removes what belongs to the organisation. What is yours stays."),
    "device:ownership:requested": N_("It counts from the device's next check-in on."),
    "device:ownership:asked": N_("It stays as it is until you agree, on the device's page."),
    "device:ownership:withdrawn": N_("There is nothing to agree to any more."),
    "device:registration:requested": N_("A device can be brought in under your name, with your password or a PIN."),
    "device:registration:renewed": N_("Older links, PINs and codes are dead. If there is a new invitation, it is in "
                                      "a mail of its own."),
    "device:registration:cancelled": N_("Its link and its PIN are dead. Nothing was changed on the device."),
    "user:roles:changed": N_("You may do more or less in the portal than before."),
    "user:account:disabled": N_("You cannot sign in to the portal until the account is opened again."),
    "user:account:enabled": N_("You can sign in to the portal again."),
    "user:details:changed": N_("Your name, e-mail address, phone number, language or time zone is another one."),
    "user:password:changed": N_("The old password is dead, and you are signed out everywhere."),
}  # fmt: skip


def meaning_sentence(action: str, device: Device | None) -> str:
    """Nothing for what explains itself."""
    if device is not None and device.channel == agent.NAME and action in agent.MEANINGS:
        return gettext(agent.MEANINGS[action])
    return gettext(MEANINGS[action]) if action in MEANINGS else ""
