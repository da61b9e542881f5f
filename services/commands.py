"""Orders to devices: asking for one, taking it back, and what became of it."""

from __future__ import annotations

from typing import Any

from peewee import IntegrityError

from models import ENDED, LIVE_COMMAND, Command, CommandState, Device, Status, User, database
from services import audit, channels, clock, codes, lifecycle, permissions
from services.refused import N_, Forbidden, Refused

HOUR = 3600
DAY = 24 * HOUR
# How long an order waits for its device. Wipe and retire wait for ever, and so does the end of lost mode: without it a
# device that was found stays locked. See `ends_at` for the lock of a lost one.
LIVES = {
    "refresh": DAY,
    "message": 7 * DAY,
    "lock": 30 * DAY,
    "unlock": DAY,
    "locate": 7 * DAY,
    "play_sound": HOUR,
    "restart": DAY,
    "renew": 30 * DAY,
}
NOT_SENT = (CommandState.HELD, CommandState.QUEUED)
NOT_ANSWERED = (CommandState.QUEUED, CommandState.SENT)
CANCEL_REASON = "cancelled_by_person"
WITHDRAWN = "withdrawn_by_person"


def ask(device: Device, kind: str, by: User | None, params: dict[str, Any] | None = None) -> Command:
    """Queue an order; `by` None: Muster itself wants it. The caller has asked `permissions`.

    One of a kind lives at a time: Refused for a second.
    """
    now = clock.now()
    with database.atomic():
        row = Device.get_by_id(device.id)
        if row.status in ENDED:  # a moment ago it was here
            raise Refused(N_("This device has left. There is nothing more to send."))
        try:
            command = Command.create(
                code=codes.code(10),
                device=device,
                kind=kind,
                params=params or {},
                state=CommandState.QUEUED,
                asked_by=by,
                not_before=now,
                created_at=now,
                expires_at=ends_at(kind, row),
            )
        except IntegrityError:
            raise Refused(N_("The same order is on its way to this device already.")) from None
        audit.append(f"device:{kind}:requested", by=by, device=device, params={"command": command.code})
        channels.of_device(device).wake(device)
    return command


def cancel(command: Command, by: User) -> None:
    """Take back an order that was not sent yet. A wipe or retire puts the device back where it was.

    One that would do harm when it is repeated is sent no more, though it may have been carried out.
    """
    if not permissions.may_cancel(by, command):
        raise Forbidden()
    with database.atomic():
        if move(command, NOT_SENT, CommandState.CANCELLED, CANCEL_REASON):
            phase = "cancelled"
            take_back(command)
        elif not _may_be_repeated(command, Device.get_by_id(command.device_id)) and move(
            command, (CommandState.SENT,), CommandState.FAILED, WITHDRAWN
        ):
            phase = "withdrawn"
        else:
            raise Refused(N_("It is too late: the order was sent already."))
        audit.append(
            f"device:{command.kind}:{phase}", by=by, device=command.device, params={"command": command.code}
        )


def may_be_cancelled(command: Command, device: Device) -> bool:
    """Does `cancel` still change anything?"""
    return command.state in NOT_SENT or (
        command.state == CommandState.SENT and not _may_be_repeated(command, device)
    )


def ends_at(kind: str, device: Device) -> int | None:
    """When an order that begins to wait now has waited too long; None: never. A lost device is locked whenever it comes."""
    if kind == "lock" and device.status == Status.LOST:
        return None
    lives = LIVES.get(kind)
    return clock.now() + lives if lives else None


def wait_anew(command: Command, device: Device) -> None:
    """The device was lost, or found: from now on the order waits as one that is asked for now, in the caller's transaction."""
    ends = ends_at(command.kind, device)
    Command.update(expires_at=ends).where(Command.id == command.id, Command.state.in_(LIVE_COMMAND)).execute()


def of_device(device: Device, limit: int = 5) -> list[Command]:
    """The newest orders, those still under way first."""
    live = Command.state.in_(LIVE_COMMAND)
    return list(
        Command.select().where(Command.device == device).order_by(live.desc(), Command.id.desc()).limit(limit)
    )


def live(device: Device, *kinds: str) -> list[Command]:
    """What is under way, of these kinds or of all; oldest first."""
    found = Command.select().where(Command.device == device, Command.state.in_(LIVE_COMMAND))
    return list((found.where(Command.kind.in_(kinds)) if kinds else found).order_by(Command.id))


def by_code(device: Device, code: str) -> Command | None:
    return Command.get_or_none(Command.code == code, Command.device == device)


def expire_due() -> int:
    """Store what has waited too long. Returns how many. Each is looked at again: it may have been given more time."""
    due = Command.select().where(Command.state.in_(NOT_ANSWERED), Command.expires_at <= clock.now())
    ended = 0
    for command in list(due.limit(100)):
        with database.atomic():
            if due.where(Command.id == command.id).exists():
                expire(command)
                ended += 1
    return ended


def expire(command: Command) -> None:
    """It ends without an answer, in the caller's transaction."""
    if move(command, NOT_ANSWERED, CommandState.EXPIRED, "not_confirmed"):
        audit.append(
            f"device:{command.kind}:expired",
            by=None,
            device=command.device,
            params={"command": command.code},
        )


def move(
    command: Command,
    sources: tuple[CommandState, ...],
    target: CommandState,
    reason: str = "",
    detail: str = "",
) -> bool:
    """Change the state if the order still stands in one of `sources`; says whether it did."""
    columns = {"state": target, "reason": reason, "detail": detail, "finished_at": clock.now()}
    changed = Command.update(**columns).where(Command.id == command.id, Command.state.in_(sources)).execute()
    if changed:
        command.__data__.update(columns)
    return bool(changed)


def take_back(command: Command) -> None:
    """A wipe or retire that will not happen: the device is where it was."""
    waits_in = {"wipe": Status.WIPE_PENDING, "retire": Status.RETIRE_PENDING}.get(command.kind)
    device = Device.get_by_id(command.device_id)
    if waits_in is not None and device.status == waits_in:
        lifecycle.change(device, lifecycle.Event.TAKE_BACK, by=None)
        command.device.__data__.update(device.__data__)


def _may_be_repeated(command: Command, device: Device) -> bool:
    return channels.of_device(device).may_be_repeated(device, command.kind)
