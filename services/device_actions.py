"""What a person does to a device. Each verb asks `permissions`, then changes, in one transaction."""

from __future__ import annotations

from typing import Any

from models import ENDED, Command, CommandState, Device, User, database
from services import audit, channels, commands, deliveries, devices, lifecycle, permissions
from services.lifecycle import Event
from services.permissions import Action
from services.refused import N_, Refused

LONGEST_NAME = 60
LONGEST_MESSAGE = 300
LONGEST_REASON = 200
BECAUSE_LOST = "because_lost"  # marks the lock that nobody asked for by itself


def refresh(device: Device, by: User) -> Command:
    """Ask the device to report its facts anew."""
    permissions.check(by, device, Action.REFRESH)
    return commands.ask(device, "refresh", by)


def lock(device: Device, by: User, text: str = "") -> Command:
    """Lock the screen, with a text on it where the device can show one."""
    permissions.check(by, device, Action.LOCK)
    text = _checked(text, LONGEST_MESSAGE, "text")
    return commands.ask(device, "lock", by, {"text": text} if text else {})


def message(device: Device, text: str, by: User) -> Command:
    """Show a text on the device."""
    permissions.check(by, device, Action.MESSAGE)
    text = _checked(text, LONGEST_MESSAGE, "text")
    if not text:
        raise Refused(N_("Write what it should say."), field="text")
    return commands.ask(device, "message", by, {"text": text})


def wipe(device: Device, confirmation: str, reason: str, by: User) -> Command:
    """Order the device to erase itself. `confirmation` is its name, or its code, as the person typed it."""
    permissions.check(by, device, Action.WIPE)
    wanted = {devices.display_name(device).casefold(), device.code.casefold()}
    if " ".join(confirmation.split()).casefold() not in wanted:
        raise Refused(
            N_("This is not its name. Type %(name)s."), field="confirm", name=devices.display_name(device)
        )
    reason = _checked(reason, LONGEST_REASON, "reason")
    with database.atomic():
        lifecycle.change(device, Event.ASK_WIPE, by=by)
        return _ask_with_reason(device, "wipe", reason, by)


def retire(device: Device, reason: str, by: User) -> Command:
    """Take the device out of the organisation's care; what is the person's own stays on it."""
    permissions.check(by, device, Action.RETIRE)
    reason = _checked(reason, LONGEST_REASON, "reason")
    with database.atomic():
        lifecycle.change(device, Event.ASK_RETIRE, by=by)
        return _ask_with_reason(device, "retire", reason, by)


def retire_without_device(device: Device, reason: str, by: User) -> None:
    """Let go of a device that is not there to be asked: its orders end, and its hardware may join for another person."""
    permissions.check(by, device, Action.RETIRE_WITHOUT_DEVICE)
    reason = _checked(reason, LONGEST_REASON, "reason")
    with database.atomic():
        lifecycle.change(device, Event.RETIRE_WITHOUT_DEVICE, by=by)
        if reason:
            audit.append("device:retire:explained", by=by, device=device, text={"reason": reason})


def block(device: Device, by: User) -> None:
    """Keep the device out: it is told nothing, and what it is to do waits."""
    permissions.check(by, device, Action.BLOCK)
    lifecycle.change(device, Event.BLOCK, by=by)


def unblock(device: Device, by: User) -> None:
    """Let it in again, for what has waited meanwhile."""
    permissions.check(by, device, Action.UNBLOCK)
    with database.atomic():
        lifecycle.change(device, Event.UNBLOCK, by=by)
        if commands.live(device):
            channels.of_device(device).wake(device)


def rename(device: Device, name: str, by: User) -> None:
    """Give the device a name of one's own; nothing goes back to its model."""
    permissions.check(by, device, Action.RENAME)
    name = _checked(name, LONGEST_NAME, "name") or device.model or device.facts.get("host_name") or ""
    taken = Device.select().where(
        Device.user == device.user,
        Device.id != device.id,
        Device.name_search == name.casefold(),
        Device.status.not_in(ENDED),
    )
    with database.atomic():
        if name and taken.exists():
            raise Refused(
                N_("You already have a device called %(name)s. Choose another name."), field="name", name=name
            )
        audit.append("device:name:changed", by=by, device=device, text={"from": device.name, "to": name})
        Device.update(name=name, name_search=name.casefold()).where(Device.id == device.id).execute()
    device.name = name


def report_lost(device: Device, by: User) -> None:
    """The device is gone: mark it, and lock it where that is possible. What would free it is called off."""
    permissions.check(by, device, Action.REPORT_LOST)
    with database.atomic():
        lifecycle.change(device, Event.LOSE, by=by)
        _call_off_what_is_out_of_place(device)
        _lock_until_it_is_found(device, by)


def report_found(device: Device, by: User) -> None:
    """It is back. What was asked because it was lost is called off; if it may be in lost mode, that ends."""
    permissions.check(by, device, Action.REPORT_FOUND)
    with database.atomic():
        lifecycle.change(device, Event.FIND, by=by)
        is_kept_locked = channels.of_device(device).may_be_in_lost_mode(device)
        _call_off_what_is_out_of_place(device)
        for lock in commands.live(device, Action.LOCK):
            if lock.params.get(BECAUSE_LOST):
                deliveries.call_off(lock, deliveries.FOUND)
            else:
                commands.wait_anew(lock, device)
        if is_kept_locked:
            commands.ask(device, Action.REPORT_FOUND, by)


def _call_off_what_is_out_of_place(device: Device) -> None:
    for command in commands.live(device):
        if reason := deliveries.out_of_place(command, device):
            deliveries.call_off(command, reason)


def _lock_until_it_is_found(device: Device, by: User) -> None:
    """A lock that waits will do. So will one that was sent, unless it was a plain one and could be lost mode: once the
    device confirms it, nothing would begin that.
    """
    channel = channels.of_device(device)
    params: dict[str, Any] = {BECAUSE_LOST: True}
    for lock in commands.live(device, Action.LOCK):  # one at most
        if lock.state == CommandState.SENT and channel.has_lost_mode(device):
            deliveries.call_off(lock, deliveries.LOST)
            params = lock.params  # with its text, and it goes on being what somebody asked for
        else:
            commands.wait_anew(lock, device)
    if Action.LOCK in channel.can(device) and not commands.live(device, Action.LOCK):
        commands.ask(device, Action.LOCK, by, params)


def _ask_with_reason(device: Device, kind: str, reason: str, by: User) -> Command:
    command = commands.ask(device, kind, by)
    if reason:
        audit.append(
            f"device:{kind}:explained",
            by=by,
            device=device,
            params={"command": command.code},
            text={"reason": reason},
        )
    return command


def _checked(text: str, longest: int, field: str) -> str:
    text = " ".join(text.split())
    if not text.isprintable():
        raise Refused(N_("This has characters that cannot be shown."), field=field)
    if len(text) > longest:
        raise Refused(N_("Use at most %(most)s characters."), field=field, most=longest)
    return text
