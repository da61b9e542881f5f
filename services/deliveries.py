"""Handing orders to a device that came by, and taking its answers."""

from __future__ import annotations

from peewee import fn

from models import LIVE_COMMAND, Command, CommandState, Device, Ownership, Role, Status, User, database
from services import audit, channels, clock, lifecycle, permissions
from services.commands import WITHDRAWN, expire, move, take_back
from services.permissions import Action

NOT_NOW_SECONDS = 60
MOST_SENDINGS = 2  # of what does harm when it is repeated: a delivery may get lost, or an answer
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

    What was sent and never confirmed is offered again under the same code, once if it does harm when it is carried out
    twice; then it ends. The right of whoever asked is asked again; without it the order is called off, with the reason.
    """
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
        device = Device.get_by_id(device.id)  # it may have been reported lost, or found, a moment ago
        if device.status not in (Status.ACTIVE, Status.LOST, Status.RETIRE_PENDING, Status.WIPE_PENDING):
            return []
        allowed = [command for command in waiting.order_by(Command.id) if not _has_ended(command, device)]
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
        late = may_be_confirmed_late(command)
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
        if state == CommandState.ACKNOWLEDGED:
            _carry_out(command, device)
        elif not late:  # then it was put back already, and may be leaving by another order since
            take_back(command)
    return True


def let_wait_what_was_sent(device: Device) -> None:
    """It could not do something, and does not say what: what it was sent last lets the others go first for a minute. It
    stays sent, since it may have been carried out, and no order fails for another.
    """
    was_sent = (Command.device == device) & (Command.state == CommandState.SENT)
    is_due = was_sent & (Command.not_before <= clock.now())
    with database.atomic():
        last = Command.select(fn.MAX(Command.not_before)).where(is_due).scalar()
        Command.update(not_before=_a_little_later()).where(is_due, Command.not_before == last).execute()


def may_be_confirmed_late(command: Command) -> bool:
    """We gave it up after it was sent: its time was over, its right gone, or what it was for. If the device did it, or
    says that it could not, that is what counts. Where a device is that was found is nobody's business any more.
    """
    if command.state == CommandState.EXPIRED:
        return command.sent_at is not None
    return command.state == CommandState.FAILED and command.reason in GIVEN_UP


def out_of_place(command: Command, device: Device) -> str:
    """Why a device that is lost, or is not, must not hear of this order: a reason, or nothing. Asked when it is reported
    lost or found, and when the order is sent: somebody may have asked for it at that very instant.
    """
    if device.status != Status.LOST:
        return NOT_LOST if command.kind in WHILE_LOST else ""
    if command.kind == Action.REPORT_FOUND:
        return LOST_AGAIN
    is_restart = command.kind == Action.RESTART
    return LOST if is_restart and Action.RESTART not in channels.of_device(device).can(device) else ""


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


def _has_ended(command: Command, device: Device) -> bool:
    """Is something gone that was there when the order was asked for, or was it sent often enough? Then it ends here."""
    if reason := out_of_place(command, device) or _lost_right(command, device):
        call_off(command, reason)
    elif _was_sent_often_enough(command, device):
        expire(command)
    else:
        return False
    return True


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


def _was_sent_often_enough(command: Command, device: Device) -> bool:
    """Whoever has typed the PIN of a Mac is not to be locked out of it at each of its check-ins."""
    if command.state != CommandState.SENT or command.sent_count < MOST_SENDINGS:
        return False
    return not channels.of_device(device).may_be_repeated(device, command.kind)


def _mark_sent(command: Command, device: Device, now: int) -> bool:
    first = command.state == CommandState.QUEUED
    columns = {"not_before": now, "sent_at": command.sent_at or now, "sent_count": Command.sent_count + 1}
    is_as_seen = (Command.id == command.id) & (Command.state == command.state)
    changed = Command.update(columns, state=CommandState.SENT).where(is_as_seen).execute()
    if changed and first:
        audit.append(f"device:{command.kind}:sent", by=None, device=device, params={"command": command.code})
    return bool(changed)


def _put_back(command: Command) -> bool:
    """The device is busy, and has done nothing: the order goes to the back of the queue for a minute, as if unsent."""
    unsent = {"state": CommandState.QUEUED, "sent_at": None, "sent_count": 0, "not_before": _a_little_later()}
    is_sent = (Command.id == command.id) & (Command.state == CommandState.SENT)
    return bool(Command.update(unsent).where(is_sent).execute())


def _a_little_later() -> int:
    return clock.now() + NOT_NOW_SECONDS


def _carry_out(command: Command, device: Device) -> None:
    """The device confirmed that it is leaving."""
    if command.kind == "wipe":
        lifecycle.change(device, lifecycle.Event.CONFIRM_WIPE, by=device)
    elif command.kind == "retire":
        lifecycle.change(device, lifecycle.Event.CONFIRM_RETIRE, by=device)
