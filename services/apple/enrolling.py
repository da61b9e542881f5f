"""How an iPhone, iPad or Mac joins: a certificate for its token, then Authenticate, then the first TokenUpdate."""

from __future__ import annotations

from mdm.apple import authority as authorities
from mdm.apple import certificates, facts
from mdm.apple.certificate_requests import CertificateRequest
from mdm.apple.check_in import Authenticate, CheckOut, TokenUpdate
from models import LIVE_COMMAND, AppleEnrolment, Command, CommandState, Device, Platform, Status, database
from services import (
    audit,
    channels,
    check_ins,
    clock,
    commands,
    deliveries,
    device_authority,
    enrolment,
    lifecycle,
    locks,
    settings,
)
from services.apple import model_names, vault
from services.lifecycle import Event
from services.refused import Refused

CHANNEL = "apple"
# A thousand that join at once stand in line. Without, each would try its luck with SQLite again and again, after pauses
# that grow, and some would never have any.
QUEUE = "apple_joining"


def certify(request: CertificateRequest) -> bytes | None:
    """A certificate (DER) for the key, if the challenge is an enrolment token that waits: it is used up by this.

    None, and nothing else, whatever the reason is that it is not granted.
    """
    try:
        registration = enrolment.waiting(request.challenge, CHANNEL)
        device = registration.device
        organisation = settings.load().organisation
        certificate = authorities.issue(
            request, device_authority.load(), device.code, organisation, clock.now()
        )
        with locks.named(QUEUE), database.atomic():
            enrolment.begin(
                request.challenge,
                CHANNEL,
                device.platform,
                {},
                credential_hash=certificates.fingerprint(certificate),
            )
            AppleEnrolment.delete().where(AppleEnrolment.device == device).execute()
            AppleEnrolment.create(device=device)
    except Refused:
        return None
    return certificate


def authenticate(device: Device, row: AppleEnrolment, message: Authenticate) -> bool:
    """The first message binds the certificate to this device. False: it may not join.

    The same message again changes nothing, since its answer may have been lost.
    """
    udid = message.sender.device
    if device.status != Status.ENROLLING or (row.udid is not None and row.udid != udid):
        return False
    said = facts.from_authenticate(message, model_names.added())
    try:
        with locks.named(QUEUE), database.atomic():
            if row.udid is None:
                enrolment.make_room(device, udid)
                _bind(device, udid, message.topic)
            _describe(device, said)
    except Refused:
        with database.atomic():
            audit.append("device:enrolment:refused", by=None, device=device)
            lifecycle.change(device, Event.GIVE_UP, by=None)
        return False
    return True


def update_token(device: Device, message: TokenUpdate) -> None:
    """How the device is woken. The first one makes it Active, and we ask it how it is; later ones reset nothing."""
    update = {
        "topic": message.topic,
        "push_token": message.push_token,
        "push_magic": vault.sealed(device, "push_magic", message.push_magic.encode()),
    }
    if message.unlock_token is not None:
        update["unlock_token"] = vault.sealed(device, "unlock_token", message.unlock_token)
    is_first = device.status == Status.ENROLLING
    with locks.named(QUEUE), database.atomic():
        AppleEnrolment.update(**update).where(AppleEnrolment.device == device).execute()
        check_ins.seen(device)
        if is_first:
            commands.ask(device, "refresh", by=None)


def leave(device: Device, message: CheckOut) -> None:
    """The person, or our own order, removed the profile."""
    with database.atomic():
        _forget_tokens(device)
        if device.status == Status.ENROLLING:
            lifecycle.change(device, Event.GIVE_UP, by=device)
            return
        for command in commands.of_device(device):
            if command.kind == "retire" and command.is_live:
                deliveries.finish(device, command.code, "acknowledged")
                device.__data__.update(Device.get_by_id(device.id).__data__)
        if device.is_enrolled:
            lifecycle.change(device, Event.LEAVE, by=device)


def _bind(device: Device, udid: str, topic: str) -> None:
    """What an earlier life of this row left behind is gone: its tokens, and its queue."""
    AppleEnrolment.update(udid=udid, topic=topic).where(AppleEnrolment.device == device).execute()
    _forget_tokens(device)
    for command in Command.select().where(Command.device == device, Command.state.in_(LIVE_COMMAND)):
        commands.move(command, LIVE_COMMAND, CommandState.CANCELLED, "device_left")


def _describe(device: Device, said: facts.Facts) -> None:
    platform = Platform.MACOS if said.os_name == "macOS" else Platform.IOS
    name = device.name or said.model or ""
    update = {"platform": platform, "name": name, "name_search": name.casefold()}
    Device.update(**update).where(Device.id == device.id).execute()
    device.__data__.update(update)
    check_ins.store_facts(device, channels.of_device(device).facts(said))


def _forget_tokens(device: Device) -> None:
    nothing = dict.fromkeys(("push_token", "push_magic", "unlock_token", "bootstrap_token"))
    AppleEnrolment.update(nothing).where(AppleEnrolment.device == device).execute()
