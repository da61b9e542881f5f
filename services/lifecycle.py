"""How a device's status changes: one table, and the only function that changes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models import ENROLLED, GONE, LIVE_COMMAND, WAITING, Command, CommandState, Device, Status, database
from services import audit, clock
from services.refused import N_, Refused


class Event(StrEnum):
    """What happens to a device."""

    CANCEL = "cancel"
    EXPIRE = "expire"
    RENEW = "renew"
    ACCEPT = "accept"
    TOKEN_RAN_OUT = "token_ran_out"
    BEGIN = "begin"
    COME_LATE = "come_late"
    CONFIRM = "confirm"
    GIVE_UP = "give_up"
    LOSE = "lose"
    FIND = "find"
    ASK_WIPE = "ask_wipe"
    CONFIRM_WIPE = "confirm_wipe"
    ASK_RETIRE = "ask_retire"
    CONFIRM_RETIRE = "confirm_retire"
    TAKE_BACK = "take_back"
    LEAVE = "leave"
    RETIRE_WITHOUT_DEVICE = "retire_without_device"
    REPLACE = "replace"
    REPLACE_WIPED = "replace_wiped"
    BLOCK = "block"
    UNBLOCK = "unblock"


@dataclass(frozen=True)
class Rule:
    """From which statuses an event leads to which, and what the audit calls it (nothing: the caller does)."""

    sources: tuple[Status, ...]
    target: Status | None  # None: back to where it was
    audit: str = ""


HERE = (Status.ACTIVE, Status.LOST, Status.BLOCKED)

TABLE: dict[Event, Rule] = {
    Event.CANCEL: Rule((Status.PENDING, Status.VERIFIED), Status.CANCELLED, "device:registration:cancelled"),
    Event.EXPIRE: Rule((Status.PENDING, Status.VERIFIED), Status.EXPIRED, "device:registration:expired"),
    # Also while it joins: what it has begun may have failed on the device, and we hear nothing of that.
    Event.RENEW: Rule((*WAITING, Status.EXPIRED), Status.PENDING, "device:registration:renewed"),
    Event.ACCEPT: Rule((Status.PENDING,), Status.VERIFIED, "device:registration:accepted"),
    Event.TOKEN_RAN_OUT: Rule((Status.VERIFIED,), Status.PENDING, "device:enrolment:expired"),
    Event.BEGIN: Rule((Status.VERIFIED,), Status.ENROLLING, "device:enrolment:started"),
    Event.COME_LATE: Rule((Status.EXPIRED,), Status.ENROLLING, "device:enrolment:resumed"),
    Event.CONFIRM: Rule((Status.ENROLLING,), Status.ACTIVE, "device:enrolment:completed"),
    Event.GIVE_UP: Rule((Status.ENROLLING,), Status.EXPIRED, "device:enrolment:expired"),
    Event.LOSE: Rule((Status.ACTIVE,), Status.LOST, "device:lost:reported"),
    Event.FIND: Rule((Status.LOST,), Status.ACTIVE, "device:lost:ended"),
    Event.ASK_WIPE: Rule((*HERE, Status.RETIRE_PENDING), Status.WIPE_PENDING),
    # Also when nothing is pending any more: we gave the order up after it was sent, and the device did it all the same.
    Event.CONFIRM_WIPE: Rule(ENROLLED, Status.WIPED),
    Event.ASK_RETIRE: Rule(HERE, Status.RETIRE_PENDING),
    Event.CONFIRM_RETIRE: Rule(ENROLLED, Status.RETIRED),
    Event.TAKE_BACK: Rule((Status.WIPE_PENDING, Status.RETIRE_PENDING), None),
    Event.LEAVE: Rule(ENROLLED, Status.RETIRED, "device:left:done"),
    Event.RETIRE_WITHOUT_DEVICE: Rule(ENROLLED, Status.RETIRED, "device:left:forced"),
    Event.REPLACE: Rule(ENROLLED, Status.RETIRED, "device:replaced:done"),
    Event.REPLACE_WIPED: Rule((Status.WIPE_PENDING,), Status.WIPED, "device:replaced:done"),
    Event.BLOCK: Rule((Status.ACTIVE,), Status.BLOCKED, "device:block:started"),
    Event.UNBLOCK: Rule((Status.BLOCKED,), Status.ACTIVE, "device:block:ended"),
}
DEVICE_LEFT = "device_left"


def may(status: str, event: Event) -> bool:
    """Does the table allow it from there?"""
    return status in TABLE[event].sources


def change(
    device: Device,
    event: Event,
    by: audit.Actor,
    params: dict[str, Any] | None = None,
    text: dict[str, str] | None = None,
) -> None:
    """Move the device along the table, with its audit entry, in one transaction.

    Raises Refused when the table does not allow it from where the device stands now (not from where the
    caller last saw it).
    """
    rule = TABLE[event]
    with database.atomic():
        row = (
            Device.select(Device.status, Device.status_before).where(Device.id == device.id).tuples().first()
        )
        if row is None or row[0] not in rule.sources:
            raise Refused(N_("This cannot be done any more: the device's status has changed."))
        now_status, before = row
        target = rule.target or _back(device, Status(now_status), before)
        update: dict[str, Any] = {"status": target, "status_at": clock.now(), "status_before": None}
        if event in (Event.ASK_WIPE, Event.ASK_RETIRE):
            update["status_before"] = before or now_status
        elif target == Status.RETIRE_PENDING:
            update["status_before"] = before
        elif target in GONE:
            # There is nothing left to agree to.
            update |= {"asked_ownership": None, "asked_ownership_by": None}
        Device.update(**update).where(Device.id == device.id).execute()
        device.__data__.update(update)
        if rule.audit:
            audit.append(rule.audit, by=by, device=device, params=params, text=text)
        if target in GONE:
            call_off_orders(device, by)


def call_off_orders(device: Device, by: audit.Actor) -> None:
    """The device is gone, or another one takes its row: nothing of what waits will be sent."""
    left = Command.select().where(Command.device == device, Command.state.in_(LIVE_COMMAND))
    for command in list(left.order_by(Command.id)):
        columns = {"state": CommandState.CANCELLED, "reason": DEVICE_LEFT, "finished_at": clock.now()}
        Command.update(columns).where(Command.id == command.id).execute()
        audit.append(
            f"device:{command.kind}:cancelled",
            by=by,
            device=device,
            params={"command": command.code, "reason": DEVICE_LEFT},
        )


def _back(device: Device, now_status: Status, before: str | None) -> Status:
    """Where a taken-back wipe or retire leaves the device: at its retire, if that is still under way."""
    if now_status == Status.WIPE_PENDING and _has_live(device, "retire"):
        return Status.RETIRE_PENDING
    return Status(before or Status.ACTIVE)


def _has_live(device: Device, kind: str) -> bool:
    return bool(
        Command.select()
        .where(Command.device == device, Command.kind == kind, Command.state.in_(LIVE_COMMAND))
        .exists()
    )
