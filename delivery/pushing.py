"""Sending pushes to Apple, and what becomes of them by its answers."""

from __future__ import annotations

import logging
import ssl

import httpx
from flask import current_app

from delivery import push_connection
from mdm.apple import push
from models import Medium, Message
from services import clock, outbox
from services.apple import push_certificates, pushes
from services.apple.push_certificates import Installed

log = logging.getLogger("muster.delivery")

AT_ONCE = 50


def send_due() -> int:
    """Send every push that is due. Without a certificate they wait, and the device comes by itself some time."""
    if not outbox.is_anything_due(Medium.PUSH):
        push_connection.close_if_idle()
        return 0
    outbox.release_stale()
    certificate = push_certificates.load()
    if certificate is None or certificate.ends_at <= clock.now():
        outbox.note_not_configured(
            Medium.PUSH, "certificate_ended" if certificate is not None else "not_configured"
        )
        return 0
    messages = outbox.claim(AT_ONCE, Medium.PUSH)
    for position, message in enumerate(messages):
        if not _send(certificate, message):
            outbox.give_back(messages[position + 1 :])
            break
    return len(messages)


def _send(certificate: Installed, message: Message) -> bool:
    """One push. False: the next would fare no better."""
    try:
        written = pushes.written(message, certificate.topic)
    except pushes.CannotBeWoken as obstacle:
        outbox.drop(message, obstacle.reason)
        return True
    try:
        answer = push_connection.post(certificate, written)
    except httpx.TimeoutException as error:
        _failed(message, "timed_out", str(error))
        return False
    except (httpx.HTTPError, OSError) as error:
        is_refusal = isinstance(error, ssl.SSLError) or "certificate" in str(error).lower()
        _failed(message, "refused_certificate" if is_refusal else "unreachable", str(error))
        return False
    outcome, reason = push.outcome(answer.status_code, answer.content)
    match outcome:
        case "delivered":
            pushes.went_out(message)
        case "token_dead":
            pushes.forget(message, written.token, "token_dead")
        case "token_unknown" if push.is_apples_own(current_app.config["MUSTER"].apns_url):
            pushes.forget(message, written.token, "token_unknown")
            log.warning("push token of device %s forgotten: %s", message.recipient, reason)
        case "certificate_refused":
            _failed(message, "refused_certificate", reason)
            return False
        case "later":
            _failed(message, "rejected_by_server", reason)
        case _:
            _failed(message, "rejected_by_server", reason, final=True)
    return True


def _failed(message: Message, reason: str, detail: str, final: bool = False) -> None:
    outbox.failed(message, reason, detail, final)
    log.warning("push %s did not go out: %s", message.code, reason)
