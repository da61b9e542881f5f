"""Handing orders to a device that came by, and taking its answers."""

from __future__ import annotations

from typing import Any

from models import LIVE_COMMAND, Command, CommandState, Device, Ownership, Role, Status, User, database
from services import audit, channels, clock, lifecycle, permissions
from services.commands import SENT_AGAIN, WITHDRAWN, ends_at, move, take_back
from services.permissions import Action

NOT_NOW_SECONDS = 60
LOST_RIGHTS = ("asker_disabled", "ownership_changed", "role_revoked")  # why an order is not sent any more
# Or because the device has been found since, or was lost or lost again.
FOUND = "found"
LOST = "lost"
LOST_AGAIN = "lost_again"
NOT_LOST = "not_lost"
# What was sent by then may have been carried out, or still be.
GIVEN_UP = (*LOST_RIGHTS, FOUND, LOST, LOST_AGAIN, WITHDRAWN)
WHILE_LOST = (Action.LOCATE, Action.PLAY_SOUND)  # and not a moment longer
LONGEST_DETAIL = 500


def offer(device: Device, most: int | None = None) -> list[Command]:
    """What to tell a device that came by, most urgent first and at most so many; each becomes sent.

    What was sent and never confirmed is offered again under the same code, for a short while if it does harm when it
    is carried out twice. The right of whoever asked is asked again; without it the order is called off, with the reason.
    """
    if device.status not in (Status.ACTIVE, Status.LOST, Status.RETIRE_PENDING, Status.WIPE_PENDING):
        return []
    now = clock.now()
    waiting = Command.select().where(
        Command.device == device,
        Command.state.in_((CommandState.QUEUED, CommandState.SENT)),
        Command.not_before <= now,
        Command.expires_at.is_null() | (Command.expires_at > now),
    )
    if not waiting.exists():  # the usual check-in: it takes no lock
        return []
    with database.atomic():
        allowed = [command for command in waiting.order_by(Command.id) if not _called_off(command, device)]
        if any(command.kind == "wipe" for command in allowed):
            allowed = [command for command in allowed if command.kind == "wipe"]
        allowed.sort(key=_rank)
        return [command for command in allowed[:most] if _mark_sent(command, device, now)]


def finish(device: Device, code: str, status: str, detail: str = "", remark: str = "") -> bool:
    """A device answered: acknowledged, failed, or not_now. The same answer twice changes nothing.

    `detail` is in the device's own words; `remark` is a code for what has to be said of an order that was carried out.
    Returns False when there is no such order, or none that could still be answered like that.
    """
    with database.atomic():
        command = Command.get_or_none(Command.code == code, Command.device == device)
        if command is None:
            return False
        if status == "not_now":
            return _put_back(command)
        state = CommandState.ACKNOWLEDGED if status == "acknowledged" else CommandState.FAILED
        reason = remark if state == CommandState.ACKNOWLEDGED else "reported_by_device"
        late = state == CommandState.ACKNOWLEDGED and may_be_confirmed_late(command)
        sources = (CommandState(command.state),) if late else (CommandState.SENT,)
        if not move(command, sources, state, reason, detail[:LONGEST_DETAIL]):
            return False
        audit.append(
            f"device:{command.kind}:{state}",
            by=device,
            device=device,
            params={"command": command.code},
            text={"detail": command.detail} if detail and state == CommandState.FAILED else None,
        )
        if state == CommandState.FAILED:
            take_back(command)
        else:
            _carry_out(command, device)
    return True


def put_back_what_was_sent(device: Device) -> None:
    """It could not do something, and does not say what: all that it has not answered goes to the back of the queue, so
    that no order fails for another, and none keeps the others from their turn.
    """
    was_sent = (Command.device == device) & (Command.state == CommandState.SENT)
    with database.atomic():
        Command.update(**_back_in_the_queue()).where(was_sent).execute()


def may_be_confirmed_late(command: Command) -> bool:
    """We gave it up after it was sent: its time was over, its right gone, or what it was for. If the device did it, that
    is what counts. Where a device is that was found is nobody's business any more.
    """
    if command.state == CommandState.EXPIRED:
        return command.sent_at is not None
    return command.state == CommandState.FAILED and command.reason in GIVEN_UP


def call_off(command: Command, reason: str) -> None:
    """Send it no more, in the caller's transaction: it is cancelled, or given up if the device has it already."""
    was_sent = command.state == CommandState.SENT
    state = CommandState.FAILED if was_sent else CommandState.CANCELLED
    if not move(command, LIVE_COMMAND, state, reason):
        return
    take_back(command)
    audit.append(
        f"device:{command.kind}:{state}",
        by=None,
        device=command.device,
        params={"command": command.code, "reason": reason},
    )


def _rank(command: Command) -> tuple[bool, bool]:
    """In the order in which they were asked for, but questions let orders go first: a device whose long answer never
    arrives is asked again each time it comes by. Retire is the last thing that it hears.
    """
    return (command.kind == "retire", command.kind == "refresh")


def _called_off(command: Command, device: Device) -> bool:
    """Is something gone that was there when the order was asked for? Then it is sent no more."""
    reason = NOT_LOST if _is_too_late(command, device) else _lost_right(command, device)
    if reason:
        call_off(command, reason)
    return bool(reason)


def _is_too_late(command: Command, device: Device) -> bool:
    return command.kind in WHILE_LOST and device.status != Status.LOST


def _lost_right(command: Command, device: Device) -> str:
    asker: User | None = command.asked_by
    if asker is None:
        return ""
    if asker.is_disabled:
        return "asker_disabled"
    if permissions.still_may(asker, device, Action(command.kind)):
        return ""
    is_administrator = permissions.has_role(asker, Role.ADMINISTRATOR)
    if command.kind == "wipe" and is_administrator and device.ownership == Ownership.EMPLOYEE:
        return "ownership_changed"
    return "role_revoked"


def _mark_sent(command: Command, device: Device, now: int) -> bool:
    first = command.state == CommandState.QUEUED
    columns: dict[str, Any] = {
        "state": CommandState.SENT,
        "sent_at": command.sent_at or now,
        "sent_count": Command.sent_count + 1,
    }
    if first and not channels.of_device(device).may_be_repeated(device, command.kind):
        columns["expires_at"] = now + SENT_AGAIN
    changed = (
        Command.update(columns).where(Command.id == command.id, Command.state == command.state).execute()
    )
    if changed and first:
        audit.append(f"device:{command.kind}:sent", by=None, device=device, params={"command": command.code})
    return bool(changed)


def _put_back(command: Command) -> bool:
    """The device is busy, and has done nothing: the order goes to the back of the queue for a minute."""
    ends = ends_at(command.kind, command.created_at)
    return bool(
        Command.update(**_back_in_the_queue(), expires_at=ends)
        .where(Command.id == command.id, Command.state == CommandState.SENT)
        .execute()
    )


def _back_in_the_queue() -> dict[str, Any]:
    return {"state": CommandState.QUEUED, "not_before": clock.now() + NOT_NOW_SECONDS}


def _carry_out(command: Command, device: Device) -> None:
    """The device confirmed that it is leaving."""
    if command.kind == "wipe":
        lifecycle.change(device, lifecycle.Event.CONFIRM_WIPE, by=device)
    elif command.kind == "retire":
        lifecycle.change(device, lifecycle.Event.CONFIRM_RETIRE, by=device)
