"""The worker: a loop that sends messages and runs what is due. It renders mails inside an app context."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Flask

from delivery import push_connection, pushing, sending, text_messages
from services import commands, database, enrolment, registrations, reminders, sessions, throttle
from services.apple import push_certificates, pushes, renewing

log = logging.getLogger("muster.worker")

PAUSE = 1.0  # seconds between two looks at the outbox
LONGEST_PAUSE_AFTER_TROUBLE = 60.0


@dataclass
class Duty:
    """Something to do again and again. It returns how much there was to do, or nothing."""

    name: str
    work: Callable[[], int | None]
    every: float  # seconds
    next_at: float = 0.0  # by the monotonic clock
    troubles: int = 0  # in a row


def duties() -> list[Duty]:
    return [
        Duty("messages", sending.send_due, PAUSE),
        Duty("text messages", text_messages.send_due, PAUSE),
        Duty("pushes", pushing.send_due, PAUSE),
        Duty("registrations", registrations.expire_due, 10),
        Duty("reminders", reminders.remind_due, 10),
        Duty("enrolments", enrolment.expire_due, 10),
        Duty("commands", commands.expire_due, 10),
        Duty("waking", pushes.ask_due, 60),
        Duty("old pushes", pushes.purge, 3600),
        Duty("renewals", renewing.ask_due, 3600),
        Duty("push certificate", push_certificates.warn_due, 3600),
        Duty("sessions", sessions.purge, 600),
        Duty("throttle", throttle.purge, 600),
    ]


def run(app: Flask, stop: threading.Event) -> None:
    """Work until `stop` is set. No trouble ends it: what failed comes again after a pause that grows."""
    log.info("worker started")
    all_duties = duties()
    while not stop.is_set():
        if not run_due(app, all_duties):
            stop.wait(PAUSE)
    push_connection.close()
    database.close()
    log.info("worker stopped")


def run_due(app: Flask, all_duties: Iterable[Duty]) -> bool:
    """One round. Was there so much to do that the next should follow at once?"""
    now, is_busy = time.monotonic(), False
    for duty in all_duties:
        if duty.next_at > now:
            continue
        is_more = False
        with app.app_context():  # one each: settings and language are kept for the length of a context
            try:
                database.connect()
                is_more = bool(duty.work())
                duty.troubles, pause = 0, duty.every
            except Exception:
                log.exception("%s failed", duty.name)
                database.close()
                duty.troubles += 1
                pause = max(duty.every, min(2.0**duty.troubles, LONGEST_PAUSE_AFTER_TROUBLE))
        duty.next_at = now if is_more else now + pause
        is_busy = is_busy or is_more
    return is_busy
