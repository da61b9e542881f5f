"""What devices say at CheckInURL (apple/device-management, mdm/checkin): property lists to dataclasses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mdm.apple import plists
from mdm.apple.errors import Malformed
from mdm.apple.fields import Document, optional_data, required_data, required_name, text
from mdm.apple.senders import Sender, sender

CONTENT_TYPE = "application/x-apple-aspen-mdm-checkin"
"""What devices send; others do not: tell a check-in by its MessageType."""

LONGEST_PUSH_TOKEN = 128
LONGEST_UNLOCK_TOKEN = 262_144
LONGEST_BOOTSTRAP_TOKEN = 65_536
LONGEST_STATUS = 1_048_576
LONGEST_ENDPOINT = 512
"""Bytes, or characters of an endpoint. A push token has 32, an unlock token some thousands."""


@dataclass(frozen=True)
class Authenticate:
    """The device starts to enrol; it is not managed before the first TokenUpdate."""

    sender: Sender
    topic: str
    product: str | None
    """Apple's identifier of the model, such as iPhone15,2."""
    os_version: str | None
    serial: str | None
    imei: str | None
    device_name: str | None
    model_name: str | None
    """These two come from Macs only."""


@dataclass(frozen=True)
class TokenUpdate:
    """What is needed to reach the device; the first one after Authenticate ends the enrolment, later ones
    reset nothing.

    `unlock_token` None means that an older one still holds.
    """

    sender: Sender
    topic: str
    push_token: bytes = field(repr=False)
    push_magic: str = field(repr=False)
    unlock_token: bytes | None = field(repr=False)


@dataclass(frozen=True)
class CheckOut:
    """The device, or its person, removed our profile."""

    sender: Sender
    topic: str


@dataclass(frozen=True)
class UserAuthenticate:
    """Somebody signs in to a Mac; status 410 says that this user is not managed."""

    sender: Sender


@dataclass(frozen=True)
class SetBootstrapToken:
    """A Mac gives its bootstrap token into safe keeping; empty takes it back."""

    sender: Sender
    token: bytes = field(repr=False)


@dataclass(frozen=True)
class GetBootstrapToken:
    """A Mac asks for its bootstrap token."""

    sender: Sender


@dataclass(frozen=True)
class DeclarativeManagement:
    """Comes only after a command that we never send; `endpoint` is status, tokens, declaration/... or such."""

    sender: Sender
    endpoint: str
    content: bytes | None = field(repr=False)


@dataclass(frozen=True)
class GetToken:
    """Comes only if the profile announces it; a service that is not known gets 400."""

    sender: Sender
    service: str


CheckIn = (
    Authenticate
    | TokenUpdate
    | CheckOut
    | UserAuthenticate
    | SetBootstrapToken
    | GetBootstrapToken
    | DeclarativeManagement
    | GetToken
)


def decode(body: bytes) -> CheckIn:
    """Read the body of a check-in; raises Malformed and nothing else, whatever the bytes."""
    return from_document(plists.read(body))


def from_document(document: Document) -> CheckIn:
    """The same for a property list that was already read."""
    kind = required_name(document, "MessageType")
    try:
        read = _KINDS[kind]
    except KeyError:
        raise Malformed("unknown_value", "MessageType") from None
    return read(document, sender(document))


def _authenticate(document: Document, sender: Sender) -> Authenticate:
    return Authenticate(
        sender,
        topic=required_name(document, "Topic"),
        product=text(document, "ProductName"),
        os_version=text(document, "OSVersion"),
        serial=text(document, "SerialNumber"),
        imei=text(document, "IMEI"),
        device_name=text(document, "DeviceName"),
        model_name=text(document, "ModelName"),
    )


def _token_update(document: Document, sender: Sender) -> TokenUpdate:
    return TokenUpdate(
        sender,
        topic=required_name(document, "Topic"),
        push_token=required_data(document, "Token", LONGEST_PUSH_TOKEN),
        push_magic=required_name(document, "PushMagic"),
        unlock_token=optional_data(document, "UnlockToken", LONGEST_UNLOCK_TOKEN) or None,
    )


def _check_out(document: Document, sender: Sender) -> CheckOut:
    return CheckOut(sender, required_name(document, "Topic"))


def _user_authenticate(document: Document, sender: Sender) -> UserAuthenticate:
    if not sender.is_user_channel:
        raise Malformed("missing", "UserID")
    return UserAuthenticate(sender)


def _set_bootstrap_token(document: Document, sender: Sender) -> SetBootstrapToken:
    return SetBootstrapToken(
        sender, optional_data(document, "BootstrapToken", LONGEST_BOOTSTRAP_TOKEN) or b""
    )


def _get_bootstrap_token(document: Document, sender: Sender) -> GetBootstrapToken:
    return GetBootstrapToken(sender)


def _declarative_management(document: Document, sender: Sender) -> DeclarativeManagement:
    endpoint = text(document, "Endpoint", LONGEST_ENDPOINT)
    if endpoint is None:
        raise Malformed("missing", "Endpoint")
    return DeclarativeManagement(sender, endpoint, optional_data(document, "Data", LONGEST_STATUS))


def _get_token(document: Document, sender: Sender) -> GetToken:
    return GetToken(sender, required_name(document, "TokenServiceType"))


_KINDS: dict[str, Callable[[Document, Sender], CheckIn]] = {
    "Authenticate": _authenticate,
    "TokenUpdate": _token_update,
    "CheckOut": _check_out,
    "UserAuthenticate": _user_authenticate,
    "SetBootstrapToken": _set_bootstrap_token,
    "GetBootstrapToken": _get_bootstrap_token,
    "DeclarativeManagement": _declarative_management,
    "GetToken": _get_token,
}
