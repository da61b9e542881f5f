"""One message of an Apple device, and what we say to it."""

from __future__ import annotations

from mdm.apple import answers
from mdm.apple import check_in as said
from mdm.apple.answers import Answer
from mdm.apple.check_in import CheckIn
from mdm.apple.commands import CONTENT_TYPE
from mdm.apple.reports import Report, decode_any
from models import AppleEnrolment, Device, Status, database
from services import check_ins, clock
from services.apple import enrolling, renewing, reports, speakers, vault, wiped
from services.apple.speakers import Speaker, Unknown

SEEN_EVERY = 60  # seconds: "last check-in" is told to the minute, and an idle device costs no more writing

NOTHING = Answer(200, answers.XML, answers.NOTHING)
NOT_SERVED = Answer(404, answers.XML, answers.NOTHING)
DECLINED = Answer(400, answers.XML, answers.NOTHING)
HEARD_WHEN_BLOCKED = (said.TokenUpdate, said.CheckOut, said.SetBootstrapToken)  # it will not say them again


def hear(certificate: bytes, body: bytes) -> Answer:
    """Answer a message whose signature was verified. Raises Unknown: then nothing is known, and nothing changes.

    Raises Malformed if it cannot be read. A stranger's is not even looked at: reading it would cost more than asking.
    """
    speaker = speakers.behind(certificate)
    message = decode_any(body)
    is_joining = speaker.status == Status.ENROLLING and not message.sender.is_user_channel
    if isinstance(message, said.Authenticate) and is_joining:
        return _authenticate(speaker, message)
    if speaker.udid is None or speaker.udid != message.sender.device:
        raise Unknown()
    if speaker.has_gone:
        return _to_one_that_has_gone(speaker, message)
    if speaker.status not in speakers.MAY_SPEAK and not _is_heard_late(speaker, message):
        raise Unknown()
    if speaker.has_renewed and not renewing.take_over(speaker.id, certificate):
        raise Unknown()
    if message.sender.is_user_channel:
        return answers.USER_NOT_MANAGED if isinstance(message, said.UserAuthenticate) else NOTHING
    if isinstance(message, Report):
        return _report(speaker, message)
    return _check_in(speaker, message)


def _authenticate(speaker: Speaker, message: said.Authenticate) -> Answer:
    if not enrolling.authenticate(speaker, message):
        raise Unknown()
    return NOTHING


def _to_one_that_has_gone(speaker: Speaker, message: CheckIn | Report) -> Answer:
    """What we retired, and know that we did, may remove what is left of us. A goodbye needs no answer."""
    device = speaker.device()
    if speaker.status == Status.WIPED:
        wiped.doubt(device)
    if isinstance(message, said.CheckOut):
        return NOTHING
    if speaker.status == Status.WIPED:
        return _to_one_that_should_be_empty(device, message)
    return answers.unrecognised_device(device.os_name, device.os_version)


def _to_one_that_should_be_empty(device: Device, message: CheckIn | Report) -> Answer:
    """Our profile stays on it, or nobody would hear of it any more. A Mac asks for its token to erase itself with."""
    if isinstance(message, said.GetBootstrapToken) and not message.sender.is_user_channel:
        return _bootstrap_token(device)
    return DECLINED


def _is_heard_late(speaker: Speaker, message: CheckIn | Report) -> bool:
    """A device says its first TokenUpdate until it is heard, be that after its time to join was over; or goodbye."""
    is_its_own = isinstance(message, said.TokenUpdate | said.CheckOut) and not message.sender.is_user_channel
    return speaker.status == Status.EXPIRED and is_its_own


def _check_in(speaker: Speaker, message: CheckIn) -> Answer:
    device = speaker.device()
    if device.status == Status.BLOCKED and not isinstance(message, HEARD_WHEN_BLOCKED):
        return NOTHING
    match message:
        case said.Authenticate():
            pass  # so says a device that has installed its renewed profile; nothing about it is new to us
        case said.TokenUpdate():
            if not enrolling.update_token(speaker, message):
                raise Unknown()
        case said.CheckOut():
            enrolling.leave(speaker)
        case said.SetBootstrapToken():
            token = vault.sealed(device, "bootstrap_token", message.token) if message.token else None
            AppleEnrolment.update(bootstrap_token=token).where(AppleEnrolment.device == device).execute()
        case said.GetBootstrapToken():
            return _bootstrap_token(device)
        case said.GetToken():
            return DECLINED
        case _:
            return NOT_SERVED
    return NOTHING


def _bootstrap_token(device: Device) -> Answer:
    row = vault.enrolment_of(device)
    return answers.bootstrap_token(vault.opened(row, "bootstrap_token") if row else None)


def _report(speaker: Speaker, report: Report) -> Answer:
    """Idle asks what there is to do; everything else answers an order, and asks for the next."""
    _note(speaker)
    if report.is_idle and not speaker.has_orders:
        return NOTHING
    device = speaker.device()
    if device.status in (Status.BLOCKED, Status.ENROLLING):
        return NOTHING
    if report.is_idle:
        reports.wake(device)
    else:
        reports.take(device, report)
        device = speaker.device()
    order = reports.next_request(device)
    if order is not None:
        return Answer(200, CONTENT_TYPE, order)
    if report.status != "NotNow":
        reports.call_back(device)
    return NOTHING


def _note(speaker: Speaker) -> None:
    now = clock.now()
    if speaker.has_ownership_to_come:
        check_ins.seen(speaker.device())
    elif now - (speaker.last_check_in_at or 0) >= SEEN_EVERY:
        with database.relaxed():
            Device.update(last_check_in_at=now).where(Device.id == speaker.id).execute()
