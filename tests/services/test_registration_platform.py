"""Correcting what kind of device a registration is for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models import Device, Platform, Registration, Status, User, Way
from services import registration_platform, registrations
from services.refused import Refused
from services.registrations import Issued
from tests.services.conftest import audited, last_entry


def start(user: User) -> Issued:
    return registrations.start(user, "linux", Way.INVITATION, by=user)


def test_the_platform_can_be_corrected_while_it_waits(alice: User) -> None:
    issued = start(alice)
    registration_platform.correct(issued.registration, "windows")
    assert Device.get_by_id(issued.device.id).platform == Platform.WINDOWS
    entry = last_entry("device:platform:corrected")
    assert (entry.device, entry.actor_kind) == (issued.device.code, "system"), (
        "nobody has proved who they are"
    )
    assert entry.params == {"from": "linux", "to": "windows"}


def test_what_it_is_already_is_no_correction(alice: User) -> None:
    issued = start(alice)
    registration_platform.correct(issued.registration, "linux")
    assert audited(issued.device) == ["device:registration:requested"]


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.PENDING}))
def test_the_platform_is_not_corrected_once_it_does_not_wait_any_more(alice: User, status: Status) -> None:
    registration = Registration.get_by_id(start(alice).registration.id)
    device = registration.device
    Device.update(status=status).execute()  # in another browser, after this one opened the page
    with pytest.raises(Refused, match="new link") as refused:
        registration_platform.correct(registration, "windows")
    assert refused.value.field == "platform"
    assert (device.platform, Device.get_by_id(device.id).platform) == (Platform.LINUX, Platform.LINUX)
    assert audited(device) == ["device:registration:requested"]


@pytest.mark.parametrize("platform", ["ios", "android", "amiga", ""])
def test_the_platform_is_not_corrected_to_one_of_another_channel(alice: User, platform: str) -> None:
    issued = start(alice)
    with pytest.raises(Refused) as refused:
        registration_platform.correct(issued.registration, platform)
    assert refused.value.field == "platform"
    assert Device.get_by_id(issued.device.id).platform == Platform.LINUX


def test_the_platform_is_not_corrected_to_one_that_the_settings_forbid(
    alice: User, decide: Callable[..., None]
) -> None:
    issued = start(alice)
    decide(platforms="linux")
    with pytest.raises(Refused) as refused:
        registration_platform.correct(issued.registration, "windows")
    assert refused.value.field == "platform"


def test_the_platform_is_not_corrected_to_one_that_asks_for_more_proof(
    alice: User, decide: Callable[..., None]
) -> None:
    issued = start(alice)
    decide(proof_windows="both")
    with pytest.raises(Refused, match="registration of its own") as refused:
        registration_platform.correct(issued.registration, "windows")
    assert refused.value.field == "platform"
    assert Device.get_by_id(issued.device.id).platform == Platform.LINUX
