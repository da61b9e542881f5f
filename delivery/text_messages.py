"""Text messages: written in one line, and handed to the gateway of the settings through Apprise."""

from __future__ import annotations

import logging
import re
from typing import Any

from delivery import kinds, letters, sending
from delivery.sending import Failure
from models import Medium, Message
from services import outbox, settings, sms_gateways, sms_text, text_messages
from services.refused import Refused

log = logging.getLogger("muster.delivery")

AT_ONCE = 3  # one after the other; each may take 15 seconds, and the lease is 60
REST_SECONDS = 15  # what else waits is left alone so long when the gateway is gone
OF_THE_MESSAGE = (400, 422)  # trying again would end the same way
HAS_ENOUGH = (429, 503)
STATUS = re.compile(r"error=([0-9]{3})\b")
ANSWER = re.compile(r"Response Details:\s*b?(['\"])(.*)\1", re.DOTALL)
CAUSE = re.compile(r".*\(Caused by (.*)\)", re.DOTALL)


def send_due() -> int:
    """Send the texts that are due now. Returns how many were looked at."""
    if not outbox.is_anything_due(Medium.SMS):
        return 0
    outbox.release_stale()
    address = settings.secret("sms_gateway")
    if not address:
        outbox.note_not_configured(Medium.SMS)
        return 0
    messages = outbox.claim(AT_ONCE, Medium.SMS)
    for place, message in enumerate(messages):
        if not _send(message, address):
            outbox.give_back(messages[place + 1 :])
            text_messages.hold_up(REST_SECONDS, besides=message)
            break
    return len(messages)


def write(message: Message) -> str:
    """One line, of at most three segments. Raises Unwritable once it was sent, and Refused when it is too long."""
    params = outbox.params_of(message)
    if not params:
        raise letters.Unwritable()
    with letters.in_the_words_of(message):
        values = kinds.values(message, params)
        platform = kinds.platform_of(message, params)
        text = sms_text.plain(letters.render(message.kind, platform, "sms.txt", values))
    sms_text.check(text)
    return text


def _send(message: Message, address: str) -> bool:
    """One text. False: the gateway is gone, or wants to be left alone."""
    text = sending.written(message, write)
    if text is None:
        return True
    failure = _hand_over(message, text, address)
    if failure is None:
        outbox.sent(message)
        return True
    sending.note(message, failure)
    return not failure.server_is_gone


def _hand_over(message: Message, text: str, address: str) -> Failure | None:
    import apprise  # 25 MB and a second, so only now that there is something to send

    try:
        plugin = sms_gateways.opened(address, message.recipient, message.code)
    except Refused as refused:  # what was saved has come to be wrong: a library is gone, say
        return Failure("gateway_refused", str(refused))
    if getattr(plugin, "targets", None) == []:
        return Failure("rejected_address", final=True)
    line = apprise.Apprise(asset=plugin.asset)
    line.add(plugin)
    result = line.notify(body=text, body_format="text", log_level=logging.DEBUG)
    if result:
        return None
    failure, status = _failure_of(result)
    if status == 409 and plugin.schema in sms_gateways.HOOKS and _was_tried(message):
        return None  # the hook knows the key: an earlier try came through, and its answer did not
    detail = sms_gateways.masked(failure.detail, address, text, *_secrets_of(message))
    return Failure(failure.reason, detail, failure.final, failure.server_is_gone)


def _failure_of(result: Any) -> tuple[Failure, int]:
    """What Apprise wrote down on the way: warnings, the answer's body, or what broke the connection."""
    said = [(entry.level, entry.message) for entry in result.logs()]
    broken = next((text for _, text in said if text.startswith("Socket Exception: ")), "")
    if result.timeout_count or "timed out" in broken:
        return Failure("timed_out", _cause(broken), server_is_gone=True), 0
    if broken:
        is_certificate = "certificate verify failed" in broken.lower()
        reason = "refused_certificate" if is_certificate else "unreachable"
        return Failure(reason, _cause(broken), server_is_gone=True), 0
    warnings = " ".join(text for level, text in said if level in ("WARNING", "ERROR"))
    answers = " ".join(found[2] for _, text in said if (found := ANSWER.match(text)))
    status = int(found[1]) if (found := STATUS.search(warnings)) else 0
    return Failure(
        "gateway_refused",
        f"{warnings} {answers}".strip(),
        final=status in OF_THE_MESSAGE,
        server_is_gone=status in HAS_ENOUGH,
    ), status


def _cause(broken: str) -> str:
    """The end of a chain of errors: Connection refused."""
    found = CAUSE.match(broken)
    return (found[1] if found else broken).rpartition(": ")[2].strip("\"'() ")


def _was_tried(message: Message) -> bool:
    return message.tries > 1 or message.reason in ("timed_out", "unreachable")


def _secrets_of(message: Message) -> list[str]:
    params = outbox.params_of(message)
    return [str(params[key]) for key in ("link", "pin") if params.get(key)]
