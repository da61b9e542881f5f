"""The agent channel: computers that run our own agent."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

from mdm.agent.wire import Command as AgentCommand
from mdm.agent.wire import CommandType, Facts
from models import Command, Device, Registration
from services.refused import N_

NAME = "agent"
CAN = frozenset({"refresh", "lock", "message", "retire", "wipe"})


def can(device: Device) -> frozenset[str]:
    """The same for every computer; whether it obeys a wipe is decided where the agent was started."""
    return CAN


def why_not(action: str) -> str:
    if action == "unlock":
        return N_("Unlock is not here: a computer's own password cannot be taken away from outside.")
    if action == "locate":
        return N_("Locate is not here: a computer does not tell us where it is.")
    return N_("This kind of device cannot do that.")


def wake(device: Device) -> None:
    """It comes by itself, every minute or so."""


def next_step(registration: Registration) -> dict[str, Any]:
    """/go shows how to download and start the agent with the enrolment token."""
    return {"step": "agent", "platform": registration.device.platform}


def encode(command: Command) -> AgentCommand:
    return AgentCommand(id=command.code, type=cast(CommandType, command.kind), params=dict(command.params))


def facts(report: Facts) -> dict[str, Any]:
    return asdict(report)
