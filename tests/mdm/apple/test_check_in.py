"""What devices say at CheckInURL."""

from __future__ import annotations

import plistlib
from typing import Any

import pytest

from mdm.apple import check_in
from mdm.apple.check_in import (
    Authenticate,
    CheckIn,
    CheckOut,
    DeclarativeManagement,
    GetBootstrapToken,
    GetToken,
    SetBootstrapToken,
    TokenUpdate,
    UserAuthenticate,
)
from mdm.apple.errors import Malformed
from mdm.apple.senders import Sender

UDID = "00008120-000A1D2E3F401234"
TOPIC = "com.apple.mgmt.External.6b1b1e5c-0000-4000-8000-000000000000"
USER = {
    "UserID": "5F1C5E5A-0000-4000-8000-000000000001",
    "UserShortName": "alice",
    "UserLongName": "Alice Example",
}
TOKENS = {"Token": b"\x01" * 32, "PushMagic": "6D61-6769-63", "UnlockToken": b"\x02" * 1500}


def decode(kind: str, form: Any = plistlib.FMT_XML, without: str = "", **keys: Any) -> CheckIn:
    message = {"MessageType": kind, "UDID": UDID, "Topic": TOPIC, **keys}
    message.pop(without, None)
    return check_in.decode(plistlib.dumps(message, fmt=form))


def code_of(kind: str, without: str = "", **keys: Any) -> tuple[str, str]:
    with pytest.raises(Malformed) as caught:
        decode(kind, without=without, **keys)
    return caught.value.code, caught.value.field


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_authenticate(form: Any) -> None:
    facts = {
        "OSVersion": "18.5",
        "ProductName": "iPhone15,2",
        "SerialNumber": "C39XX0001",
    }
    message = decode("Authenticate", form, **facts, IMEI="35 699106 123456 7")
    assert isinstance(message, Authenticate)
    assert message.sender == Sender(UDID)
    assert (message.topic, message.product, message.os_version) == (TOPIC, "iPhone15,2", "18.5")
    assert (message.serial, message.imei) == ("C39XX0001", "35 699106 123456 7")


def test_a_mac_tells_its_name_too() -> None:
    message = decode(
        "Authenticate", DeviceName="Alice\u2019s \u202eMac\0"[:-1], ModelName="MacBook Pro", Model="Z1"
    )
    assert isinstance(message, Authenticate)
    assert (message.device_name, message.model_name) == ("Alice’s  Mac", "MacBook Pro")


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_token_update(form: Any) -> None:
    message = decode("TokenUpdate", form, **TOKENS, AwaitingConfiguration=False)
    assert isinstance(message, TokenUpdate)
    assert (message.push_token, message.push_magic) == (TOKENS["Token"], TOKENS["PushMagic"])
    assert message.unlock_token == TOKENS["UnlockToken"]
    assert not message.sender.is_user_channel


def test_secrets_stay_out_of_logs() -> None:
    for message in (
        decode("TokenUpdate", **TOKENS),
        decode("SetBootstrapToken", BootstrapToken=b"\x03" * 30),
    ):
        assert "\\x0" not in repr(message) and "6D61" not in repr(message)


def test_no_unlock_token_is_not_an_empty_one() -> None:
    message = decode("TokenUpdate", **{**TOKENS, "UnlockToken": b""})
    assert isinstance(message, TokenUpdate) and message.unlock_token is None
    message = decode("TokenUpdate", without="UnlockToken", **TOKENS)
    assert isinstance(message, TokenUpdate) and message.unlock_token is None


@pytest.mark.parametrize("keys", [USER, {"UserShortName": "alice"}, {"EnrollmentUserID": "abc"}])
def test_the_user_channel_of_a_mac_is_told_apart(keys: dict[str, str]) -> None:
    assert decode("TokenUpdate", **TOKENS, **keys).sender.is_user_channel


def test_a_user_enrolment_has_an_id_of_its_own() -> None:
    message = decode("Authenticate", without="UDID", EnrollmentID="0F0F-1234")
    assert message.sender == Sender("0F0F-1234")


def test_the_other_messages() -> None:
    user = Sender(UDID, USER["UserID"])
    assert decode("CheckOut") == CheckOut(Sender(UDID), TOPIC)
    assert decode("UserAuthenticate", **USER) == UserAuthenticate(user)
    assert decode("SetBootstrapToken", BootstrapToken=b"abc") == SetBootstrapToken(Sender(UDID), b"abc")
    assert decode("SetBootstrapToken") == SetBootstrapToken(Sender(UDID), b"")
    assert decode("GetBootstrapToken") == GetBootstrapToken(Sender(UDID))
    assert decode("GetToken", TokenServiceType="com.apple.maid") == GetToken(Sender(UDID), "com.apple.maid")
    declarative = decode("DeclarativeManagement", Endpoint="status", Data=b"{}")
    assert declarative == DeclarativeManagement(Sender(UDID), "status", b"{}")


@pytest.mark.parametrize(
    ("kind", "without", "keys", "expected"),
    [
        ("Reboot", "", {}, ("unknown_value", "MessageType")),
        ("Authenticate", "MessageType", {}, ("missing", "MessageType")),
        ("Authenticate", "UDID", {}, ("missing", "EnrollmentID")),
        ("Authenticate", "Topic", {}, ("missing", "Topic")),
        ("Authenticate", "", {"UDID": "../../etc"}, ("unknown_value", "UDID")),
        ("Authenticate", "", {"UDID": "a b"}, ("unknown_value", "UDID")),
        ("Authenticate", "", {"UDID": "a" * 129}, ("too_long", "UDID")),
        ("Authenticate", "", {"UDID": 7}, ("wrong_type", "UDID")),
        ("Authenticate", "", {"UDID": ["a"]}, ("wrong_type", "UDID")),
        ("TokenUpdate", "Token", TOKENS, ("missing", "Token")),
        ("TokenUpdate", "PushMagic", TOKENS, ("missing", "PushMagic")),
        ("TokenUpdate", "", {**TOKENS, "Token": "text"}, ("wrong_type", "Token")),
        ("TokenUpdate", "", {**TOKENS, "Token": b"a" * 129}, ("too_long", "Token")),
        ("TokenUpdate", "", {**TOKENS, "UnlockToken": b"a" * 262_145}, ("too_long", "UnlockToken")),
        ("UserAuthenticate", "", {}, ("missing", "UserID")),
        ("DeclarativeManagement", "", {}, ("missing", "Endpoint")),
    ],
)
def test_is_refused(kind: str, without: str, keys: dict[str, Any], expected: tuple[str, str]) -> None:
    assert code_of(kind, without, **keys) == expected
