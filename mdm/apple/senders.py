"""Who sends a check-in or a report (apple/device-management, mdm/checkin): the device itself, or one user of
it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mdm.apple.fields import Document, optional_name, required_name, text


@dataclass(frozen=True, slots=True)
class Sender:
    """Who is speaking: a device, or on Macs and shared iPads one user of it.

    `device` is the UDID, or the EnrollmentID that takes its place in a user enrolment.
    """

    device: str
    user: str | None = None

    @property
    def is_user_channel(self) -> bool:
        """True for messages that must never touch the row of the device."""
        return self.user is not None


def sender(document: Document) -> Sender:
    """Who sent a check-in or a report; raises Malformed."""
    device = optional_name(document, "UDID") or required_name(document, "EnrollmentID")
    user = optional_name(document, "UserID") or optional_name(document, "EnrollmentUserID")
    if user is None and "UserShortName" in document:
        user = text(document, "UserShortName") or ""
    return Sender(device, user)
