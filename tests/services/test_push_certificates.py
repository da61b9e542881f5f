"""Administrators hear that the push certificate ends: once at each stage, of each certificate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from models import AuditEntry, Role, User
from services import audit, users
from services.apple import push_certificates
from services.apple.push_certificates import Stage
from tests import push_service
from tests.conftest import Clock, Mail
from tests.push_service import Authority

Mailbox = Callable[[], list[Mail]]
DAY = 86_400
WARNED = "setting:push_certificate:warned"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def warned() -> list[str]:
    entries = AuditEntry.select().where(AuditEntry.action == WARNED).order_by(AuditEntry.id)
    return [entry.params["stage"] for entry in entries]


def test_each_stage_is_told_once(authority: Authority, clock: Clock, mailbox: Mailbox) -> None:
    installed = push_service.install(authority, clock, days_left=31)
    told = []
    for _ in range(35 * 24):
        if push_certificates.warn_due():
            told.append((installed.ends_at - clock.now) / DAY)
        clock.move(3600)
    assert told == [30, 7, 0]
    mails = mailbox()
    assert [(mail.kind, mail.recipient) for mail in mails] == [
        ("push_certificate_ends", "carol@harbour.example")
    ] * 3
    assert [mail.params["stage"] for mail in mails] == warned() == ["soon", "now", "ended"]
    assert {mail.params["ends_at"] for mail in mails} == {installed.ends_at}
    assert audit.verify() == []


def test_of_stages_that_nobody_was_there_to_tell_only_the_present_one_is(
    authority: Authority, clock: Clock
) -> None:
    push_service.install(authority, clock, days_left=2)
    assert push_certificates.warn_due() == 1
    assert warned() == ["now"]


def test_a_renewed_certificate_is_told_of_anew(authority: Authority, clock: Clock, mailbox: Mailbox) -> None:
    first = push_service.install(authority, clock, days_left=30)
    push_certificates.warn_due()
    second = push_service.install(authority, clock, days_left=31, days=700)
    assert push_certificates.warn_due() == 0
    clock.move(DAY)
    assert push_certificates.warn_due() == 1
    assert [mail.params["ends_at"] for mail in mailbox()] == [first.ends_at, second.ends_at]


def test_without_a_certificate_there_is_nothing_to_tell(mailbox: Mailbox) -> None:
    assert push_certificates.warn_due() == 0
    push_certificates.request("it@harbour.example")
    assert push_certificates.ending() is None
    assert push_certificates.warn_due() == 0
    assert mailbox() == []


def test_every_administrator_is_told_and_nobody_else(
    authority: Authority, clock: Clock, bob: User, mailbox: Mailbox
) -> None:
    users.set_roles(bob, {Role.USER_PORTAL, Role.ADMINISTRATOR}, by=None)
    push_service.install(authority, clock, days_left=30)
    assert push_certificates.warn_due() == 2
    assert {mail.recipient for mail in mailbox()} == {"bob@harbour.example", "carol@harbour.example"}


def test_a_disabled_administrator_is_not_told(
    authority: Authority, clock: Clock, bob: User, carol: User, mailbox: Mailbox
) -> None:
    users.set_roles(bob, {Role.USER_PORTAL, Role.ADMINISTRATOR}, by=None)
    users.disable(carol, by=None)
    push_service.install(authority, clock, days_left=30)
    assert push_certificates.warn_due() == 1
    assert [mail.recipient for mail in mailbox()] == ["bob@harbour.example"]


def test_while_no_administrator_has_an_address_nobody_counts_as_warned(
    authority: Authority, clock: Clock, carol: User, mailbox: Mailbox
) -> None:
    User.update(email="").where(User.id == carol.id).execute()
    push_service.install(authority, clock, days_left=30)
    assert push_certificates.warn_due() == 0
    assert (mailbox(), warned()) == ([], [])
    User.update(email=carol.email).where(User.id == carol.id).execute()
    assert push_certificates.warn_due() == 1


def test_many_workers_at_once_warn_once(
    authority: Authority, clock: Clock, mailbox: Mailbox, at_once: Callable
) -> None:
    push_service.install(authority, clock, days_left=30)
    assert sorted(at_once(5, push_certificates.warn_due)) == [0, 0, 0, 0, 1]
    assert len(mailbox()) == 1


@pytest.mark.parametrize(
    ("seconds", "days_left", "stage"),
    [
        (30 * DAY, 30, Stage.SOON),
        (7 * DAY + 1, 8, Stage.SOON),
        (7 * DAY, 7, Stage.NOW),
        (1, 1, Stage.NOW),
        (0, 0, Stage.ENDED),
        (-400 * DAY, 0, Stage.ENDED),
    ],
)
def test_how_near_the_end_is(
    authority: Authority, clock: Clock, seconds: int, days_left: int, stage: Stage
) -> None:
    push_service.install(authority, clock, seconds / DAY)
    near = push_certificates.ending()
    assert near is not None
    assert (near.days_left, near.stage) == (days_left, stage)


def test_longer_before_all_is_well(authority: Authority, clock: Clock) -> None:
    installed = push_service.install(authority, clock, days_left=31)
    clock.now = installed.ends_at - 30 * DAY - 1
    assert push_certificates.ending() is None
