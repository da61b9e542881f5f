"""A reminder goes out once before a registration ends, and renews nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models import Message, Platform, Registration, Role, Status, User, Way
from services import registrations, reminders, users
from tests.conftest import Clock, Mail
from tests.services.conftest import audited

Mailbox = Callable[[], list[Mail]]
HOUR = 3600


def reminded(mailbox: Mailbox) -> list[Mail]:
    return [mail for mail in mailbox() if mail.kind == "reminder"]


@pytest.mark.parametrize("way", Way)
def test_it_goes_out_once_an_hour_before_the_end(
    alice: User, mailbox: Mailbox, clock: Clock, way: Way
) -> None:
    issued = registrations.start(alice, Platform.LINUX, way, by=alice)
    before = Registration.get_by_id(issued.registration.id).__data__
    clock.move(3 * HOUR - 1)
    assert reminders.remind_due() == 0
    clock.move(1)
    assert reminders.remind_due() == 1
    assert reminders.remind_due() == 0
    (mail,) = reminded(mailbox)
    assert (mail.recipient, mail.message.device) == ("alice@harbour.example", issued.device)
    assert "link" not in mail.params
    assert issued.link not in str(mail.params)
    assert audited(issued.device)[-1] == "device:registration:reminded"
    now = Registration.get_by_id(issued.registration.id).__data__
    assert {key for key in now if now[key] != before[key]} == {"reminded_at"}, (
        "what was given out still works"
    )


def test_a_renewal_has_a_reminder_of_its_own(alice: User, mailbox: Mailbox, clock: Clock) -> None:
    issued = registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
    clock.move(3 * HOUR)
    reminders.remind_due()
    registrations.renew(issued.registration, by=alice)
    assert [mail.message.state for mail in reminded(mailbox)] == ["cancelled"], "it speaks of the old end"
    assert reminders.remind_due() == 0
    clock.move(3 * HOUR)
    assert reminders.remind_due() == 1


def test_who_has_little_time_from_the_start_is_not_reminded(
    alice: User, decide: Callable[..., None], clock: Clock
) -> None:
    decide(registration_hours=1)
    registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
    for _ in range(4):
        assert reminders.remind_due() == 0
        clock.move(HOUR // 4)


@pytest.mark.parametrize(
    "decided", [{"reminder_minutes": 0}, {"notifications": "registered,action_done,new_sign_in"}]
)
def test_it_can_be_switched_off(
    alice: User, decide: Callable[..., None], clock: Clock, decided: dict[str, object]
) -> None:
    decide(**decided)
    registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
    clock.move(4 * HOUR - 1)
    assert reminders.remind_due() == 0


def test_nobody_is_reminded_of_what_is_over_or_cannot_be_done(
    alice: User, a_device: Callable, a_registration: Callable, clock: Clock
) -> None:
    for status in Status:
        if status != Status.PENDING:
            a_registration(alice, a_device(alice, status))
    registrations.start(alice, Platform.LINUX, Way.QR, by=alice)
    clock.move(3 * HOUR)
    User.update(email="").where(User.id == alice.id).execute()
    assert reminders.remind_due() == 0
    User.update(email=alice.email, is_disabled=True).where(User.id == alice.id).execute()
    assert reminders.remind_due() == 0
    User.update(is_disabled=False).where(User.id == alice.id).execute()
    clock.move(HOUR)
    assert reminders.remind_due() == 0
    assert Message.select().count() == 0


def test_who_may_not_register_any_more_is_not_reminded(alice: User, mailbox: Mailbox, clock: Clock) -> None:
    registrations.start(alice, Platform.LINUX, Way.QR, by=alice)
    users.set_roles(alice, {Role.USER_PORTAL}, by=None)
    clock.move(3 * HOUR)
    reminders.remind_due()
    assert reminded(mailbox) == []


def test_many_workers_at_once_remind_once(
    alice: User, mailbox: Mailbox, clock: Clock, at_once: Callable
) -> None:
    registrations.start(alice, Platform.LINUX, Way.QR, by=alice)
    clock.move(3 * HOUR)
    assert sorted(at_once(5, reminders.remind_due)) == [0, 0, 0, 0, 1]
    assert len(reminded(mailbox)) == 1
