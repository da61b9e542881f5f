"""What the server says when it is not sending a command (Apple: "Implementing device management";
mdm/errors).
"""

from __future__ import annotations

from dataclasses import dataclass

from mdm.apple import plists
from mdm.apple.facts import major

XML = "application/xml; charset=UTF-8"

NOTHING = b""
"""The body of a 200 that ends the session: nothing to do, or thank you for the check-in."""

_FIRST_TO_UNDERSTAND_403 = {"iOS": 17, "iPadOS": 17, "macOS": 14, "tvOS": 17, "visionOS": 1, "watchOS": 10}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as plain data."""

    status: int
    content_type: str
    body: bytes


USER_NOT_MANAGED = Answer(410, XML, NOTHING)
"""To UserAuthenticate: this user of a Mac is not ours, ask again at the next sign-in."""


def unrecognised_device(os_name: str | None, os_version: str | None) -> Answer:
    """Makes a device remove our profile and all that came with it: only ever for one that is known to be
    retired.

    Systems since 2023 want 403 with a reason (unrecognized.device.yaml), older ones know 401 alone.
    """
    first = _FIRST_TO_UNDERSTAND_403.get(os_name or "")
    version = major(os_version)
    if first is None or version is None or version < first:
        return Answer(401, XML, NOTHING)
    reason = {
        "code": "com.apple.unrecognized.device",
        "description": "This device was retired.",
        "message": "This device is no longer managed.",
    }
    return Answer(403, XML, plists.write(reason))


def bootstrap_token(token: bytes | None) -> Answer:
    """To GetBootstrapToken; without a token the body is empty, which a Mac understands
    (getbootstraptoken.yaml).
    """
    return Answer(200, XML, plists.write({"BootstrapToken": token}) if token else NOTHING)
