"""What earns a certificate beside the enrolment token, and which one it earned: by digest, and for an hour."""

from __future__ import annotations

from models import AppleEnrolment, Device, Status, database
from services import clock, codes

SECONDS = 3600
# A blocked device gets nothing. One that is to leave may still have it: what makes it leave can fail or be taken back.
MAY_RENEW = (Status.ACTIVE, Status.LOST, Status.RETIRE_PENDING, Status.WIPE_PENDING)

NONE = dict.fromkeys(("challenge_hash", "challenge_expires_at", "issued"))


def new(device: Device) -> str:
    """For one sending of a renewal. Only its digest is kept: what is sent again has another, and this one is dead."""
    challenge = codes.secret()
    update = {"challenge_hash": codes.digest(challenge), "challenge_expires_at": clock.now() + SECONDS}
    with database.atomic():
        AppleEnrolment.update(**update, issued=None).where(AppleEnrolment.device == device).execute()
    return challenge


def living(challenge: str) -> AppleEnrolment | None:
    """The enrolment whose device was given this challenge within the hour."""
    return (
        AppleEnrolment.select(AppleEnrolment, Device)
        .join(Device)
        .where(
            AppleEnrolment.challenge_hash == codes.digest(challenge),
            AppleEnrolment.challenge_expires_at > clock.now(),
        )
        .first()
    )


def earned_one(device: Device) -> bool:
    """Was a renewed certificate issued that the device has not used yet?"""
    is_there = AppleEnrolment.next_credential_hash.is_null(False)
    return bool(AppleEnrolment.select().where(AppleEnrolment.device == device, is_there).exists())


def forget(device: Device) -> None:
    """The renewal came to nothing: neither the challenge counts any more, nor the certificate that it may have earned."""
    with database.atomic():
        AppleEnrolment.update(**NONE, next_credential_hash=None).where(
            AppleEnrolment.device == device
        ).execute()
