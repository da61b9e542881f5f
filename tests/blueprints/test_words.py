"""A word or a sentence for every code that can stand in the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from flask import Flask

from blueprints.shared import device_page, words
from blueprints.shared.words import history, messages, names, orders
from models import (
    AuditEntry,
    Command,
    CommandState,
    Device,
    MessageState,
    Ownership,
    Platform,
    Role,
    Status,
    User,
    Way,
)
from services import deliveries
from services.permissions import Action

ROOT = Path(__file__).parent.parent.parent
KINDS = ("refresh", "lock", "message", "retire", "wipe", "renew", "restart")


@pytest.fixture(autouse=True)
def reading(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


def test_every_code_has_a_word() -> None:
    said = [
        *(function(status) for status in Status for function in (words.status_word, words.status_sentence)),
        *(words.platform_word(platform) for platform in Platform),
        *(words.ownership_word(ownership) for ownership in Ownership),
        *(words.action_word(action) for action in Action),
        *(
            words.action_hint(action, Device(channel=channel))
            for action in Action
            for channel in ("agent", "apple")
        ),
        *(words.role_word(role) for role in Role),
        *(words.way_word(way) for way in Way),
        *(words.message_state_word(state) for state in MessageState),
        words.not_reported(),
        words.does_not_apply(),
    ]
    assert all(said)
    assert not [sentence for sentence in said if "%(" in sentence]


def test_every_flag_and_icon_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'id="([^"]+)"', (ROOT / "static/icons.svg").read_text("utf-8")))
    assert {f"f-{look.flag}" for look in names.LOOKS.values()} <= sprite
    assert set(names.PLATFORM_ICONS.values()) | set(device_page.ICONS.values()) <= sprite
    assert device_page.ICONS[Action.RENAME] == "pencil"


@pytest.mark.parametrize(("kind", "state"), list(product(KINDS, CommandState)))
def test_every_order_is_told_in_every_state(kind: str, state: CommandState) -> None:
    device = Device(name="", platform=Platform.MACOS, channel="apple")
    command = Command(kind=kind, state=state, reason="role_revoked")
    sentence = words.command_sentence(command, device)
    assert "%(" not in sentence + words.command_title(command)
    assert words.command_tone(command) in ("good", "wait", "bad", "off")
    assert ("no longer has the right" in sentence) == (not command.is_live)


def test_what_was_given_up_after_it_was_sent_is_not_said_to_be_undone() -> None:
    device = Device(name="ThinkPad X1", platform=Platform.LINUX)
    lost = Command(kind="wipe", state="failed", reason="role_revoked", sent_at=1)
    assert words.command_title(lost) == "Wipe: not sent again"
    assert "carries it out all the same" in words.command_sentence(lost, device)
    late = Command(kind="lock", state="expired", reason="not_confirmed", sent_at=1)
    assert words.command_title(late) == "Lock: not confirmed in time"
    assert "may have been carried out all the same" in words.command_sentence(late, device)
    never_sent = Command(kind="lock", state="expired", reason="not_confirmed", sent_at=None)
    assert "was not online in time" in words.command_sentence(never_sent, device)
    for command in (lost, late):
        assert "is as it was" not in words.command_sentence(command, device)


def test_of_a_device_that_has_left_nobody_says_that_it_is_as_it_was() -> None:
    command = Command(kind="lock", state="cancelled", reason="device_left")
    assert words.command_sentence(command, Device(name="ThinkPad X1")) == "The device has left."


@pytest.mark.parametrize(
    ("channel", "hint", "effect", "meaning"),
    [
        ("agent", "Empties one folder", "it empties the folder that was named", "The folder that was named"),
        ("apple", "Everything goes", "it empties itself", "Everything on the device goes"),
    ],
)
def test_a_wipe_is_called_what_the_channel_does(channel: str, hint: str, effect: str, meaning: str) -> None:
    device = Device(name="", platform=Platform.MACOS, channel=channel)
    assert words.action_hint(Action.WIPE, device) == hint
    command = Command(kind="wipe", state="queued", reason="")
    assert effect in words.command_sentence(command, device)
    assert words.meaning_sentence("device:wipe:requested", device).startswith(meaning)


def test_a_retired_agent_is_said_to_leave_every_file() -> None:
    device = Device(name="", platform=Platform.LINUX, channel="agent")
    assert words.action_hint(Action.RETIRE, device) == "It leaves, every file stays"
    assert "Every file on it stays." in words.meaning_sentence("device:retire:requested", device)


def test_every_reason_that_services_give_has_a_sentence() -> None:
    source = "".join(
        path.read_text("utf-8")
        for folder in ("services", "delivery")
        for path in (ROOT / folder).rglob("*.py")
    )
    given = set(re.findall(r'(?:reason\s*[=:]\s*|return\s+)"([a-z]+(?:_[a-z]+)+)"', source))
    known = {*orders.REASONS, *messages.PUSH_REASONS}
    assert given & known
    unknown = given - known
    assert not {reason for reason in unknown if f'reason="{reason}"' in source}


def test_every_reason_for_calling_an_order_off_has_a_sentence() -> None:
    assert {*deliveries.GIVEN_UP, deliveries.NOT_LOST} <= set(orders.REASONS)


def test_of_what_was_called_off_because_it_was_found_the_reason_is_told() -> None:
    phone = Device(name="Alice's iPhone")
    for kind, reason, why in (
        ("lock", "found", "The device was reported found."),
        ("locate", "not_lost", "The device is not reported lost any more."),
        ("report_found", "lost_again", "The device was reported lost again."),
    ):
        command = Command(kind=kind, state="cancelled", reason=reason)
        assert words.command_sentence(command, phone) == f"{why} Alice's iPhone is as it was."


def test_a_code_from_a_newer_version_is_shown_as_it_is() -> None:
    assert words.reason_sentence("struck_by_lightning") == "struck_by_lightning"
    entry = AuditEntry(action="device:teleport:done", actor_kind="system", actor="", params={})
    assert words.audit_sentence(entry, None, {}) == "device:teleport:done"


def test_every_action_that_is_written_down_has_a_sentence() -> None:
    source = "".join(
        path.read_text("utf-8")
        for folder in ("services", "blueprints", "cli")
        for path in (ROOT / folder).rglob("*.py")
    )
    written = set(re.findall(r'(?<!f)"((?:user|device|setting|message):[a-z_]+:[a-z_]+)"', source))
    assert len(written) > 20
    assert not written - set(history.DEEDS) - set(history.EVENTS)


@pytest.mark.parametrize("action", sorted({*history.DEEDS, *history.EVENTS}))
@pytest.mark.parametrize("actor_kind", ["user", "device", "system"])
def test_every_sentence_can_be_said(action: str, actor_kind: str, alice: User, bob: User) -> None:
    """By the reader, by somebody else, and with every detail erased."""
    entry = AuditEntry(action=action, actor_kind=actor_kind, actor=bob.code, params={})
    for reader in (alice, bob, None):
        sentence = words.audit_sentence(entry, reader, {bob.code: bob.name})
        assert sentence
        assert "%(" not in sentence


def test_who_did_it(alice: User, bob: User) -> None:
    entry = AuditEntry(action="device:lock:requested", actor_kind="user", actor=bob.code, params={})
    assert words.audit_sentence(entry, bob, {}) == "You asked for a lock"
    assert words.audit_sentence(entry, alice, {bob.code: bob.name}) == "Bob Tanaka asked for a lock"
    assert words.audit_sentence(entry, alice, {}) == "Somebody who has left asked for a lock"


def test_details_are_named(alice: User) -> None:
    entry = AuditEntry(
        action="device:ownership:changed", actor_kind="device", actor="x", params={"to": Ownership.COMPANY}
    )
    assert words.audit_sentence(entry, alice, {}) == "The ownership is now: Company"
    kinds = {"from": Platform.LINUX, "to": Platform.WINDOWS}
    entry = AuditEntry(action="device:platform:corrected", actor_kind="system", actor="", params=kinds)
    assert words.audit_sentence(entry, alice, {}) == (
        "It is of another kind than was said: Windows computer, not Linux computer"
    )
    entry = AuditEntry(action="device:system:changed", actor_kind="device", actor="x", params={})
    text = {"from": "12.5", "to": "100 %(who)s"}
    assert words.audit_sentence(entry, alice, {}, text) == "System went from 12.5 to 100 %(who)s"


def test_a_device_without_a_name_is_called_by_its_kind() -> None:
    device = Device(name="", platform=Platform.MACOS, os_name=None, os_version=None)
    assert words.display_name(device) == "Mac"
    assert words.system_word(device) == "macOS"
    device.os_name, device.os_version = "macOS", "14.5"
    assert words.system_word(device) == "macOS 14.5"
