"""How each platform is managed: one table, and the same questions for every channel."""

from __future__ import annotations

from typing import Any, Protocol

from models import Command, Device, Platform, Registration
from services.channels import agent, apple
from services.channels.steps import Step


class Channel(Protocol):
    """What a channel module answers. Nothing outside of it branches on the platform."""

    NAME: str
    KNOWN_BY: frozenset[str]
    """The facts by which hardware that comes again is known. What a device said of them when it joined stays."""

    def can(self, device: Device) -> frozenset[str]:
        """Which actions this device can be ordered to do."""

    def why_not(self, device: Device, action: str) -> str:
        """Why this device cannot be ordered to do the action: a sentence (message id), or "" where nobody misses it."""

    def may_be_repeated(self, device: Device, kind: str) -> bool:
        """Is no harm done if the device carries this kind of order out twice, because its answer was lost?"""

    def has_lost_mode(self, device: Device) -> bool:
        """Can it be kept locked for whoever finds it? While it is lost, `lock` begins that, and `report_found` ends it."""

    def may_be_in_lost_mode(self, device: Device) -> bool:
        """Is it perhaps in lost mode, until it hears `report_found`?"""

    def wake(self, device: Device) -> None:
        """An order waits: make the device come, where that can be done. In the caller's transaction."""

    def next_step(self, registration: Registration) -> dict[str, Any]:
        """What /go shows after the terms were accepted: the step's name and what it needs."""

    def instructions(self, platform: str) -> tuple[Step, ...]:
        """What a person does, step by step; the sentences are message ids that may name %(go)s, %(username)s and %(organisation)s.

        The first says how to begin; all others follow once the person has proved who they are and accepted the terms.
        Mails, results and /go show these same sentences, and the pictures of those that have one.
        """

    def encode(self, command: Command) -> Any:
        """The command as the protocol package writes it."""

    def facts(self, report: Any) -> dict[str, Any]:
        """A device's report as our columns; what is no column stands under other names for the JSON."""


TABLE: dict[Platform, Channel] = {
    Platform.LINUX: agent,
    Platform.MACOS: apple,
    Platform.WINDOWS: agent,
    Platform.IOS: apple,
}
_BY_NAME: dict[str, Channel] = {channel.NAME: channel for channel in TABLE.values()}


def of(platform: str) -> Channel:
    """The channel of a platform. Raises KeyError for one that has none: it is never offered."""
    return TABLE[Platform(platform)]


def of_device(device: Device) -> Channel:
    """The channel that a device came by: a Mac may run our agent, and was registered for that."""
    return _BY_NAME[device.channel]
