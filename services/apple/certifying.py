"""Who gets a certificate, for which challenge: a device that joins, one that renews, one that lost our answer."""

from __future__ import annotations

from mdm.apple import authority as authorities
from mdm.apple import certificates, keys
from mdm.apple.certificate_requests import CertificateRequest
from models import AppleEnrolment, Device, Status
from services import audit, clock, codes, device_authority, enrolment, settings
from services.apple import challenges, joining
from services.channels import apple
from services.enrolment import UnknownToken
from services.refused import Refused


def certify(request: CertificateRequest) -> bytes | None:
    """A certificate (DER) for the key, if the challenge is one that earns it now.

    None, and nothing else, whatever the reason is that it is not granted.
    """
    row = challenges.living(request.challenge)
    try:
        if row is None:
            return _first(request)
        return _renewed(request, row) if row.issued is None else _once_more(request, row)
    except Refused:  # or the same request was faster on another connection
        row = challenges.living(request.challenge)
        return _once_more(request, row) if row is not None else None


def _once_more(request: CertificateRequest, row: AppleEnrolment) -> bytes | None:
    """The same certificate for the same challenge and the same key, until the device has used it, or for an hour.

    Nobody gains by asking: whoever has another key gets nothing.
    """
    if row.issued is None or not _may_have(row):
        return None
    certificate = bytes(row.issued)
    return certificate if keys.holder(certificate).key == request.key else None


def _renewed(request: CertificateRequest, row: AppleEnrolment) -> bytes | None:
    """The next certificate of a device that was ordered to renew its own. Both are believed until it is used."""
    if not _may_have(row):
        return None
    certificate, _ = _issued(request, row.device)
    still_may = Device.select(Device.id).where(Device.status.in_(challenges.MAY_RENEW))
    with joining.in_line():
        won = (
            AppleEnrolment.update(
                issued=certificate, next_credential_hash=certificates.fingerprint(certificate)
            )
            .where(
                AppleEnrolment.device == row.device,
                AppleEnrolment.device.in_(still_may),
                AppleEnrolment.challenge_hash == row.challenge_hash,
                AppleEnrolment.issued.is_null(),
            )
            .execute()
        )
        if won != 1:
            raise UnknownToken()
        audit.append("device:certificate:issued", by=row.device, device=row.device)
    return certificate


def _first(request: CertificateRequest) -> bytes:
    """For an enrolment token that waits: it is used up by this. Raises Refused."""
    device = enrolment.waiting(request.challenge, apple.NAME).device
    certificate, ends_at = _issued(request, device)
    with joining.in_line():
        enrolment.begin(
            request.challenge,
            apple.NAME,
            device.platform,
            {},
            credential_hash=certificates.fingerprint(certificate),
        )
        AppleEnrolment.delete().where(AppleEnrolment.device == device).execute()
        AppleEnrolment.create(
            device=device,
            certificate_ends_at=ends_at,
            challenge_hash=codes.digest(request.challenge),
            challenge_expires_at=clock.now() + challenges.SECONDS,
            issued=certificate,
        )
    return certificate


def _may_have(row: AppleEnrolment) -> bool:
    """Before its first message a device is joining; after it, it can only renew."""
    if row.udid is None:
        return bool(row.device.status == Status.ENROLLING)
    return row.device.status in challenges.MAY_RENEW


def _issued(request: CertificateRequest, device: Device) -> tuple[bytes, int]:
    """A certificate, and when it ends."""
    authority, now = device_authority.load(), clock.now()
    certificate = authorities.issue(request, authority, device.code, settings.load().organisation, now)
    return certificate, certificates.check(certificate, authority.certificate, now).not_after
