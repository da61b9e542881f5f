"""A word or a sentence for every code that can stand in the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from flask import Flask

from blueprints.shared import words
from blueprints.shared.words import history, names, orders
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
from services.permissions import Action

ROOT = Path(__file__).parent.parent.parent
KINDS = ("refresh", "lock", "message", "retire", "wipe", "renew")


@pytest.fixture(autouse=True)
def reading(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


def test_every_code_has_a_word() -> None:
    said = [
        *(function(status) for status in Status for function in (words.status_word, words.status_sentence)),
        *(words.platform_word(platform) for platform in Platform),
        *(words.ownership_word(ownership) for ownership in Ownership),
        *(function(action) for action in Action for function in (words.action_word, words.action_hint)),
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
    assert set(names.PLATFORM_ICONS.values()) <= sprite


@pytest.mark.parametrize(("kind", "state"), list(product(KINDS, CommandState)))
def test_every_order_is_told_in_every_state(kind: str, state: CommandState) -> None:
    device = Device(name="", platform=Platform.LINUX)
    command = Command(kind=kind, state=state, reason="role_revoked")
    sentence = words.command_sentence(command, device)
    assert "%(" not in sentence + words.command_title(command)
    assert words.command_tone(command) in ("good", "wait", "bad", "off")
    assert ("no longer has the right" in sentence) == (not command.is_live)


def test_every_reason_that_services_give_has_a_sentence() -> None:
    source = "".join(
        path.read_text("utf-8")
        for folder in ("services", "delivery")
        for path in (ROOT / folder).rglob("*.py")
    )
    given = set(re.findall(r'(?:reason\s*[=:]\s*|return\s+)"([a-z]+(?:_[a-z]+)+)"', source))
    assert given & set(orders.REASONS)
    unknown = given - set(orders.REASONS)
    assert not {reason for reason in unknown if f'reason="{reason}"' in source}


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
    entry = AuditEntry(action="device:system:changed", actor_kind="device", actor="x", params={})
    text = {"from": "12.5", "to": "100 %(who)s"}
    assert words.audit_sentence(entry, alice, {}, text) == "System went from 12.5 to 100 %(who)s"


def test_a_device_without_a_name_is_called_by_its_kind() -> None:
    device = Device(name="", platform=Platform.MACOS, os_name=None, os_version=None)
    assert words.display_name(device) == "Mac"
    assert words.system_word(device) == "macOS"
    device.os_name, device.os_version = "macOS", "14.5"
    assert words.system_word(device) == "macOS 14.5"
