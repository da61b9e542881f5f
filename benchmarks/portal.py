"""A portal of its own for each measurement: a data folder with Alice in it, and `flask serve` on a free port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models import Device, Role, Status, User, Way
from services import clock, codes, database, registrations, settings, users
from services.data_folder import open_data_folder

ROOT = Path(__file__).parent.parent
PASSWORD = "a harbour full of small boats"
EVERY_USER_ROLE = [role for role in Role if role not in (Role.HELP_DESK, Role.ADMINISTRATOR)]


@dataclass
class Running:
    """A portal that answers."""

    url: str
    process: subprocess.Popen[bytes]
    started_in: float  # seconds from the start of the process to the first answer


@contextmanager
def data_folder(devices: int = 0) -> Iterator[Path]:
    """A migrated data folder with Alice, who has so many devices: all but one Active, one Pending."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        open_data_folder(folder)
        database.migrate()
        database.connect()
        alice = users.create(
            "alice", "Alice Moreno", "alice@harbour.example", PASSWORD, EVERY_USER_ROLE, by=None
        )
        settings.put("organisation", "Harbour Clinic", by=None)
        for number in range(devices - 1):
            _active_device(alice, number)
        if devices:
            registrations.start(alice, "linux", Way.QR, by=alice)
        database.close()
        yield folder


@contextmanager
def serve(folder: Path, port: int | None = None, **environment: str) -> Iterator[Running]:
    """Start the real server on the folder and end it again."""
    port = port or free_port()
    url = f"http://localhost:{port}"
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app", "serve"],
        cwd=ROOT,
        env={
            **os.environ,
            "MUSTER_DATA": str(folder),
            "PORT": str(port),
            "MUSTER_LOG_LEVEL": "warning",
            **environment,
        },
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"{url}/livez", process)
        yield Running(url, process, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def wait_until(question, what: str, seconds: float = 30) -> None:  # type: ignore[no-untyped-def]
    """Ask every 10 ms until the answer is yes."""
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.01)


def _active_device(alice: User, number: int) -> None:
    now = clock.now()
    Device.create(
        code=codes.code(),
        user=alice,
        platform="linux",
        channel="agent",
        status=Status.ACTIVE,
        status_at=now,
        ownership="employee",
        name=f"ThinkPad X{number}",
        name_search=f"thinkpad x{number}",
        model=f"ThinkPad X{number}",
        manufacturer="Lenovo",
        os_name="Debian GNU/Linux",
        os_version="12.5",
        created_at=now,
        registered_at=now,
        last_check_in_at=now - 60 * number,
    )


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    wait_until(answers, f"{url} does not answer")
