"""Real servers in processes of their own, for the tests that start, kill and stop them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

from tests.mail_servers import free_port

HOME = Path(__file__).parent.parent
GONE = (FileNotFoundError, ProcessLookupError)  # what reading of a process or thread raises that has ended
LONGEST_START = 40.0  # seconds; two at most when nothing else runs


class Server:
    """`flask serve` or `flask demo` on a data folder of its own."""

    def __init__(self, command: str, data: Path, port: int = 0, **environment: str) -> None:
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self.data = data
        self.log = data.parent / f"{data.name}-{self.port}.log"
        self.output = data.parent / f"{data.name}-{self.port}.out"
        ours = {"MUSTER_DATA": str(data), "PORT": str(self.port), **environment}
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("MUSTER_")}
        with self.log.open("w") as log, self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flask", "--app", "app", command],
                cwd=HOME,
                env=inherited | ours,
                stdout=output,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        until(lambda: self._answers() or self.process.poll() is not None, LONGEST_START)
        assert self.process.poll() is None, self.log.read_text()

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return str(answer.read().decode())

    def said(self) -> str:
        return self.output.read_text()

    def ended(self, seconds: float = 60) -> int:
        return self.process.wait(seconds)

    def children(self) -> list[int]:
        """The web process and the worker."""
        found = []
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            with suppress(*GONE):  # a thread that has ended meanwhile; another one has its children
                found += [int(pid) for pid in (task / "children").read_text().split()]
        return [pid for pid in found if is_alive(pid)]

    def worker(self) -> int:
        """The child that does not listen: it has no threads."""
        (pid,) = [pid for pid in self.children() if len(list(Path(f"/proc/{pid}/task").iterdir())) == 1]
        return pid

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _answers(self) -> bool:
        try:
            return self.get("/livez") == "ok\n"
        except (OSError, HTTPException):  # nobody there, or killed in the middle of its answer
            return False


@contextmanager
def running(command: str, data: Path, port: int = 0, **environment: str) -> Iterator[Server]:
    server = Server(command, data, port, **environment)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.end()


def is_alive(pid: int) -> bool:
    """A zombie that nobody has buried yet is dead."""
    return state(pid) not in ("Z", "X", "")


def state(pid: int) -> str:
    """A letter, as `ps` shows it; nothing if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except GONE:
        return ""


def until(happens: object, seconds: float = 30) -> None:
    """Wait until a question is answered with yes."""
    deadline = time.monotonic() + seconds
    while not happens():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
