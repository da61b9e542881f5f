"""Who is woken, how often, and why some never are."""

from __future__ import annotations

import pytest
from flask import Flask

from models import (
    AppleEnrolment,
    Command,
    Device,
    Medium,
    Message,
    MessageState,
    PushCertificate,
    Status,
    User,
)
from services import commands, device_actions, outbox
from services.apple import profiles, pushes
from tests import apple_devices as apple
from tests.conftest import NOON, Clock
from tests.push_service import TOPIC

DAY = 86_400


@pytest.fixture
def certificate(app: Flask) -> None:
    PushCertificate.create(id=1, certificate=b"of Apple", key=b"ours", topic=TOPIC, ends_at=NOON + 365 * DAY)


@pytest.fixture
def phone(app: Flask, alice: User) -> tuple[Device, apple.AppleDevice]:
    """Without orders: it has answered what every device is asked first."""
    device, hardware = apple.join(app, alice)
    hardware.connect()
    return device, hardware


def sent() -> int:
    """Everything goes out at once. How many pushes that were."""
    claimed = outbox.claim(100, Medium.PUSH)
    for message in claimed:
        pushes.went_out(message)
    return len(claimed)


def waiting() -> int:
    return Message.select().where(Message.medium == "push", Message.state == MessageState.WAITING).count()


@pytest.mark.usefixtures("certificate")
def test_a_device_whose_order_waits_is_woken_after_pauses_that_grow_until_it_comes(
    phone: tuple[Device, apple.AppleDevice], alice: User, clock: Clock
) -> None:
    device, hardware = phone
    sent()
    clock.move(60)
    device_actions.wipe(device, device.code, "", by=alice)
    assert sent() == 1
    asked_at = clock.now
    for minutes in (2, 10, 50, 250, 1250, *(1250 + day * 24 * 60 for day in range(1, 5))):
        clock.now = asked_at + (minutes - 1) * 60
        assert pushes.ask_due() == 0, f"before {minutes} minutes"
        clock.move(60)
        assert (pushes.ask_due(), sent()) == (1, 1), f"after {minutes} minutes"
    assert hardware.connect() == ["EraseDevice"]
    clock.move(10 * DAY)
    assert pushes.ask_due() == 0


@pytest.mark.usefixtures("certificate")
def test_an_order_that_lives_for_an_hour_is_pushed_for_four_times(
    phone: tuple[Device, apple.AppleDevice], clock: Clock
) -> None:
    device, _ = phone
    sent()
    clock.move(60)
    commands.ask(device, "play_sound", by=None)
    pushed = sent()
    for _ in range(80):
        clock.move(60)
        commands.expire_due()
        pushes.ask_due()
        pushed += sent()
    assert pushed == 4


@pytest.mark.usefixtures("certificate")
def test_a_new_order_begins_with_short_pauses_beside_an_old_one(
    phone: tuple[Device, apple.AppleDevice], alice: User, clock: Clock
) -> None:
    device, _ = phone
    sent()
    device_actions.lock(device, by=alice)
    clock.move(9 * DAY)
    sent()
    clock.move(60)
    device_actions.refresh(device, by=alice)
    assert sent() == 1
    clock.move(120)
    assert pushes.ask_due() == 1


@pytest.mark.usefixtures("certificate")
@pytest.mark.parametrize("last_word", ["NotNow", "Error", "Acknowledged"])
def test_a_device_that_said_not_now_is_woken_a_minute_later_unless_that_was_its_last_word(
    phone: tuple[Device, apple.AppleDevice], alice: User, clock: Clock, last_word: str
) -> None:
    device, hardware = phone
    device_actions.lock(device, by=alice)
    commands.ask(device, "unlock", alice)
    sent()
    clock.move(DAY - 120)
    hardware.replies["DeviceLock"] = ["NotNow"]
    hardware.replies["ClearPasscode"] = [last_word] if last_word != "Acknowledged" else []
    assert hardware.connect() == ["DeviceLock", "ClearPasscode"]
    assert waiting() == (0 if last_word == "NotNow" else 1)
    clock.move(59)
    assert sent() == 0
    clock.move(1)
    assert sent() == (0 if last_word == "NotNow" else 1)
    assert hardware.connect()[0] == "DeviceLock"
    assert waiting() == 0


@pytest.mark.usefixtures("certificate")
def test_an_error_without_a_name_brings_no_push_of_its_own(
    phone: tuple[Device, apple.AppleDevice], alice: User, clock: Clock
) -> None:
    device, hardware = phone
    device_actions.lock(device, by=alice)
    count = 0
    for _ in range(60):
        if sent():
            count += 1
            assert hardware.report("Idle").body
            assert not hardware.report("Error").body
        clock.move(60)
        pushes.ask_due()
    assert count == 4, "at once, and after 2, 10 and 50 minutes"


@pytest.mark.usefixtures("certificate")
def test_a_push_is_forgotten_a_week_after_it_went_out_and_what_waits_or_is_a_mail_is_not(
    phone: tuple[Device, apple.AppleDevice], alice: User, clock: Clock
) -> None:
    device, _ = phone
    outbox.queue("new_sign_in", alice, "alice@example.com", {}, device)
    assert sent() == 1
    device_actions.lock(device, by=alice)
    kept = Message.select().count()
    clock.move(7 * DAY)
    pushes.purge()
    assert Message.select().count() == kept
    clock.move(1)
    pushes.purge()
    assert Message.select().count() == kept - 1
    assert (waiting(), sent()) == (1, 1)


@pytest.mark.usefixtures("certificate")
def test_a_new_order_does_not_wait_for_the_push_after_not_now(
    phone: tuple[Device, apple.AppleDevice], alice: User, clock: Clock
) -> None:
    device, hardware = phone
    device_actions.refresh(device, by=alice)
    commands.ask(device, "unlock", alice)
    sent()
    clock.move(DAY - 120)
    hardware.replies["ClearPasscode"] = ["NotNow"]
    hardware.connect()
    assert (waiting(), sent()) == (1, 0)
    device_actions.lock(device, by=alice)
    assert (waiting(), sent()) == (1, 1)


@pytest.mark.usefixtures("certificate")
def test_a_push_that_was_given_up_counts_as_one(
    phone: tuple[Device, apple.AppleDevice], alice: User, clock: Clock
) -> None:
    device, _ = phone
    sent()
    clock.move(60)
    device_actions.lock(device, by=alice)
    (message,) = outbox.claim(1, Medium.PUSH)
    outbox.failed(message, "unreachable", final=True)
    clock.move(119)
    assert pushes.ask_due() == 0
    clock.move(1)
    assert (pushes.ask_due(), pushes.ask_due()) == (1, 0)
    assert sent() == 1


@pytest.mark.usefixtures("certificate")
@pytest.mark.parametrize("why", ["no order", "blocked", "gone", "no token", "another topic", "waits already"])
def test_nobody_is_woken_in_vain(
    phone: tuple[Device, apple.AppleDevice], alice: User, clock: Clock, why: str
) -> None:
    device, _ = phone
    sent()
    if why != "no order":
        device_actions.lock(device, by=alice)
        if why != "waits already":
            clock.move(60)
            sent()
    if why in ("blocked", "gone"):
        Device.update(status=Status.BLOCKED if why == "blocked" else Status.RETIRED).execute()
    elif why == "no token":
        AppleEnrolment.update(push_token=None).execute()
    elif why == "another topic":
        AppleEnrolment.update(topic="com.apple.mgmt.External.other").execute()
    clock.move(2 * DAY)
    before = waiting()
    assert pushes.ask_due() == 0
    assert waiting() == before


@pytest.mark.usefixtures("certificate")
def test_without_a_certificate_that_counts_nobody_is_asked_for(
    phone: tuple[Device, apple.AppleDevice], alice: User, clock: Clock
) -> None:
    device_actions.lock(phone[0], by=alice)
    clock.move(60)
    sent()
    clock.move(400 * DAY)
    Command.update(expires_at=None).execute()
    assert pushes.ask_due() == 0
    PushCertificate.update(ends_at=clock.now + DAY).execute()
    assert pushes.ask_due() == 1


@pytest.mark.usefixtures("certificate")
def test_an_order_to_a_device_that_can_never_be_woken_queues_no_push(
    phone: tuple[Device, apple.AppleDevice], alice: User
) -> None:
    device, _ = phone
    sent()
    AppleEnrolment.update(topic="com.apple.mgmt.External.other").execute()
    device_actions.lock(device, by=alice)
    assert waiting() == 0


@pytest.mark.usefixtures("certificate")
def test_a_new_address_is_told_what_waits(
    phone: tuple[Device, apple.AppleDevice], alice: User, clock: Clock
) -> None:
    device, hardware = phone
    sent()
    clock.move(60)
    AppleEnrolment.update(push_token=None).execute()
    device_actions.lock(device, by=alice)
    assert waiting() == 0
    hardware.update_token()
    assert waiting() == 1
    sent()
    hardware.update_token()
    assert waiting() == 0, "the same address again"


@pytest.mark.usefixtures("certificate")
@pytest.mark.parametrize("is_still_its", [True, False])
def test_only_the_address_that_apple_called_dead_is_forgotten(
    phone: tuple[Device, apple.AppleDevice], alice: User, is_still_its: bool
) -> None:
    device, hardware = phone
    device_actions.lock(device, by=alice)
    (message,) = outbox.claim(1, Medium.PUSH)
    asked = pushes.written(message, TOPIC).token
    if not is_still_its:
        hardware.push_token = b"another one of thirty-two bytes!"
        hardware.update_token()
    pushes.forget(message, asked, "token_dead")
    row = AppleEnrolment.get(AppleEnrolment.device == device)
    assert row.push_token == (None if is_still_its else hardware.push_token)
    assert waiting() == (0 if is_still_its else 1), "the new one is tried"
    assert Message.get_by_id(message.id).reason == "token_dead"


@pytest.mark.parametrize("reason", ["not_configured", "certificate_ended", "other_topic", "no_token", ""])
def test_why_a_device_cannot_be_woken(
    app: Flask, alice: User, clock: Clock, request: pytest.FixtureRequest, reason: str
) -> None:
    if reason == "other_topic":
        device, _ = apple.join(app, alice)
        request.getfixturevalue("certificate")
    elif reason == "not_configured":
        device, _ = apple.join(app, alice)
    else:
        request.getfixturevalue("certificate")
        device, _ = apple.join(app, alice)
    if reason == "certificate_ended":
        clock.move(365 * DAY)
    elif reason == "no_token":
        AppleEnrolment.update(push_token=None).execute()
    assert pushes.why_not(device) == reason
    assert pushes.is_possible() == (reason not in ("not_configured", "certificate_ended"))


def test_how_many_joined_too_early_is_counted(app: Flask, alice: User, bob: User) -> None:
    assert pushes.out_of_reach() == 0
    early, _ = apple.join(app, alice)
    assert AppleEnrolment.get().topic == profiles.topic()
    PushCertificate.create(id=1, certificate=b"of Apple", key=b"ours", topic=TOPIC, ends_at=NOON + DAY)
    apple.join(app, alice, 1)
    assert pushes.out_of_reach() == 1
    Device.update(status=Status.RETIRED).where(Device.id == early.id).execute()
    assert pushes.out_of_reach() == 0


@pytest.mark.usefixtures("certificate")
@pytest.mark.parametrize("waits", [True, False])
def test_a_device_that_is_unblocked_is_woken_at_once_if_something_waits_for_it(
    phone: tuple[Device, apple.AppleDevice], alice: User, carol: User, clock: Clock, waits: bool
) -> None:
    device, _ = phone
    if waits:
        device_actions.lock(device, by=alice)
    device_actions.block(device, by=carol)
    sent()
    clock.move(60)
    device_actions.unblock(device, by=carol)
    assert sent() == (1 if waits else 0)
