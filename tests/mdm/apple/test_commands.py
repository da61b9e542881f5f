"""Every command that we send, by the keys of Apple's schema."""

from __future__ import annotations

import plistlib
from typing import Any

import pytest

from mdm.apple import commands


def sent(body: bytes) -> dict[str, Any]:
    message = plistlib.loads(body)
    assert message["CommandUUID"] == "c-1" and set(message) == {"CommandUUID", "Command"}
    command: dict[str, Any] = message["Command"]
    return command


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            commands.device_information("c-1", ["UDID"]),
            {"RequestType": "DeviceInformation", "Queries": ["UDID"]},
        ),
        (commands.security_info("c-1"), {"RequestType": "SecurityInfo"}),
        (
            commands.installed_application_list("c-1"),
            {
                "RequestType": "InstalledApplicationList",
                "Items": ["Identifier", "Name", "ShortVersion", "Version"],
            },
        ),
        (commands.profile_list("c-1"), {"RequestType": "ProfileList"}),
        (commands.certificate_list("c-1"), {"RequestType": "CertificateList"}),
        (commands.device_lock("c-1"), {"RequestType": "DeviceLock"}),
        (
            commands.device_lock("c-1", message="Lost. Thank you!", phone_number="+49 30 1234"),
            {"RequestType": "DeviceLock", "Message": "Lost. Thank you!", "PhoneNumber": "+49 30 1234"},
        ),
        (commands.device_lock("c-1", pin="012345"), {"RequestType": "DeviceLock", "PIN": "012345"}),
        (commands.clear_passcode("c-1", b"\0\1"), {"RequestType": "ClearPasscode", "UnlockToken": b"\0\1"}),
        (commands.erase_device("c-1"), {"RequestType": "EraseDevice"}),
        (
            commands.erase_mac("c-1", "123456"),
            {"RequestType": "EraseDevice", "PIN": "123456", "ObliterationBehavior": "ObliterateWithWarning"},
        ),
        (commands.remove_profile("c-1", "org.a"), {"RequestType": "RemoveProfile", "Identifier": "org.a"}),
        (commands.install_profile("c-1", b"<p>"), {"RequestType": "InstallProfile", "Payload": b"<p>"}),
        (
            commands.enable_lost_mode("c-1", message="Lost", phone_number="+49 30 1"),
            {"RequestType": "EnableLostMode", "Message": "Lost", "PhoneNumber": "+49 30 1"},
        ),
        (commands.device_location("c-1"), {"RequestType": "DeviceLocation"}),
        (commands.play_lost_mode_sound("c-1"), {"RequestType": "PlayLostModeSound"}),
        (commands.disable_lost_mode("c-1"), {"RequestType": "DisableLostMode"}),
        (commands.restart_device("c-1"), {"RequestType": "RestartDevice"}),
    ],
)
def test_is_sent_as_apple_describes_it(body: bytes, expected: dict[str, Any]) -> None:
    assert sent(body) == expected


def test_the_usual_questions_cover_the_facts_of_the_portal() -> None:
    asked = set(sent(commands.device_information("c-1"))["Queries"])
    assert {"ProductName", "OSVersion", "ServiceSubscriptions", "IsSupervised"} <= asked


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "12345a", "１２３４５６", "123456\n"])
def test_a_pin_is_six_digits(pin: str) -> None:
    with pytest.raises(ValueError, match="six digits"):
        commands.device_lock("c-1", pin=pin)
    with pytest.raises(ValueError, match="six digits"):
        commands.erase_mac("c-1", pin)


def test_what_apple_would_refuse() -> None:
    with pytest.raises(ValueError, match="message or a phone number"):
        commands.enable_lost_mode("c-1", message="", phone_number="")
    with pytest.raises(ValueError, match="unlock token"):
        commands.clear_passcode("c-1", b"")
