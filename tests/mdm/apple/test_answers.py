"""What the server says when it sends no command."""

from __future__ import annotations

import plistlib

import pytest

from mdm.apple import answers


@pytest.mark.parametrize(
    ("os_name", "os_version", "status"),
    [
        ("iOS", "17.0", 403),
        ("iOS", "26.1", 403),
        ("iOS", "16.7.8", 401),
        ("iPadOS", "17.1", 403),
        ("macOS", "14.0", 403),
        ("macOS", "13.6", 401),
        ("iOS", None, 401),
        (None, "18.0", 401),
        ("iOS", "new", 401),
    ],
)
def test_a_retired_device_is_told_in_the_way_that_its_system_knows(
    os_name: str | None, os_version: str | None, status: int
) -> None:
    answer = answers.unrecognised_device(os_name, os_version)
    assert answer.status == status
    if status == 403:
        assert plistlib.loads(answer.body)["code"] == "com.apple.unrecognized.device"
        assert "xml" in answer.content_type


def test_bootstrap_tokens() -> None:
    assert plistlib.loads(answers.bootstrap_token(b"abc").body) == {"BootstrapToken": b"abc"}
    assert answers.bootstrap_token(None).body == answers.bootstrap_token(b"").body == b""


def test_users_of_macs_are_not_managed() -> None:
    assert answers.USER_NOT_MANAGED.status == 410
