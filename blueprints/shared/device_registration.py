"""How far the registration of a device is: what there is to do, by when, and what may be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from flask_babel import gettext

from blueprints.shared import delivery_state, organisation
from models import GONE, Device, Registration, Status, User, Way
from services import lifecycle, permissions, registration_rules, registrations
from services.devices import HomeRow
from services.lifecycle import Event
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

    way: Way
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

    @property
    def renewal(self) -> Again | None:
        """The same way once more. Nothing where that way is closed, or not for this person."""
        return next((again for again in self.again if again.way == self.registration.way), None)


def state(device: Device, registration: Registration | None, person: User) -> Joining | None:
    """Nothing for a device that has joined, or that was never asked for."""
    if registration is None or device.is_enrolled or device.status in GONE:
        return None
    status, owner = _standing(device, registration), registration.user
    rules, platform = organisation.current(), device.platform
    ways = [way for way in Way if registration_rules.may_again(way, status, platform, owner, person, rules)]
    return Joining(
        registration=registration,
        device=device,
        status=status,
        again=_again(registration, status, ways),
        may_cancel=permissions.may_register_for(person, owner) and lifecycle.may(status, Event.CANCEL),
        may_correct=_may_correct(registration, status, person, ways),
        delivery=delivery_state.of(registration),
    )


def may_have_again(row: HomeRow, way: Way, owner: User, reader: User) -> bool:
    """For the line of a list. While a device joins, only its own page offers it, with what to think of first."""
    if row.registration_code is None or row.status == Status.ENROLLING:
        return False
    rules = organisation.current()
    return registration_rules.may_again(way, row.status, row.platform, owner, reader, rules)


def _standing(device: Device, registration: Registration) -> str:
    """Time that ran out counts at once, also before the worker has written it down."""
    if registrations.is_living(registration):
        return Status.PENDING
    if device.status == Status.PENDING or registrations.has_lapsed_token(registration):
        return Status.EXPIRED
    return str(device.status)


def _may_correct(registration: Registration, status: str, person: User, ways: list[Way]) -> bool:
    """Only one's own: an address is the account's, and the help desk sends nothing anywhere else."""
    is_mailed = registration.way != Way.QR and status == Status.PENDING
    return is_mailed and registration.user_id == person.id and registration.way in ways


def _again(registration: Registration, status: str, ways: list[Way]) -> list[Again]:
    found = []
    for way in sorted(ways, key=lambda way: way != registration.way):
        again, anew, instead = AGAIN[way]
        word = instead if way != registration.way else anew if status == Status.EXPIRED else again
        url = f"/registrations/{registration.code}/{PATHS[way]}"
        found.append(Again(way, url, ICONS[way], gettext(word)))
    return found
