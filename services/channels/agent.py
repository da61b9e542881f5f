"""The agent channel: computers that run our own agent."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

from mdm.agent.wire import Command as AgentCommand
from mdm.agent.wire import CommandType, Facts
from models import Command, Device, Platform, Registration
from services.channels.steps import Step
from services.refused import N_

NAME = "agent"
KNOWN_BY = frozenset({"stable_id"})
CAN = frozenset({"refresh", "lock", "message", "retire", "wipe"})
HOW_TO_BEGIN = N_(
    "On the computer itself, open the link from the mail or the QR code. Without a link, go to %(go)s and type your "
    "user name, %(username)s."
)
PASTE = N_("Paste the line that the page shows, and press Enter. It starts the agent, a small program, and needs "
           "Python 3.8 or newer.")  # fmt: skip
LEAVE_OPEN = N_("Leave that window open. Within a minute the page says that you are done.")
OPEN_A_TERMINAL = {
    Platform.LINUX: N_("Open a terminal: on most desktops with Ctrl, Alt and T."),
    Platform.MACOS: N_("Open Terminal: it is in Applications, Utilities."),
    Platform.WINDOWS: N_("Open PowerShell: press the Windows key, type PowerShell and press Enter."),
}


def can(device: Device) -> frozenset[str]:
    """The same for every computer; whether it obeys a wipe is decided where the agent was started."""
    return CAN


def why_not(device: Device, action: str) -> str:
    if action == "unlock":
        return N_("Unlock is not here: a computer's own password cannot be taken away from outside.")
    if action == "locate":
        return N_("Locate is not here: a computer does not tell us where it is.")
    return ""


def may_be_repeated(device: Device, kind: str) -> bool:
    return True


def has_lost_mode(device: Device) -> bool:
    return False


def may_be_in_lost_mode(device: Device) -> bool:
    return False


def wake(device: Device) -> None:
    """It comes by itself, every minute or so."""


def next_step(registration: Registration) -> dict[str, Any]:
    """/go shows how to download and start the agent with the enrolment token."""
    return {"step": "agent", "platform": registration.device.platform}


def instructions(platform: str) -> tuple[Step, ...]:
    """How to begin; then what is done on the computer, once the terms are accepted."""
    return tuple(map(Step, (HOW_TO_BEGIN, OPEN_A_TERMINAL[Platform(platform)], PASTE, LEAVE_OPEN)))


def encode(command: Command) -> AgentCommand:
    text = command.params.get("text")
    return AgentCommand(
        id=command.code, type=cast(CommandType, command.kind), params={"text": text} if text else {}
    )


def facts(report: Facts) -> dict[str, Any]:
    return asdict(report)
