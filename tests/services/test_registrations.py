"""Asking to register a device in three ways, and renewing, correcting and cancelling that."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from models import Device, MessageState, Ownership, Platform, Proof, Registration, Status, User, Way
from services import lifecycle, passwords, registrations, users, verification
from services.codes import derived, digest
from services.refused import Forbidden, Refused
from services.registrations import Issued
from tests.conftest import Clock, Mail
from tests.services.conftest import audited, last_entry, status_of

HOUR = 3600
RENEWABLE = [Status.PENDING, Status.VERIFIED, Status.ENROLLING, Status.EXPIRED]


def start(user: User, way: Way = Way.INVITATION, platform: str = "linux", **more: Any) -> Issued:
    return registrations.start(user, platform, way, by=more.pop("by", user), **more)


def row(issued: Issued) -> Registration:
    return Registration.get_by_id(issued.registration.id)


@pytest.mark.parametrize("way", list(Way))
def test_every_way_leaves_a_pending_device_with_its_entry(alice: User, clock: Clock, way: Way) -> None:
    issued = start(alice, way)
    device = Device.get_by_id(issued.device.id)
    assert (device.status, device.user, device.platform) == (Status.PENDING, alice, Platform.LINUX)
    assert (device.channel, device.ownership) == ("agent", Ownership.EMPLOYEE)
    assert audited(device) == ["device:registration:requested"]
    assert last_entry("device:registration:requested").params == {"way": way, "platform": "linux"}
    assert (row(issued).way, row(issued).created_by) == (way, alice)
    assert row(issued).expires_at == clock.now + 4 * HOUR


def test_the_database_holds_digests_and_hashes_only(alice: User, decide: Callable[..., None]) -> None:
    decide(pin_length=12)  # a shorter one may stand in a time by chance
    issued = start(alice, Way.PIN)
    kept = row(issued)
    assert kept.link_hash == digest(issued.link)
    assert kept.pin_hash.startswith("$argon2id$")
    assert passwords.verify(kept.pin_hash, issued.pin)
    assert len(issued.link) == 40  # 160 bits
    stored = str(kept.__data__) + str(issued.device.__data__)
    assert issued.link not in stored
    assert issued.pin not in stored.replace(kept.pin_hash, "").replace(kept.link_hash, "")


@pytest.mark.parametrize("length", [6, 12])
def test_the_pin_is_as_long_as_the_setting_says(
    alice: User, decide: Callable[..., None], length: int
) -> None:
    decide(pin_length=length)
    pin = start(alice, Way.PIN).pin
    assert len(pin) == length and pin.isascii() and pin.isdigit()


@pytest.mark.parametrize("hours", [1, 4320])
def test_it_lives_as_long_as_the_setting_says(
    alice: User, decide: Callable[..., None], clock: Clock, hours: int
) -> None:
    decide(registration_hours=hours)
    assert row(start(alice)).expires_at == clock.now + hours * HOUR


@pytest.mark.parametrize(
    ("way", "of_platform", "proof", "has_pin"),
    [
        (Way.INVITATION, "password", Proof.PASSWORD, False),
        (Way.INVITATION, "pin", Proof.PIN, True),
        (Way.INVITATION, "both", Proof.BOTH, True),
        (Way.PIN, "password", Proof.PIN, True),
        (Way.PIN, "pin", Proof.PIN, True),
        (Way.PIN, "both", Proof.BOTH, True),
        (Way.QR, "password", Proof.PASSWORD, False),
        (Way.QR, "pin", Proof.PIN, True),
        (Way.QR, "both", Proof.BOTH, True),
    ],
)
def test_a_pin_is_made_where_one_is_asked_for(
    alice: User, decide: Callable[..., None], way: Way, of_platform: str, proof: Proof, has_pin: bool
) -> None:
    decide(proof_linux=of_platform)
    issued = start(alice, way)
    assert row(issued).proof == proof
    assert (issued.pin is not None) == has_pin == (row(issued).pin_hash is not None)


def test_an_invitation_goes_to_the_owner_with_its_link(
    alice: User, mailbox: Callable[[], list[Mail]]
) -> None:
    issued = start(alice)
    (mail,) = mailbox()
    assert (mail.kind, mail.recipient, mail.message.device) == ("invitation", alice.email, issued.device)
    assert mail.params["link"] == issued.link
    assert mail.params["expires_at"] == row(issued).expires_at
    assert "pin" not in mail.params
    assert issued.link.encode() not in bytes(mail.message.params), "encrypted in the outbox"


def test_an_invitation_carries_a_pin_that_nobody_sees_otherwise(
    alice: User, mailbox: Callable[[], list[Mail]], decide: Callable[..., None]
) -> None:
    decide(proof_linux="both")
    issued = start(alice)
    assert mailbox()[0].params["pin"] == issued.pin


def test_a_pin_that_stands_on_the_screen_is_not_mailed(
    alice: User, mailbox: Callable[[], list[Mail]], decide: Callable[..., None]
) -> None:
    decide(pin_length=12)  # a shorter one may stand in a link or a time by chance
    issued = start(alice, Way.PIN)
    (mail,) = mailbox()
    assert (mail.kind, mail.params["link"]) == ("pin", issued.link)
    assert issued.pin not in str(mail.params)


def test_a_qr_code_sends_nothing(alice: User, mailbox: Callable[[], list[Mail]]) -> None:
    start(alice, Way.QR)
    assert mailbox() == []


def test_what_an_administrator_asks_for_goes_to_the_owner(
    alice: User, carol: User, mailbox: Callable[[], list[Mail]]
) -> None:
    issued = start(alice, by=carol)
    assert mailbox()[0].recipient == alice.email
    assert (issued.registration.user, issued.registration.created_by) == (alice, carol)
    assert last_entry("device:registration:requested").actor == carol.code


def test_the_phone_number_is_kept_in_its_international_form(alice: User) -> None:
    assert start(alice, phone_number="07700 900142").device.phone_number == "+447700900142"
    assert start(alice, phone_number="0176 12345678", country="DE").device.phone_number == "+4917612345678"
    assert start(alice).device.phone_number is None


def test_a_wrong_phone_number_leaves_nothing_behind(alice: User, mailbox: Callable[[], list[Mail]]) -> None:
    with pytest.raises(Refused) as refused:
        start(alice, phone_number="12")
    assert refused.value.field == "phone_number"
    assert Device.select().count() == 0
    assert mailbox() == []


def test_several_can_wait_at_once(alice: User) -> None:
    issued = [start(alice, way) for way in Way] + [start(alice)]
    assert {status_of(one.device) for one in issued} == {Status.PENDING}
    assert len({one.link for one in issued}) == 4


@pytest.mark.parametrize("status", RENEWABLE)
def test_renewing_kills_the_old_secrets(
    alice: User, status: Status, clock: Clock, decide: Callable[..., None]
) -> None:
    decide(proof_linux="both", pin_length=12)  # two shorter PINs may be alike by chance
    old = start(alice)
    Device.update(status=status).where(Device.id == old.device.id).execute()
    Registration.update(token_hash="x", token=b"x", verified_at=1, pin_tries=5).execute()
    clock.move(2 * HOUR)
    new = registrations.renew(registrations.by_code(old.registration.code), by=alice)
    kept = row(new)
    assert status_of(new.device) == Status.PENDING
    assert kept.link_hash == digest(new.link) != digest(old.link)
    assert not passwords.verify(kept.pin_hash, old.pin) and passwords.verify(kept.pin_hash, new.pin)
    assert (kept.token_hash, kept.token, kept.verified_at, kept.pin_tries) == (None, None, None, 0)
    assert kept.expires_at == clock.now + 4 * HOUR
    with pytest.raises(Refused):
        verification.opened(old.link)
    assert verification.opened(new.link) == new.registration
    assert audited(new.device)[-1] == "device:registration:renewed"


def test_renewing_calls_off_the_mail_that_has_not_gone_out(
    alice: User, mailbox: Callable[[], list[Mail]]
) -> None:
    old = start(alice)
    new = registrations.renew(old.registration, by=alice)
    first, second = mailbox()
    assert (first.message.state, first.params) == (MessageState.CANCELLED, {})
    assert (second.message.state, second.params["link"]) == (MessageState.WAITING, new.link)


def test_renewing_may_change_the_way(alice: User, mailbox: Callable[[], list[Mail]]) -> None:
    issued = registrations.renew(start(alice).registration, by=alice, way=Way.PIN)
    assert (row(issued).way, row(issued).proof) == (Way.PIN, Proof.PIN)
    assert issued.pin is not None
    assert mailbox()[-1].kind == "pin"


@pytest.mark.parametrize("status", sorted(set(Status) - set(RENEWABLE), key=str))
def test_what_has_gone_further_is_not_renewed(
    alice: User, status: Status, mailbox: Callable[[], list[Mail]]
) -> None:
    issued = start(alice)
    Device.update(status=status).where(Device.id == issued.device.id).execute()
    with pytest.raises(Refused):
        registrations.renew(registrations.by_code(issued.registration.code), by=alice)
    assert status_of(issued.device) == status
    assert row(issued).link_hash == digest(issued.link)
    assert [mail.message.state for mail in mailbox()] == [MessageState.WAITING]


def test_two_renewals_are_told_apart_even_from_two_tabs_in_the_same_second(alice: User) -> None:
    issued = start(alice)
    tabs = [registrations.by_code(issued.registration.code) for _ in range(2)]
    times = [issued.registration.issued_at]
    for tab in tabs:
        times.append(registrations.renew(tab, by=alice).registration.issued_at)
    assert times == sorted(set(times))
    assert row(issued).issued_at == times[-1]


def test_renewing_at_the_same_instant_leaves_one_living_link(
    alice: User, at_once: Callable[..., list[Any]]
) -> None:
    issued = start(alice, Way.QR)
    renewed = at_once(
        8, lambda: registrations.renew(registrations.by_code(issued.registration.code), by=alice)
    )
    opened = []
    for one in renewed:
        with suppress(Refused):
            opened.append(verification.opened(one.link))
    assert opened == [issued.registration]
    assert status_of(issued.device) == Status.PENDING


def test_a_renewed_device_is_not_known_by_the_secret_of_its_first_try(alice: User) -> None:
    issued = start(alice, Way.QR)
    Device.update(status=Status.EXPIRED, credential_hash=digest("old secret")).execute()
    registrations.renew(registrations.by_code(issued.registration.code), by=alice)
    assert Device.get_by_id(issued.device.id).credential_hash is None


def test_the_help_desk_resends_an_invitation_and_nothing_else(
    alice: User, dave: User, mailbox: Callable[[], list[Mail]]
) -> None:
    issued = start(alice, Way.PIN)
    for way in (None, Way.PIN, Way.QR):
        with pytest.raises(Forbidden):
            registrations.renew(issued.registration, by=dave, way=way)
    registrations.renew(issued.registration, by=dave, way=Way.INVITATION)
    assert (mailbox()[-1].kind, mailbox()[-1].recipient) == ("invitation", alice.email)
    assert last_entry("device:registration:renewed").actor == dave.code


def test_another_user_neither_renews_nor_cancels(alice: User, bob: User) -> None:
    issued = start(alice)
    for way in Way:
        with pytest.raises(Forbidden):
            registrations.renew(issued.registration, by=bob, way=way)
    with pytest.raises(Forbidden):
        registrations.cancel(issued.registration, by=bob)
    assert status_of(issued.device) == Status.PENDING


def test_the_help_desk_does_not_cancel(alice: User, dave: User) -> None:
    issued = start(alice)
    with pytest.raises(Forbidden):
        registrations.cancel(issued.registration, by=dave)


def test_without_the_role_not_even_ones_own_is_renewed(alice: User) -> None:
    issued = start(alice)
    users.set_roles(alice, {"user_portal"}, by=None)
    with pytest.raises(Forbidden):
        registrations.renew(issued.registration, by=alice)


@pytest.mark.parametrize("status", [Status.PENDING, Status.VERIFIED])
def test_cancelling_kills_the_secrets_and_keeps_the_mail_here(
    alice: User, status: Status, mailbox: Callable[[], list[Mail]]
) -> None:
    issued = start(alice)
    Device.update(status=status).execute()
    Registration.update(token_hash="x", token=b"x").execute()
    registrations.cancel(registrations.by_code(issued.registration.code), by=alice)
    assert status_of(issued.device) == Status.CANCELLED
    assert (row(issued).pin_hash, row(issued).token_hash, row(issued).token) == (None, None, None)
    with pytest.raises(Refused):
        verification.opened(issued.link)
    assert [mail.message.state for mail in mailbox()] == [MessageState.CANCELLED]
    assert audited(issued.device)[-1] == "device:registration:cancelled"


@pytest.mark.parametrize("status", [Status.ENROLLING, Status.ACTIVE, Status.EXPIRED, Status.CANCELLED])
def test_what_has_gone_further_is_not_cancelled(alice: User, status: Status) -> None:
    issued = start(alice)
    Device.update(status=status).execute()
    with pytest.raises(Refused):
        registrations.cancel(registrations.by_code(issued.registration.code), by=alice)
    assert status_of(issued.device) == status


def test_an_administrator_cancels_for_the_owner(alice: User, carol: User) -> None:
    issued = start(alice)
    registrations.cancel(issued.registration, by=carol)
    assert last_entry("device:registration:cancelled").actor == carol.code


def test_it_lives_to_the_second(alice: User, clock: Clock) -> None:
    registration = start(alice).registration
    clock.move(4 * HOUR - 1)
    assert registrations.is_living(registration)
    assert registrations.expire_due() == 0
    clock.move(1)
    assert not registrations.is_living(registration), "whatever the worker has or has not done"
    assert status_of(registration.device) == Status.PENDING


def test_the_worker_stores_what_has_run_out(alice: User, clock: Clock) -> None:
    issued, later = start(alice), None
    clock.move(HOUR)
    later = start(alice)
    clock.move(3 * HOUR)
    assert registrations.expire_due() == 1
    assert (status_of(issued.device), status_of(later.device)) == (Status.EXPIRED, Status.PENDING)
    assert audited(issued.device)[-1] == "device:registration:expired"
    assert last_entry("device:registration:expired").actor_kind == "system"
    assert registrations.expire_due() == 0


def test_what_was_renewed_in_time_is_not_stored_as_run_out(alice: User, clock: Clock) -> None:
    issued = start(alice)
    clock.move(4 * HOUR)
    registrations.renew(issued.registration, by=alice)
    assert registrations.expire_due() == 0
    assert status_of(issued.device) == Status.PENDING


def test_a_verified_one_is_not_the_workers_to_expire_here(alice: User, clock: Clock) -> None:
    issued = start(alice)
    lifecycle.change(issued.device, lifecycle.Event.ACCEPT, by=alice)
    clock.move(5 * HOUR)
    assert registrations.expire_due() == 0


def test_finding_by_code_and_by_device(alice: User) -> None:
    registration = start(alice).registration
    assert registrations.by_code(registration.code) == registration
    assert registrations.of_device(registration.device) == registration
    assert registrations.by_code("nothing") is None


def test_what_may_not_join_any_more_is_not_renewed(alice: User, decide: Callable[..., None]) -> None:
    issued = start(alice)
    before = row(issued).__data__
    decide(platforms="windows")
    with pytest.raises(Refused, match="This kind of device may not be registered here"):
        registrations.renew(row(issued), by=alice)
    assert row(issued).__data__ == before


# One form asks once


def test_the_same_form_with_the_same_answers_asks_once(
    alice: User, mailbox: Callable[[], list[Mail]]
) -> None:
    first = start(alice, form_code="one form")
    again = start(alice, form_code="one form")
    assert again.registration == first.registration
    assert again.device == first.device
    assert (again.link, again.pin) == ("", None)
    assert Device.select().count() == len(mailbox()) == 1
    assert audited(first.device) == ["device:registration:requested"]
    assert verification.opened(first.link) == first.registration, "the first one's secrets live"


def test_another_form_or_another_answer_asks_anew(alice: User, carol: User) -> None:
    issued = [
        start(alice),
        start(alice),
        start(alice, form_code="one form"),
        start(alice, form_code="another form"),
        start(alice, Way.PIN, form_code="one form"),
        start(alice, platform="windows", form_code="one form"),
        start(alice, phone_number="+447700900142", form_code="one form"),
        start(alice, by=carol, form_code="one form"),
    ]
    assert len({one.registration.code for one in issued}) == Device.select().count() == len(issued)
    assert all(one.link for one in issued)


def test_a_code_that_leads_to_somebody_elses_registration_gives_nothing_of_it(
    alice: User, carol: User, bob: User
) -> None:
    """A form's code comes from the browser, and may have been chosen so."""
    others = start(bob, by=carol)
    answers = (alice.code, alice.code, "linux", Way.INVITATION, Ownership.EMPLOYEE, "")
    chosen = derived("one form", *answers, length=8)
    Registration.update(code=chosen).where(Registration.id == others.registration.id).execute()
    issued = start(alice, form_code="one form")
    assert issued.registration.user == alice
    assert issued.link
    assert Registration.get(Registration.code == chosen).user == bob


def test_one_form_twice_at_the_limit_is_not_refused(alice: User, decide: Callable[..., None]) -> None:
    decide(devices_per_user=1)
    first = start(alice, form_code="one form")
    assert start(alice, form_code="one form").registration == first.registration
    with pytest.raises(Refused):
        start(alice, form_code="another form")


@pytest.mark.parametrize("way", list(Way))
def test_one_form_at_the_same_instant_asks_once(
    alice: User, at_once: Callable[..., list[Any]], way: Way
) -> None:
    results = at_once(2, lambda: start(alice, way, form_code="one form"))
    assert sorted(bool(issued.link) for issued in results) == [False, True]
    assert Registration.select().count() == Device.select().count() == 1
