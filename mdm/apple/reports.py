"""What devices say at ServerURL: how a command went, or that they are idle; property lists to dataclasses.

See apple/device-management, mdm/commands, and Apple's "Implementing device management", "Send MDM commands to
a device".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal, cast, get_args

from mdm.apple import check_in, plists
from mdm.apple.check_in import CheckIn
from mdm.apple.errors import Malformed
from mdm.apple.fields import Document, dictionaries, optional_name, required_name, text
from mdm.apple.senders import Sender, sender

CONTENT_TYPE = "application/x-apple-aspen-mdm"

MOST_PROBLEMS = 10
LONGEST_WORDS = 500
MOST_SAID = 16
"""Times that keys of the envelope are looked at in a report that cannot be read; it has each once or twice."""

Status = Literal["Idle", "Acknowledged", "Error", "CommandFormatError", "NotNow"]
STATUSES: frozenset[str] = frozenset(get_args(Status))
FAILURES = ("Error", "CommandFormatError")

NOT_IN_LOST_MODE = 12067
"""What DisableLostMode is answered with when there is none to end (Apple's page of that command)."""

_ENVELOPE = {
    "UDID",
    "EnrollmentID",
    "UserID",
    "EnrollmentUserID",
    "UserShortName",
    "UserLongName",
    "NotOnConsole",
    "Status",
    "CommandUUID",
    "RequestType",
    "ErrorChain",
}
_ON_THE_ENVELOPE = re.compile(
    rb"<key>(UDID|EnrollmentID|UserID|Status|CommandUUID)</key>\s*<string>([^<]{1,128})</string>"
)
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Problem:
    """One link of an ErrorChain. `words` are in the device's language, `english` if the device gave an
    English version.
    """

    code: int | None
    domain: str
    words: str
    english: str


@dataclass(frozen=True)
class Report:
    """Idle asks what there is to do; everything else answers the command `command` (up to 128 characters). An error may
    leave out which: then it is None.

    NotNow: keep the command, go on with others now, and offer it again when the device is next idle. It comes back by
    itself if NotNow was the last that it said on this connection; after any other answer it has to be woken. The same
    answer may come twice. `results` is what the command brought, still in Apple's words.
    """

    sender: Sender
    status: Status
    command: str | None = None
    problems: tuple[Problem, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_idle(self) -> bool:
        return self.status == "Idle"

    @property
    def has_failed(self) -> bool:
        return self.status in FAILURES

    def blames(self, code: int) -> bool:
        """Does its ErrorChain name this code?"""
        return any(problem.code == code for problem in self.problems)


def decode(body: bytes) -> Report:
    """Read the body of a report; raises Malformed and nothing else, whatever the bytes."""
    return from_document(plists.read(body))


def decode_any(body: bytes) -> CheckIn | Report:
    """Read a body that may be either: a MessageType makes it a check-in, whatever its content type says.

    Of a report that is too long, or broken inside, comes what stands on its envelope, without results: the device did
    answer that command, and would only say the same again.
    """
    try:
        document: Document = plists.read(body)
    except Malformed:
        return from_document(_envelope(body))
    return check_in.from_document(document) if "MessageType" in document else from_document(document)


def from_document(document: Document) -> Report:
    """The same for a property list that was already read."""
    status = document.get("Status")
    if not isinstance(status, str) or status not in STATUSES:
        raise Malformed("unknown_value" if "Status" in document else "missing", "Status")
    if status == "Idle":
        return Report(sender(document), "Idle", results=_NOTHING)
    return Report(
        sender(document),
        cast(Status, status),
        _command(document, status),
        tuple(_problem(each) for each in dictionaries(document, "ErrorChain", MOST_PROBLEMS)),
        {key: value for key, value in document.items() if key not in _ENVELOPE},
    )


def _command(document: Document, status: str) -> str | None:
    """A device that could not read what it was sent may not know its name either; what was done has to be named."""
    read = optional_name if status in FAILURES else required_name
    return read(document, "CommandUUID")


def _envelope(body: bytes) -> Document:
    """From XML alone, as devices write it. What is said in two ways is not said."""
    said: dict[str, str] = {}
    for found in islice(_ON_THE_ENVELOPE.finditer(body), MOST_SAID):
        key, value = (each.decode("latin-1") for each in found.groups())
        if said.setdefault(key, value) != value:
            raise Malformed("duplicate_key", key)
    return said


def _problem(link: Document) -> Problem:
    code = link.get("ErrorCode")
    words = text(link, "LocalizedDescription", LONGEST_WORDS) or ""
    return Problem(
        code if isinstance(code, int) and abs(code) < 2**31 else None,
        text(link, "ErrorDomain") or "",
        words,
        text(link, "USEnglishDescription", LONGEST_WORDS) or words,
    )
