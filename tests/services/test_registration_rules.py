"""Which platforms and ways are offered, how many devices a person may have, and whose a new one is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import COUNTED_BY_LIMIT, Device, Ownership, Platform, Registration, Status, User, Way
from services import registration_rules, registrations, settings
from services.refused import Forbidden, Refused
from tests.conftest import Mail
from tests.services.conftest import audited, status_of

MANAGED = [Platform.LINUX, Platform.MACOS, Platform.WINDOWS, Platform.IOS]


def test_only_platforms_with_a_channel_are_offered() -> None:
    assert registration_rules.platforms_offered(settings.load()) == MANAGED


def test_only_platforms_that_the_settings_allow_are_offered(decide: Callable[..., None]) -> None:
    decide(platforms="macos,android")
    assert registration_rules.platforms_offered(settings.load()) == [Platform.MACOS]


@pytest.mark.parametrize("platform", ["android", "amiga", "", "LINUX"])
def test_a_platform_that_is_not_offered_is_refused_beside_its_field(alice: User, platform: str) -> None:
    with pytest.raises(Refused) as refused:
        registrations.start(alice, platform, Way.QR, by=alice)
    assert refused.value.field == "platform"
    assert Device.select().count() == 0
    assert audited(alice) == ["user:account:created"]


def test_ways_follow_the_settings(decide: Callable[..., None]) -> None:
    assert registration_rules.ways_offered(settings.load()) == [Way.INVITATION, Way.PIN, Way.QR]
    decide(pin_registration=False)
    assert registration_rules.ways_offered(settings.load()) == [Way.INVITATION, Way.QR]
    decide(pin_registration=True, qr_registration=False)
    assert registration_rules.ways_offered(settings.load()) == [Way.INVITATION, Way.PIN]


@pytest.mark.parametrize(("way", "setting"), [(Way.PIN, "pin_registration"), (Way.QR, "qr_registration")])
def test_a_way_that_is_switched_off_is_refused(
    alice: User, decide: Callable[..., None], way: Way, setting: str
) -> None:
    decide(**{setting: False})
    with pytest.raises(Refused) as refused:
        registrations.start(alice, "linux", way, by=alice)
    assert refused.value.field == "way"
    assert Device.select().count() == 0


def test_an_invitation_needs_an_address_to_go_to(alice: User) -> None:
    User.update(email="").where(User.id == alice.id).execute()
    alice.email = ""
    with pytest.raises(Refused) as refused:
        registrations.start(alice, "linux", Way.INVITATION, by=alice)
    assert refused.value.field == "way"
    registrations.start(alice, "linux", Way.PIN, by=alice)


def test_a_new_device_is_whose_the_settings_say(alice: User, decide: Callable[..., None]) -> None:
    assert registrations.start(alice, "linux", Way.QR, by=alice).device.ownership == Ownership.EMPLOYEE
    decide(default_ownership="company")
    assert registrations.start(alice, "linux", Way.QR, by=alice).device.ownership == Ownership.COMPANY


def test_the_person_chooses_the_ownership_only_where_the_settings_allow(
    alice: User, decide: Callable[..., None]
) -> None:
    with pytest.raises(Refused) as refused:
        registrations.start(alice, "linux", Way.QR, by=alice, ownership="company")
    assert refused.value.field == "ownership"
    assert Device.select().count() == 0
    decide(users_may_choose_ownership=True)
    issued = registrations.start(alice, "linux", Way.QR, by=alice, ownership="company")
    assert issued.device.ownership == Ownership.COMPANY


def test_choosing_what_is_the_default_anyway_is_no_choice(alice: User) -> None:
    issued = registrations.start(alice, "linux", Way.QR, by=alice, ownership="employee")
    assert issued.device.ownership == Ownership.EMPLOYEE


def test_an_administrator_chooses_for_others(alice: User, carol: User) -> None:
    issued = registrations.start(alice, "linux", Way.QR, by=carol, ownership="company")
    assert issued.device.ownership == Ownership.COMPANY


@pytest.mark.parametrize("ownership", ["nobody", "COMPANY", "company "])
def test_an_ownership_that_there_is_not_is_refused(
    alice: User, decide: Callable[..., None], ownership: str
) -> None:
    decide(users_may_choose_ownership=True)
    with pytest.raises(Refused) as refused:
        registrations.start(alice, "linux", Way.QR, by=alice, ownership=ownership)
    assert refused.value.field == "ownership"


def test_the_role_is_asked_for(bob: User, dave: User) -> None:
    for user in (bob, dave):
        with pytest.raises(Forbidden):
            registrations.start(user, "linux", Way.QR, by=user)
    assert Device.select().count() == 0


def test_nobody_but_an_administrator_registers_for_another_person(
    alice: User, bob: User, carol: User, dave: User
) -> None:
    for other in (bob, dave):
        with pytest.raises(Forbidden):
            registrations.start(alice, "linux", Way.QR, by=other)
    assert registrations.start(alice, "linux", Way.QR, by=carol).device.user == alice


def test_without_a_limit_there_is_always_room(alice: User, a_device: Callable[..., Device]) -> None:
    for _ in range(60):
        a_device(alice)
    assert registration_rules.room_left(alice, settings.load()) is None
    registrations.start(alice, "linux", Way.QR, by=alice)


@pytest.mark.parametrize("status", list(Status))
def test_the_limit_counts_pending_to_blocked(
    alice: User, a_device: Callable[..., Device], decide: Callable[..., None], status: Status
) -> None:
    decide(devices_per_user=1)
    a_device(alice, status)
    counted = status not in (Status.LOST, Status.WIPED, Status.RETIRED, Status.EXPIRED, Status.CANCELLED)
    assert (status in COUNTED_BY_LIMIT) == counted
    assert registration_rules.room_left(alice, settings.load()) == (0 if counted else 1)
    if counted:
        with pytest.raises(Refused) as refused:
            registrations.start(alice, "linux", Way.QR, by=alice)
        assert refused.value.field == "platform"
        assert refused.value.params == {"most": 1}
    else:
        registrations.start(alice, "linux", Way.QR, by=alice)


def test_other_peoples_devices_do_not_count(
    alice: User, bob: User, a_device: Callable[..., Device], decide: Callable[..., None]
) -> None:
    decide(devices_per_user=1)
    a_device(bob)
    registrations.start(alice, "linux", Way.QR, by=alice)


def test_there_is_never_less_than_no_room(
    alice: User, a_device: Callable[..., Device], decide: Callable[..., None]
) -> None:
    a_device(alice)
    a_device(alice)
    decide(devices_per_user=1)
    assert registration_rules.room_left(alice, settings.load()) == 0


def test_twenty_at_once_get_exactly_the_limit(
    alice: User,
    at_once: Callable[..., list[Any]],
    decide: Callable[..., None],
    mailbox: Callable[[], list[Mail]],
) -> None:
    decide(devices_per_user=5)
    answers = at_once(20, lambda: registrations.start(alice, "linux", Way.INVITATION, by=alice))
    assert sum(isinstance(answer, registrations.Issued) for answer in answers) == 5
    assert sum(isinstance(answer, Refused) and answer.field == "platform" for answer in answers) == 15
    assert Device.select().count() == Registration.select().count() == len(mailbox()) == 5
    assert audited(alice).count("device:registration:requested") == 5


def test_renewing_what_has_run_out_needs_room_again(
    alice: User, decide: Callable[..., None], mailbox: Callable[[], list[Mail]]
) -> None:
    decide(devices_per_user=1)
    issued = registrations.start(alice, "linux", Way.INVITATION, by=alice)
    old_hash = issued.registration.link_hash
    Device.update(status=Status.EXPIRED).where(Device.id == issued.device.id).execute()
    issued.device.status = Status.EXPIRED
    registrations.start(alice, "macos", Way.QR, by=alice)
    with pytest.raises(Refused) as refused:
        registrations.renew(issued.registration, by=alice)
    assert refused.value.field == "platform"
    assert (status_of(issued.device), issued.registration.device.status) == (Status.EXPIRED, Status.EXPIRED)
    assert Registration.get_by_id(issued.registration.id).link_hash == old_hash
    assert len(mailbox()) == 1


def test_renewing_what_still_waits_takes_no_room(alice: User, decide: Callable[..., None]) -> None:
    decide(devices_per_user=1)
    issued = registrations.start(alice, "linux", Way.QR, by=alice)
    registrations.renew(issued.registration, by=alice)
    assert status_of(issued.device) == Status.PENDING


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("who", ["alice", "bob", "carol", "dave"])
@pytest.mark.parametrize(
    "rules", [{}, {"pin_registration": False}, {"qr_registration": False}, {"platforms": "macos"}]
)
def test_what_is_offered_once_more_is_what_can_be_had(
    request: pytest.FixtureRequest,
    alice: User,
    a_device: Callable[..., Device],
    a_registration: Callable[..., Registration],
    decide: Callable[..., None],
    way: Way,
    status: Status,
    who: str,
    rules: dict[str, Any],
) -> None:
    decide(**rules)
    by, registration = request.getfixturevalue(who), a_registration(alice, a_device(alice, status))
    is_offered = registration_rules.may_again(way, status, "linux", alice, by, settings.load())
    try:
        registrations.renew(registration, by=by, way=way)
    except Refused:
        assert not is_offered
    else:
        assert is_offered


def test_what_is_offered_once_more_to_whom(alice: User, bob: User, carol: User, dave: User) -> None:
    def ways(by: User) -> list[Way]:
        rules = settings.load()
        return [way for way in Way if registration_rules.may_again(way, "pending", "linux", alice, by, rules)]

    offered = {user.username: ways(user) for user in (alice, bob, carol, dave)}
    assert offered == {"alice": list(Way), "bob": [], "carol": list(Way), "dave": [Way.INVITATION]}
    alice.email = ""
    assert ways(alice) == [Way.PIN, Way.QR]
