"""What came of asking to register: the PIN or the code, shown once, or where the invitation went."""

from __future__ import annotations

from typing import Any, TypedDict

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from blueprints.shared import (
    access,
    delivery_state,
    device_registration,
    forms,
    instructions,
    qr,
    times,
    words,
)
from models import Registration, Way
from services import registrations, sessions
from services.registrations import Issued

FRAGMENTS = {
    Way.INVITATION: "registrations/_invited.html",
    Way.PIN: "registrations/_pin.html",
    Way.QR: "registrations/_qr.html",
}
CLOSED = "registrations/_closed.html"


class Secrets(TypedDict):
    """What is shown once."""

    link: str
    pin: str | None


def keep(issued: Issued) -> None:
    """For the page that the browser is sent to. An invitation is only ever in the mail."""
    if issued.registration.way != Way.INVITATION:
        secrets = {"link": issued.link, "pin": issued.pin}
        sessions.keep_for_next_page(access.signed_in().session, _key(issued.registration), secrets)


def may_show_secrets(registration: Registration) -> bool:
    """Is there a PIN or code to show, that a device could still use?"""
    return registration.way != Way.INVITATION and registrations.is_living(registration)


def is_kept(registration: Registration) -> bool:
    """Do the secrets still wait for the first page that shows them?"""
    return sessions.has_kept(access.signed_in().session, _key(registration))


def taken(registration: Registration) -> Secrets:
    """What was kept for this page. The second time there is nothing."""
    kept = sessions.take(access.signed_in().session, _key(registration)) or {}
    return {"link": kept.get("link", ""), "pin": kept.get("pin")}


class AddressForm(forms.Form):
    """Where the mail should have gone."""

    email = forms.text(lazy_gettext("Your e-mail address"), needed=lazy_gettext("Give an e-mail address."))


def parts(
    registration: Registration,
    link: str = "",
    pin: str | None = None,
    address_form: AddressForm | None = None,
) -> dict[str, Any]:
    """What the result needs. Secrets that are not given are not shown: they are kept nowhere."""
    name, person = words.display_name(registration.device), access.person()
    is_living = registrations.is_living(registration)
    address = current_app.config["PUBLIC_URL"].rstrip("/") + "/go"
    whole_link = f"{address}/{link}" if link else ""
    shows_code = bool(link) and registration.way == Way.QR
    joining = device_registration.state(registration.device, registration, person)
    standing = joining.status if joining else registration.device.status
    stamp = f"{standing}-{registration.issued_at}"  # changes when the secrets on the screen are dead
    label = _("QR code that opens the registration of your %(device)s", device=name)
    return {
        "fragment": FRAGMENTS[Way(registration.way)] if is_living else CLOSED,
        "registration": registration,
        "device": registration.device,
        "name": name,
        "joining": joining,
        "may_register_another": access.may_register(),
        "standing": standing,
        "stamp": stamp,
        "state_url": f"/registrations/{registration.code}/state?stamp={stamp}",
        "delivery": delivery_state.of(registration),
        "address_form": address_form or _address_form(registration),
        "polls": True,
        "pin_groups": groups(pin) if pin else [],
        "link": whole_link,
        "code": qr.svg(whole_link, label) if shows_code else "",
        "instructions": instructions.steps(
            registration.device.platform, registration.proof, registration.user.username
        ),
        "ends": {
            "iso": times.iso(registration.expires_at),
            "text": times.clock_text(registration.expires_at),
            "left": times.time_left(registration.expires_at),
        },
    }


def groups(pin: str) -> list[str]:
    """As people read digits: threes and fours, the short ones first. 482913 is 482 913; seven are 3 and 4."""
    count = max(2, len(pin) // 3)
    shorter, longer = len(pin) // count, len(pin) % count
    sizes = [shorter] * (count - longer) + [shorter + 1] * longer
    found, start = [], 0
    for size in sizes:
        found.append(pin[start : start + size])
        start += size
    return found


def _address_form(registration: Registration) -> AddressForm:
    return AddressForm(formdata=None, data={"email": registration.user.email})


def _key(registration: Registration) -> str:
    """Secrets that were made anew meanwhile are never mistaken for the dead ones."""
    return f"registration:{registration.code}:{registration.issued_at}"
