"""How an iPhone, iPad or Mac joins once it has a certificate: Authenticate, then the first TokenUpdate."""

from __future__ import annotations

from mdm.apple import facts
from mdm.apple.check_in import Authenticate, TokenUpdate
from models import AppleEnrolment, Device, Platform, Registration, Status, database
from services import (
    audit,
    channels,
    check_ins,
    clock,
    commands,
    deliveries,
    enrolment,
    lifecycle,
    registration_rules,
    settings,
    verification,
)
from services.apple import challenges, joining, model_names, pushes, speakers, vault
from services.apple.speakers import Speaker
from services.lifecycle import Event
from services.refused import Refused

LATE_SECONDS = 30 * 86_400  # from when its time to join was over


def authenticate(speaker: Speaker, message: Authenticate) -> bool:
    """The first message binds the certificate to this device. False: it may not join. Raises Unknown.

    The same message again changes nothing, since its answer may have been lost; it may also come on several
    connections at once, so what counts is how things stand when it is its turn.
    """
    udid = message.sender.device
    said = facts.from_authenticate(message, model_names.added())
    try:
        with joining.in_line():
            device = speaker.device_now()
            row = vault.enrolment_of(device)
            if device.status != Status.ENROLLING or row is None or row.udid not in (None, udid):
                return False
            if row.udid is None:
                enrolment.make_room(device, channels.of_device(device).facts(said))
                _bind(device, udid, message.topic)
            _describe(device, said)
    except Refused:
        with database.atomic():
            audit.append("device:enrolment:refused", by=None, device=device)
            lifecycle.change(device, Event.GIVE_UP, by=None)
        return False
    return True


def update_token(speaker: Speaker, message: TokenUpdate) -> bool:
    """How the device is woken. The first one makes it Active, and we ask it how it is; later ones reset nothing.

    False: it left meanwhile, or the same hardware became another person's, so it may not join; or its time to do so was
    over, and something speaks against it since. Raises Unknown.
    """
    with joining.in_line():
        device = speaker.device_now()
        row = vault.enrolment_of(device)
        if device.status == Status.EXPIRED and _may_still_join(device):
            lifecycle.change(device, Event.COME_LATE, by=device)
        is_first = device.status == Status.ENROLLING
        if row is None or device.status not in speakers.MAY_SPEAK or not check_ins.seen(device):
            return False
        _keep_tokens(device, message)
        if is_first:
            commands.ask(device, "refresh", by=None)
        elif row.push_token != message.push_token and commands.live(device):
            pushes.ask(device)  # what waits was perhaps told to an address that is dead
    return True


def leave(speaker: Speaker) -> None:
    """The person, or our own order, removed the profile. Who says so twice has left once. Raises Unknown."""
    with database.atomic():
        device = speaker.device_now()
        _forget_tokens(device)
        for command in commands.live(device, "retire"):
            deliveries.finish(device, command.code, "acknowledged")
        device = Device.get_by_id(device.id)
        if device.status == Status.ENROLLING:
            lifecycle.change(device, Event.GIVE_UP, by=device)
        elif device.is_enrolled:
            lifecycle.change(device, Event.LEAVE, by=device)
        if device.status == Status.EXPIRED:
            # Who said goodbye does not come late.
            Device.update(credential_hash=None).where(Device.id == device.id).execute()


def _bind(device: Device, udid: str, topic: str) -> None:
    """What an earlier life of this row left behind is gone: its tokens, and its queue."""
    AppleEnrolment.update(udid=udid, topic=topic, **challenges.NONE).where(
        AppleEnrolment.device == device
    ).execute()
    _forget_tokens(device)
    lifecycle.call_off_orders(device, by=device)


def _describe(device: Device, said: facts.Facts) -> None:
    """Raises NotOffered for a Mac that came with an iPhone's registration, where Macs may not join like that."""
    platform = Platform.MACOS if said.os_name == "macOS" else Platform.IOS
    enrolment.refuse_kind(device, platform)
    name = device.name or said.model or ""
    update = {"platform": platform, "name": name, "name_search": name.casefold()}
    Device.update(**update).where(Device.id == device.id).execute()
    device.__data__.update(update)
    check_ins.store_facts(device, channels.of_device(device).facts(said))


def _may_still_join(device: Device) -> bool:
    """Asked of one whose time to join was over: since when, account, role, platform, how many devices, and where else it
    is, or has been since it began.

    A renewed registration and a goodbye need no question: they ended the certificate.
    """
    if clock.now() >= device.status_at + LATE_SECONDS:
        return False
    registration = Registration.get(device=device)
    known_by = {"stable_id": device.stable_id, "serial": device.serial}
    is_elsewhere = check_ins.same_hardware(device, known_by, since=registration.completed_at)
    has_room = registration_rules.room_left(device.user, settings.load()) != 0
    return verification.may_join(registration) and has_room and not is_elsewhere


def _keep_tokens(device: Device, message: TokenUpdate) -> None:
    update = {
        "topic": message.topic,
        "push_token": message.push_token,
        "push_magic": vault.sealed(device, "push_magic", message.push_magic.encode()),
    }
    if message.unlock_token is not None:
        update["unlock_token"] = vault.sealed(device, "unlock_token", message.unlock_token)
    AppleEnrolment.update(**update).where(AppleEnrolment.device == device).execute()


def _forget_tokens(device: Device) -> None:
    nothing = dict.fromkeys(("push_token", "push_magic", "unlock_token", "bootstrap_token"))
    AppleEnrolment.update(nothing).where(AppleEnrolment.device == device).execute()
