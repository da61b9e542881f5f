"""Correcting what kind of device a registration is for."""

from __future__ import annotations

from models import Device, Registration, Status, database
from services import audit, channels, registration_rules, registration_secrets, settings
from services.refused import N_, Refused


def correct(registration: Registration, platform: str) -> None:
    """The device is of another kind than was said, managed over the same channel.

    Whoever holds the link says so, before they prove who they are. Raises Refused (field="platform"), also if that
    kind asks for a proof that this registration does not ask for.
    """
    device, rules = registration.device, settings.load()
    offered = registration_rules.platforms_offered(rules)
    is_same_channel = platform in offered and device.channel == channels.of(platform).NAME
    if not is_same_channel or not registration_secrets.is_enough_for(registration, platform, rules):
        raise Refused(registration_rules.NEEDS_ITS_OWN, field="platform")
    if platform == device.platform:
        return
    with database.atomic():
        waits = (Device.id == device.id) & (Device.status == Status.PENDING)
        if not Device.update(platform=platform).where(waits).execute():
            raise Refused(
                N_("It has begun to join as the kind that was registered. Ask for a new link in the portal."),
                field="platform",
            )
        kinds = {"from": device.platform, "to": platform}
        audit.append("device:platform:corrected", by=None, device=device, params=kinds)
    device.platform = platform
