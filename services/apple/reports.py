"""What became of an order, as an Apple device reports it, and which one it gets next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from mdm.apple import facts, inventories
from mdm.apple.errors import Malformed
from mdm.apple.reports import Report
from models import AppleEnrolment, Command, CommandState, Device, database
from services import audit, channels, check_ins, clock, commands, deliveries
from services.apple import challenges, model_names, orders

MOST_KEPT = 500  # apps, profiles or certificates of one device


def wake(device: Device) -> None:
    """It is idle again: what it could not do before is offered anew, and not only after a minute."""
    now = clock.now()
    put_back = (
        (Command.device == device)
        & (Command.state == CommandState.QUEUED)
        & (Command.sent_count > 0)
        & (Command.not_before > now)
    )
    if Command.select().where(put_back).exists():
        with database.atomic():
            Command.update(not_before=now).where(put_back).execute()


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
    """An answer. One to no order of this device, or one that was heard before, changes nothing."""
    code, part = orders.named(report.command or "")
    command = commands.by_code(device, code)
    if command is None or part != orders.next_part(command):
        return
    if command.state != CommandState.SENT and not deliveries.may_be_confirmed_late(command):
        return
    if report.status == "NotNow":
        deliveries.finish(device, code, "not_now")
        return
    with database.atomic():
        if report.has_failed:
            is_over = part == orders.parts(command)[0] or command.kind != "refresh"
            if is_over:
                deliveries.finish(device, code, "failed", _words(report))
                if command.kind == "renew":
                    challenges.forget(device)
                return
        elif command.kind == "renew" and not challenges.earned_one(device):
            _fail(command, device, "no_new_certificate")
            return
        else:
            _keep(device, command, part, report)
        if part == orders.parts(command)[-1]:
            deliveries.finish(device, code, "acknowledged")
        else:
            done = [*command.params.get("done", []), part]
            Command.update(params={**command.params, "done": done}).where(Command.id == command.id).execute()


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
    """What an answer tells. One that tells nothing that we can read is an answer all the same."""
    try:
        if part == "facts":
            said = facts.from_device_information(report, model_names.added())
            called = device.model
            check_ins.store_facts(device, channels.of_device(device).facts(said))
            _call_by_its_model(device, called)
        elif command.kind == "report_found":
            _store(device, "place", None)
        elif part in _READ:
            _store(device, part, _READ[part](report))
    except Malformed:
        return


def _call_by_its_model(device: Device, before: str | None) -> None:
    """A device that its owner gave no name of their own is called what its model is, and that may have a name by now."""
    if device.model and device.model != before == device.name:
        update = {"name": device.model, "name_search": device.model.casefold()}
        Device.update(**update).where(Device.id == device.id).execute()
        device.__data__.update(update)


def _store(device: Device, part: str, found: Any) -> None:
    row = AppleEnrolment.get(AppleEnrolment.device == device)
    inventory = {**row.inventory, part: found, f"{part}_at": clock.now()}
    AppleEnrolment.update(inventory=inventory).where(AppleEnrolment.device == device).execute()


def _certificates(report: Report) -> list[dict[str, Any]]:
    """Their names are enough to show: what they prove is checked elsewhere."""
    found = inventories.certificates(report)[:MOST_KEPT]
    return [{"common_name": each.common_name, "is_identity": each.is_identity} for each in found]


_READ: dict[str, Callable[[Report], Any]] = {
    "security": lambda report: asdict(inventories.security(report)),
    "applications": lambda report: [asdict(each) for each in inventories.applications(report)[:MOST_KEPT]],
    "profiles": lambda report: [asdict(each) for each in inventories.profiles(report)[:MOST_KEPT]],
    "certificates": _certificates,
    "place": lambda report: asdict(inventories.location(report)),
}
