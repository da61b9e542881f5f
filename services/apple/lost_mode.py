"""Lost mode keeps a supervised iPhone or iPad locked for whoever finds it: is it on, as far as our orders tell?"""

from __future__ import annotations

from models import Command, CommandState, Device, Platform
from services.apple import vault

BEGUN_BY = ("lock", "locate")


def is_possible(device: Device) -> bool:
    """On supervised ones alone."""
    return device.platform != Platform.MACOS and bool(device.facts.get("is_supervised"))


def begins(device: Device) -> None:
    """EnableLostMode goes out: from now on the device has to be told when it is over, whatever it answers."""
    vault.note(device, lost_mode=True)


def has_ended(device: Device) -> None:
    """The device confirmed DisableLostMode, or that there is none. Where it was need not be known any more."""
    vault.note(device, lost_mode=False, place=None)


def may_be_on(device: Device) -> bool:
    """Has EnableLostMode gone out since the last confirmed end, or is it going out at this very instant?"""
    row = vault.enrolment_of(device)
    if row is None or not is_possible(device):
        return False
    on_its_way = Command.select().where(
        Command.device == device, Command.kind.in_(BEGUN_BY), Command.state == CommandState.SENT
    )
    return bool(row.inventory.get("lost_mode") or on_its_way.exists())
