"""Sending what is due, and turning what the mail server says into a reason that people can read."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import flask_mail

from delivery import letters, mail_server
from delivery.mails import Mail, mail_of
from models import Message
from services import outbox

log = logging.getLogger("muster.delivery")

Written = TypeVar("Written")

AT_ONCE = 10  # so many in one conversation; each may take 5 seconds, and the lease is 60


@dataclass(frozen=True)
class Failure:
    """Why a message did not go out. `final`: trying again would end the same way."""

    reason: str
    detail: str = ""
    final: bool = False
    server_is_gone: bool = False


def send_due() -> int:
    """Send every mail that is due now. Returns how many messages were looked at."""
    if not outbox.is_anything_due():
        return 0
    outbox.release_stale()
    if not mail_server.is_configured():
        outbox.note_not_configured()
        return 0
    messages = outbox.claim(AT_ONCE)
    waiting = [(message, mail) for message in messages if (mail := written(message, _mail)) is not None]
    if waiting:
        _send(waiting)
    return len(messages)


def written(message: Message, write: Callable[[Message], Written]) -> Written | None:
    """The mail or text, or nothing when it has nothing true to say any more or cannot be written."""
    try:
        if letters.is_out_of_date(message):
            outbox.drop(message, "out_of_date")
            return None
        return write(message)
    except letters.Unwritable:
        outbox.drop(message, "cancelled_by_person")
    except Exception as error:  # a template or a key at fault must not hold up the others
        log.exception("message %s cannot be written", message.code)
        outbox.failed(message, "not_written", type(error).__name__)
    return None


def note(message: Message, failure: Failure) -> None:
    """The server's own words go into the database alone: they may name people."""
    outbox.failed(message, failure.reason, failure.detail, failure.final)
    log.warning("message %s did not go out: %s", message.code, failure.reason)


def failure_of(error: Exception) -> Failure:
    """What an exception of the conversation means. SMTP codes: RFC 5321, 4.2.1 (4xx passes, 5xx stays)."""
    detail = _words_of(error)
    match error:
        case ssl.SSLCertVerificationError():
            return Failure("refused_certificate", detail, server_is_gone=True)
        case smtplib.SMTPAuthenticationError():
            return Failure("bad_sign_in", detail, server_is_gone=True)
        case smtplib.SMTPRecipientsRefused():
            is_final = all(code >= 500 for code, _ in error.recipients.values())
            return Failure("rejected_address" if is_final else "rejected_by_server", detail, final=is_final)
        case flask_mail.BadHeaderError() | ValueError():
            return Failure("rejected_address", detail, final=True)
        case smtplib.SMTPDataError():
            return Failure("rejected_by_server", detail, final=error.smtp_code >= 500)
        case smtplib.SMTPSenderRefused():
            return Failure("rejected_by_server", detail)
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError():
            return Failure("unreachable", detail, server_is_gone=True)
        case smtplib.SMTPServerDisconnected() | OSError() if "timed out" in detail:
            return Failure("timed_out", detail, server_is_gone=True)
        case smtplib.SMTPServerDisconnected() | ssl.SSLError():
            return Failure("unreachable", detail, server_is_gone=True)
        case smtplib.SMTPException():
            return Failure("rejected_by_server", detail)
        case _:
            return Failure("unreachable", detail, server_is_gone=True)


def _mail(message: Message) -> Mail:
    return mail_of(message, letters.write(message))


def _send(waiting: list[tuple[Message, Mail]]) -> None:
    """One conversation. Without a server everything waits; when it breaks off, the message at fault waits."""
    rest = [message for message, _ in waiting]
    try:
        with mail_server.connect() as connection:
            for message, mail in waiting:
                rest.remove(message)
                if not _hand_over(connection, message, mail):
                    outbox.give_back(rest)
                    return
    except OSError as error:  # also every SMTPException and SSLError
        for message in rest:
            note(message, failure_of(error))


def _hand_over(connection: mail_server.Connection, message: Message, mail: Mail) -> bool:
    """One message. False: there is no server to talk to any more."""
    try:
        connection.send(mail)
    except (OSError, ValueError, flask_mail.BadHeaderError) as error:
        failure = failure_of(error)
        note(message, failure)
        return not failure.server_is_gone
    outbox.sent(message)
    return True


def _words_of(error: Exception) -> str:
    """What the server said, without the addresses and without Python's brackets."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return f"{code} {said.decode(errors='replace')}"
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return f"{error.smtp_code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}"
    return str(error)
