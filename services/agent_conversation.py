"""One check-in of the reference agent: who says it, what it says, and what it is told to do."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from mdm.agent.wire import CheckIn, Result
from mdm.agent.wire import Command as AgentCommand
from models import Device, Status
from services import check_ins, deliveries
from services.channels import agent
from services.refused import Refused

log = logging.getLogger("muster.agent")


class Unknown(Exception):
    """Nobody has this secret: never a reason for a device to leave."""


class Gone(Exception):
    """The device has left, and may forget its secret."""


class Blocked(Exception):
    """An administrator has blocked the device: it is neither heard nor told anything."""


def speaker(secret: str) -> Device:
    """The device that holds this secret. Raises Unknown, Gone or Blocked."""
    device = check_ins.device_of(secret)
    if device is None or device.channel != agent.NAME:
        raise Unknown()
    if device.has_ended:
        raise Gone()
    if device.status == Status.BLOCKED:
        raise Blocked()
    return device


def hear(device: Device, said: CheckIn) -> list[AgentCommand]:
    """Its answers come first, so that what it has just done is not told to it again."""
    _take(device, said.results)
    check_ins.record(device, agent.facts(said.facts))
    return [agent.encode(command) for command in deliveries.offer(device)]


def _take(device: Device, results: Iterable[Result]) -> None:
    """An answer to no order of this device, or one that was heard before, changes nothing."""
    ignored = 0
    for result in results:
        try:
            is_new = deliveries.finish(device, result.command_id, result.status, result.detail)
        except Refused:  # an administrator was faster: the device has left in the meantime
            is_new = False
        ignored += not is_new
    if ignored:
        log.info("device %s: %s results belong to no order that waits for one", device.code, ignored)
