"""What a person does to an iPhone, iPad or Mac beyond what every device can do."""

from __future__ import annotations

from models import ApplePin, Command, Device, User, database
from services import audit, commands, permissions
from services.apple import vault
from services.permissions import Action
from services.refused import Forbidden


def unlock(device: Device, by: User) -> Command:
    """Take the passcode off an iPhone or iPad: whoever holds it can then open it."""
    permissions.check(by, device, Action.UNLOCK)
    return commands.ask(device, "unlock", by)


def locate(device: Device, by: User) -> Command:
    """Ask a supervised device that is reported lost where it is."""
    permissions.check(by, device, Action.LOCATE)
    return commands.ask(device, "locate", by)


def restart(device: Device, by: User) -> Command:
    permissions.check(by, device, Action.RESTART)
    return commands.ask(device, "restart", by)


def play_sound(device: Device, by: User) -> Command:
    """Make a supervised device that is reported lost sound until somebody stops it."""
    permissions.check(by, device, Action.PLAY_SOUND)
    return commands.ask(device, "play_sound", by)


def show_pin(row: ApplePin, by: User) -> str:
    """Somebody reads the PIN that a Mac asks for, and that is written down."""
    if not permissions.may_see_pin(by, row.device):
        raise Forbidden()
    with database.atomic():
        audit.append("device:pin:shown", by=by, device=row.device, params={"command": row.command.code})
    return vault.opened_pin(row)
