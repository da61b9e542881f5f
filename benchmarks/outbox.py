"""How fast mails go out, what twenty kills of the worker cost, and whether a dead mail server slows a request."""

from __future__ import annotations

import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.portal import ROOT, data_folder, free_port, serve, wait_until
from benchmarks.visitor import Visitor
from models import Message, MessageState, User, Way
from models import database as tables
from services import clock, database, outbox

MESSAGES = 1000
KILLS = 20
LONGEST = 300  # seconds: a message that a killed worker had claimed waits for a minute
Figures = Iterator[tuple[str, float, str]]


def outbox_per_s() -> Figures:
    """Messages a second through a local mail server, from the worker's start to the last one sent."""
    with data_folder() as folder, _sink() as (port, file):
        _queue()
        with _worker(folder, port):
            wait_until(lambda: len(_received(file)) > 0, "nothing was sent", LONGEST)
            began, first = time.perf_counter(), len(_received(file))
            wait_until(lambda: len(_received(file)) >= MESSAGES, "not all were sent", LONGEST)
            yield "outbox_per_s", (MESSAGES - first) / (time.perf_counter() - began), "messages/s"


def outbox_kill() -> Figures:
    """1,000 messages and 20 SIGKILLs of the worker: how many were lost, and how many came twice."""
    with data_folder() as folder, _sink() as (port, file):
        _queue()
        for _ in range(KILLS):
            before = len(_received(file))
            with _worker(folder, port, is_killed=True):
                wait_until(lambda before=before: len(_received(file)) > before, "nothing was sent", LONGEST)
                time.sleep(random.uniform(0, 0.15))
        with _worker(folder, port):
            wait_until(_nothing_waits, "not all were sent", LONGEST)
        received = _received(file)
        yield "outbox_kill_lost", MESSAGES - len(set(received)), "messages"
        yield "outbox_kill_doubled", len(received) - len(set(received)), "messages"


def request_while_smtp_dead_ms() -> Figures:
    """Median time of Send Invitation while the mail server accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent, data_folder() as folder:
        port = str(silent.getsockname()[1])
        with serve(folder, **_mail(port)) as portal:
            alice = Visitor(portal.url)
            alice.sign_in()
            taken = []
            for _ in range(20):
                began = time.perf_counter()
                alice.post("/registrations/invitation", htmx=True, platform="linux")
                taken.append((time.perf_counter() - began) * 1000)
        yield "request_while_smtp_dead_ms", statistics.median(taken), "ms"


def _queue() -> None:
    """A thousand invitations that never run out while this lasts."""
    database.connect()
    alice = User.get(User.username == "alice")
    with tables.atomic():
        for number in range(MESSAGES):
            params = {
                "link": f"{number:040}",
                "platform": "linux",
                "issued_at": clock.now(),
                "expires_at": clock.now() + 3600,
                "proof": "password",
            }
            outbox.queue(Way.INVITATION, user=alice, recipient=alice.email, params=params)


@contextmanager
def _worker(folder: Path, port: int, is_killed: bool = False) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.lone_worker"],
        cwd=ROOT,
        env={**os.environ, "MUSTER_DATA": str(folder), "MUSTER_LOG_LEVEL": "error", **_mail(str(port))},
    )
    try:
        yield
    finally:
        if is_killed:
            process.kill()
        else:
            process.terminate()
        process.wait(timeout=20)


@contextmanager
def _sink() -> Iterator[tuple[int, Path]]:
    with tempfile.TemporaryDirectory() as name:
        port, file = free_port(), Path(name) / "received"
        file.touch()
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.mail_sink", str(port), str(file)], cwd=ROOT
        )
        try:
            wait_until(lambda: _listens(port), "the mail server does not answer")
            yield port, file
        finally:
            process.terminate()
            process.wait(timeout=20)


def _mail(port: str) -> dict[str, str]:
    return {
        "MUSTER_MAIL_SERVER": "127.0.0.1",
        "MUSTER_MAIL_PORT": port,
        "MUSTER_MAIL_SECURITY": "none",
    }


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def _received(file: Path) -> list[str]:
    return file.read_text().split()


def _nothing_waits() -> bool:
    return (
        not Message.select().where(Message.state.in_((MessageState.WAITING, MessageState.SENDING))).exists()
    )
