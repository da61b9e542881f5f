"""Correcting the address that a registration's mail went to."""

from __future__ import annotations

from models import Registration, User, Way, database
from services import registrations, users
from services.refused import N_, Forbidden, Refused
from services.registrations import Issued


def correct(registration: Registration, email: str, by: User) -> Issued:
    """Change the account's address, and send the mail there with new secrets: who had the old ones is unknown.

    Only one's own. Raises Refused (field="email") for what is no address.
    """
    owner = registration.user
    if by.id != owner.id:
        raise Forbidden()
    if not email.strip():
        raise Refused(N_("Give an e-mail address."), field="email")
    way = Way.PIN if registration.way == Way.PIN else Way.INVITATION
    issued = registrations.new_secrets(registration, way)
    with database.atomic():
        users.change_details(
            owner,
            by=by,
            name=owner.name,
            email=email,
            phone_number=owner.phone_number,
            language=owner.language,
            time_zone=owner.time_zone,
        )
        return registrations.renew(registration, by=by, way=way, issued=issued)
