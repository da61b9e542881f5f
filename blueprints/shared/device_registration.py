"""How far the registration of a device is: what there is to do, by when, and what may be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from flask_babel import gettext

from blueprints.shared import delivery_state, organisation
from models import WAITING, Device, Registration, Status, User, Way
from services import permissions, registration_rules, registrations
from services.refused import N_

# What the buttons say: to have it again, to have it anew after it ran out, to have it another way.
AGAIN = {
    Way.INVITATION: (N_("Send it again"), N_("Renew the invitation"), N_("Send an invitation instead")),
    Way.PIN: (N_("Renew the PIN"), N_("Renew the PIN"), N_("Get a PIN instead")),
    Way.QR: (N_("Renew the code"), N_("Renew the code"), N_("Get a QR code instead")),
}
PATHS = {Way.INVITATION: "reminder", Way.PIN: "pin", Way.QR: "qr"}
ICONS = {Way.INVITATION: "mail", Way.PIN: "pin", Way.QR: "qr"}


class Again(NamedTuple):
    """One button to have the registration once more."""

    url: str
    icon: str
    word: str


@dataclass
class Joining:
    """A registration as a person may see and change it."""

    registration: Registration
    device: Device
    status: str  # Expired as soon as its time is over
    again: list[Again]  # how the person may have it once more; the way it was asked for comes first
    may_cancel: bool
    may_correct: bool  # the address that the mail goes to
    delivery: dict[str, Any]

    @property
    def is_living(self) -> bool:
        return self.status == Status.PENDING


def state(device: Device, registration: Registration | None, person: User) -> Joining | None:
    """Nothing for a device that has joined, or that was never asked for."""
    if registration is None or device.is_enrolled or device.status in (Status.RETIRED, Status.WIPED):
        return None
    status = _standing(device, registration)
    may_register = permissions.may_register_for(person, registration.user)
    return Joining(
        registration=registration,
        device=device,
        status=status,
        again=_again(registration, status, person),
        may_cancel=may_register and status in (Status.PENDING, Status.VERIFIED),
        may_correct=_may_correct(registration, status, person),
        delivery=delivery_state.of(registration),
    )


def _standing(device: Device, registration: Registration) -> str:
    """Time that ran out counts at once, also before the worker has written it down."""
    if registrations.is_living(registration):
        return Status.PENDING
    if device.status == Status.PENDING or registrations.has_lapsed_token(registration):
        return Status.EXPIRED
    return str(device.status)


def _may_correct(registration: Registration, status: str, person: User) -> bool:
    """Only one's own: an address is the account's, and the help desk sends nothing anywhere else."""
    is_mailed = registration.way != Way.QR and status == Status.PENDING
    return is_mailed and registration.user_id == person.id and permissions.may_register_for(person, person)


def _again(registration: Registration, status: str, person: User) -> list[Again]:
    found = []
    for way in _ways(registration, status, person):
        again, anew, instead = AGAIN[way]
        word = instead if way != registration.way else anew if status == Status.EXPIRED else again
        url = f"/registrations/{registration.code}/{PATHS[way]}"
        found.append(Again(url, ICONS[way], gettext(word)))
    return found


def _ways(registration: Registration, status: str, person: User) -> list[Way]:
    """The help desk can only have the invitation sent again."""
    if status not in (*WAITING, Status.EXPIRED):
        return []
    owner, rules = registration.user, organisation.current()
    if registration.device.platform not in registration_rules.platforms_offered(rules):
        return []
    offered = registration_rules.ways_offered(rules)
    if not owner.email:
        offered = [way for way in offered if way != Way.INVITATION]
    if not permissions.may_register_for(person, owner):
        may_send = permissions.may_resend_for(person, owner)
        return [way for way in offered if way == Way.INVITATION and may_send]
    return sorted(offered, key=lambda way: way != registration.way)
