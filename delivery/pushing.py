"""Sending pushes to Apple: HTTP/2 with the push certificate as the TLS client's."""

from __future__ import annotations

import logging
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from flask import current_app

from mdm.apple import push
from models import Message
from services import outbox
from services.apple import push_certificates, pushes
from services.apple.push_certificates import Installed

log = logging.getLogger("muster.delivery")

AT_ONCE = 50
SECONDS = 5.0  # for one push; the lease is 60


def send_due() -> int:
    """Send every push that is due. Without a certificate they wait, and the device comes by itself some time."""
    if not outbox.is_anything_due(pushes.MEDIUM):
        return 0
    outbox.release_stale()
    certificate = push_certificates.load()
    if certificate is None:
        outbox.note_not_configured(pushes.MEDIUM)
        return 0
    messages = outbox.claim(AT_ONCE, pushes.MEDIUM)
    try:
        with _connection(certificate) as client:
            for position, message in enumerate(messages):
                if not _send(client, certificate.topic, message):
                    outbox.give_back(messages[position + 1 :])
                    break
    except (OSError, ssl.SSLError) as error:  # the certificate cannot be used at all
        for message in messages:
            _failed(message, "refused_certificate", str(error))
    return len(messages)


def _send(client: httpx.Client, topic: str, message: Message) -> bool:
    """One push. False: the next would fare no better."""
    written = pushes.written(message, topic)
    if written is None:
        outbox.drop(message, "device_left")
        return True
    try:
        answer = client.post(written.path, headers=written.headers, content=written.body)
    except httpx.TimeoutException as error:
        _failed(message, "timed_out", str(error))
        return False
    except (httpx.HTTPError, OSError) as error:
        is_refusal = "certificate" in str(error).lower()
        _failed(message, "refused_certificate" if is_refusal else "unreachable", str(error))
        return False
    outcome, reason = push.outcome(answer.status_code, answer.content)
    match outcome:
        case "delivered":
            pushes.went_out(message)
        case "token_dead":
            pushes.forget(message)
        case "token_unknown" if current_app.config["MUSTER"].apns_url == push.SERVER:
            pushes.forget(message, "token_unknown")
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


@contextmanager
def _connection(certificate: Installed) -> Iterator[httpx.Client]:
    config = current_app.config["MUSTER"]
    context = ssl.create_default_context(cafile=str(config.apns_ca_file) if config.apns_ca_file else None)
    with tempfile.TemporaryDirectory() as name:  # Python's TLS reads a client's key from a file only
        path = Path(name) / "push.pem"
        path.touch(0o600)
        path.write_bytes(certificate.certificate + b"\n" + certificate.key)
        context.load_cert_chain(path)
    with httpx.Client(
        http2=True, verify=context, base_url=config.apns_url, timeout=SECONDS, trust_env=False
    ) as client:
        yield client
