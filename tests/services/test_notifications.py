"""The owner hears of what somebody else did, and of their device's joining; nobody hears of anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import AuditEntry, Device, MessageState, Platform, Registration, Role, Status, User, Way
from services import (
    audit,
    check_ins,
    commands,
    device_actions,
    lifecycle,
    messages,
    notifications,
    outbox,
    registrations,
    users,
)
from tests.conftest import PASSWORD, Clock, Mail

Mailbox = Callable[[], list[Mail]]
MakeDevice = Callable[..., Device]

BY_OTHERS: dict[str, Callable[[Device, User], Any]] = {
    "device:lock:requested": lambda device, by: device_actions.lock(device, by=by),
    "device:lock:cancelled": lambda device, by: commands.cancel(
        commands.ask(device, "lock", device.user), by
    ),
    "device:refresh:requested": lambda device, by: device_actions.refresh(device, by=by),
    "device:message:requested": lambda device, by: device_actions.message(device, "Come to the desk", by=by),
    "device:retire:requested": lambda device, by: device_actions.retire(device, "", by=by),
    "device:lost:reported": lambda device, by: device_actions.report_lost(device, by=by),
    "device:block:started": lambda device, by: device_actions.block(device, by=by),
    "user:roles:changed": lambda device, by: users.set_roles(device.user, {Role.USER_PORTAL}, by=by),
    "user:account:disabled": lambda device, by: users.disable(device.user, by=by),
    "user:account:enabled": lambda device, by: users.enable(device.user, by=by),
    "user:details:changed": lambda device, by: users.change_details(
        device.user, by, "Alice M", "new@harbour.example", "", "", ""
    ),
    "user:password:changed": lambda device, by: users.store_password(device.user, "a hash", by=by),
}


def told(mail: Mail) -> list[str]:
    """The actions that a notification tells of."""
    return [AuditEntry.get_by_id(number).action for number in mail.params["entries"]]


@pytest.mark.parametrize("action", BY_OTHERS)
def test_what_somebody_else_does_is_told(
    action: str, alice: User, carol: User, a_device: MakeDevice, mailbox: Mailbox
) -> None:
    BY_OTHERS[action](a_device(alice), carol)
    (mail,) = mailbox()
    assert mail.kind == "action_done"
    assert mail.recipient == "alice@harbour.example", "the old one, when the address itself was changed"
    assert action in told(mail)
    assert (mail.message.device is not None) == action.startswith("device:")


def test_what_one_does_oneself_is_not_told(alice: User, a_device: MakeDevice, mailbox: Mailbox) -> None:
    device = a_device(alice)
    device_actions.lock(device, by=alice)
    users.change_details(alice, alice, "Alice M", "new@harbour.example", "", "", "")
    assert mailbox() == []


def test_what_the_device_muster_or_nobody_does_is_not_told(
    alice: User, a_device: MakeDevice, mailbox: Mailbox
) -> None:
    device = a_device(alice)
    lifecycle.change(device, lifecycle.Event.LEAVE, by=device)
    users.set_roles(alice, {Role.USER_PORTAL}, by=None)
    assert mailbox() == []


def test_a_wipe_in_doubt_is_told_once_to_each_whatever_is_switched_off(
    carol: User, dave: User, a_device: MakeDevice, mailbox: Mailbox, decide: Callable[..., None]
) -> None:
    decide(notifications="")
    device = a_device(carol, Status.WIPED)
    audit.append("device:wipe:doubted", by=None, device=device)
    (mail,) = mailbox()
    assert (mail.kind, mail.recipient) == ("wipe_doubted", "carol@harbour.example")
    assert mail.message.device == device


def test_a_look_a_new_account_and_the_outbox_are_not_told(
    alice: User, carol: User, dave: User, a_device: MakeDevice, mailbox: Mailbox
) -> None:
    audit.append("device:looked:done", by=dave, device=a_device(alice))
    audit.append("user:looked:done", by=dave, user=alice)
    users.create("erin", "Erin Vos", "erin@harbour.example", PASSWORD, {Role.USER_PORTAL}, by=carol)
    messages.retry(outbox.queue("new_sign_in", alice, alice.email, {"at": 1}), by=carol)
    assert [mail.kind for mail in mailbox()] == ["new_sign_in"]


def test_a_registration_that_others_renew_or_cancel(alice: User, carol: User, mailbox: Mailbox) -> None:
    issued = registrations.start(alice, Platform.LINUX, Way.QR, by=alice)
    registrations.renew(issued.registration, by=carol)
    registrations.cancel(issued.registration, by=carol)
    (mail,) = mailbox()
    assert told(mail) == ["device:registration:renewed", "device:registration:cancelled"]
    assert mail.message.state == MessageState.WAITING, "calling the registration off does not call it off"


def test_what_is_done_at_one_go_comes_in_one_mail(
    alice: User, carol: User, a_device: MakeDevice, mailbox: Mailbox, clock: Clock
) -> None:
    device, other = a_device(alice), a_device(alice)
    device_actions.report_lost(device, by=carol)
    device_actions.refresh(other, by=carol)
    assert [told(mail) for mail in mailbox()] == [
        ["device:lost:reported", "device:lock:requested"],
        ["device:refresh:requested"],
    ]
    for message in outbox.claim(10):
        outbox.sent(message)
    device_actions.report_found(device, by=carol)
    clock.move(notifications.TOGETHER_SECONDS)
    device_actions.refresh(device, by=carol)
    assert [told(mail) for mail in mailbox()[2:]] == [["device:lost:ended"], ["device:refresh:requested"]]


def test_what_was_not_done_after_all_is_not_told(
    alice: User, carol: User, a_device: MakeDevice, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands.audit, "append", _then_fail(audit.append))
    with pytest.raises(RuntimeError):
        device_actions.lock(a_device(alice), by=carol)
    assert mailbox() == []


def test_a_device_that_has_joined(
    alice: User, a_device: MakeDevice, a_registration: Callable[..., Registration], mailbox: Mailbox
) -> None:
    device = a_device(alice, Status.ENROLLING)
    check_ins.record(device, {})
    check_ins.record(device, {})
    (mail,) = mailbox()
    assert (mail.kind, mail.recipient) == ("registered", "alice@harbour.example")
    assert mail.message.device == device


def test_switched_off_or_without_an_address_nothing_goes_out(
    alice: User, carol: User, a_device: MakeDevice, mailbox: Mailbox, decide: Callable[..., None]
) -> None:
    decide(notifications="reminder")
    check_ins.record(a_device(alice, Status.ENROLLING), {})
    device_actions.refresh(a_device(alice), by=carol)
    decide(notifications="registered,action_done")
    User.update(email="").where(User.id == alice.id).execute()
    device_actions.refresh(a_device(User.get_by_id(alice.id)), by=carol)
    assert mailbox() == []


def _then_fail(append: Callable[..., AuditEntry]) -> Callable[..., AuditEntry]:
    def appended(*arguments: Any, **named: Any) -> AuditEntry:
        append(*arguments, **named)
        raise RuntimeError("the power is gone")

    return appended


def test_orders_that_end_because_the_device_leaves_are_not_told_one_by_one(
    alice: User, carol: User, a_device: MakeDevice, mailbox: Mailbox
) -> None:
    device = a_device(alice)
    device_actions.lock(device, by=alice)
    device_actions.retire_without_device(device, "", by=carol)
    (mail,) = mailbox()
    assert told(mail) == ["device:left:forced"]
