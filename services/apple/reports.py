"""What became of an order, as an Apple device reports it, and which one it gets next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from mdm.apple import facts, inventories
from mdm.apple.errors import Malformed
from mdm.apple.reports import NOT_IN_LOST_MODE, Report
from models import Command, CommandState, Device, database
from services import audit, channels, check_ins, clock, commands, deliveries
from services.apple import challenges, lost_mode, model_names, orders, pushes, vault


def wake(device: Device) -> None:
    """It is idle again: what it could not do before is offered anew, and not only after a minute."""
    now = clock.now()
    must_wait = _was_put_off(device) & (Command.not_before > now)
    if Command.select().where(must_wait).exists():
        with database.atomic():
            Command.update(not_before=now).where(must_wait).execute()


def call_back(device: Device) -> None:
    """It hears no more for now, and its last word was not NotNow: then it comes back for what it could not do only if
    we wake it, and a little later (Apple: "Handling NotNow status responses").
    """
    if Command.select().where(_was_put_off(device)).exists():
        with database.atomic():
            pushes.ask(device, pause=deliveries.NOT_NOW_SECONDS)


def next_request(device: Device) -> bytes | None:
    """The next order in Apple's words. What cannot be sent, because the device never gave us what it needs, fails."""
    while offered := deliveries.offer(device, most=1):
        try:
            return channels.of_device(device).encode(offered[0])
        except ValueError as error:
            reason = error.reason if isinstance(error, orders.CannotBeSent) else orders.CANNOT_BE_SENT
            _fail(offered[0], device, reason)
    return None


def take(device: Device, report: Report) -> None:
    """An answer. One to no order of this device, or one that was heard before, changes nothing; one that does not say
    what it answers makes no order fail.
    """
    if report.command is None:
        deliveries.let_wait_what_was_sent(device)
        return
    code, part = orders.named(report.command)
    command = commands.by_code(device, code)
    if command is None or part != orders.next_part(command):
        return
    if command.state != CommandState.SENT and not deliveries.may_be_confirmed_late(command):
        return
    if report.status == "NotNow":
        deliveries.finish(device, code, "not_now")
        return
    has_failed = report.has_failed and not _is_so_already(command, report)
    with database.atomic():
        if has_failed and (command.kind != "refresh" or part == orders.parts(command)[0]):
            deliveries.finish(device, code, "failed", _words(report))
            if command.kind == "renew":
                challenges.forget(device)
        elif command.kind == "renew" and not challenges.earned_one(device):
            _fail(command, device, "no_new_certificate")
        elif has_failed:
            _go_on(command, device, part, untold=_words(report))
        else:
            _take_what_it_tells(command, device, part, report)


def _was_put_off(device: Device) -> Any:
    """What it answered with NotNow."""
    waits = (Command.device == device) & (Command.state == CommandState.QUEUED)
    return waits & (Command.not_before > Command.created_at)


def _is_so_already(command: Command, report: Report) -> bool:
    """The end of a lost mode that is not on: EnableLostMode did not work either, or somebody else ended it."""
    return command.kind == "report_found" and report.blames(NOT_IN_LOST_MODE)


def _take_what_it_tells(command: Command, device: Device, part: str, report: Report) -> None:
    """An answer that does not hold what was asked for is none."""
    try:
        _keep(device, command, part, report)
    except Malformed:
        if command.kind == "refresh":
            _go_on(command, device, part, untold="")
        else:
            _fail(command, device, "unreadable_answer")
        return
    _go_on(command, device, part, remark=_MESSAGE_RESULTS.get(inventories.lock_message(report), ""))


def _go_on(command: Command, device: Device, part: str, untold: str | None = None, remark: str = "") -> None:
    """To the next part, or to the end. `untold`: this one failed, with the device's words; "" if we could not read it."""
    missing: dict[str, str] = dict(command.params.get("untold", {}))
    if untold is not None:
        missing[part] = untold
    if part != orders.parts(command)[-1]:
        done = [*command.params.get("done", []), part]
        params = {**command.params, "done": done, "untold": missing}
        Command.update(params=params).where(Command.id == command.id).execute()
        return
    if missing:
        remark = "not_all_answered" if all(missing.values()) else "not_all_readable"
    detail = " ".join(f"{name}: {words}" for name, words in missing.items() if words)
    deliveries.finish(device, command.code, "acknowledged", detail, remark)


def _fail(command: Command, device: Device, reason: str) -> None:
    with database.atomic():
        if not commands.move(command, (CommandState.SENT,), CommandState.FAILED, reason):
            return
        commands.take_back(command)
        audit.append(
            f"device:{command.kind}:failed", by=None, device=device, params={"command": command.code}
        )


def _words(report: Report) -> str:
    """Apple's own, with its number, as its documents list it."""
    said = [
        f"{problem.words or problem.english} ({problem.domain} {problem.code})" for problem in report.problems
    ]
    return " ".join(said) or report.status


def _keep(device: Device, command: Command, part: str, report: Report) -> None:
    """What an answer tells. Raises Malformed when it was asked something, and does not tell."""
    if part == "facts":
        said = facts.from_device_information(report, model_names.added())
        called = device.model
        check_ins.store_facts(device, channels.of_device(device).facts(said))
        _call_by_its_model(device, called)
    elif command.kind == "report_found":
        lost_mode.has_ended(device)
    elif part in _READ:
        found = {part: _READ[part](report), f"{part}_at": clock.now()}
        if part in inventories.LISTS:
            found[f"{part}_count"] = inventories.how_many(report, part)
        vault.note(device, **found)


def _call_by_its_model(device: Device, before: str | None) -> None:
    """A device that its owner gave no name of their own is called what its model is, and that may have a name by now."""
    if device.model and device.model != before == device.name:
        update = {"name": device.model, "name_search": device.model.casefold()}
        Device.update(**update).where(Device.id == device.id).execute()
        device.__data__.update(update)


_READ: dict[str, Callable[[Report], Any]] = {
    "security": lambda report: asdict(inventories.security(report)),
    "applications": lambda report: [asdict(each) for each in inventories.applications(report)],
    "profiles": lambda report: [asdict(each) for each in inventories.profiles(report)],
    "certificates": lambda report: [asdict(each) for each in inventories.certificates(report)],
    "place": lambda report: asdict(inventories.location(report)),
}

# What a device says of the text that a lock came with, unless it shows it.
_MESSAGE_RESULTS: dict[str | None, str] = {
    "NoPasscodeSet": "text_needs_passcode",
    "DeviceInLostMode": "text_of_lost_mode",
    "Unknown": "text_not_shown",
}
