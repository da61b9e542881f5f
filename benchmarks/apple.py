"""iPhones by the thousand: idle check-ins with a verified signature, and a thousand that join at once."""

from __future__ import annotations

import http.client
import os
import plistlib
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.portal import Running, data_folder, serve
from benchmarks.process import family, kilobytes
from models import Command, Device, Platform, Registration, Status, User, Way, database
from services import enrolment_tokens, registrations
from services.apple import profiles
from services.apple.sites import Site, Words
from services.channels import apple
from simulation.apple_device import AppleDevice
from simulation.apple_transport import Response

WORDS = Words("A measurement", "A measurement.", "A measurement.")
SECONDS = 5
DEVICES = 50
AT_ONCE = 1_000
KEYS = 16  # the pool; making a key takes longer than everything else
CLIENTS = 32
TICKS = os.sysconf("SC_CLK_TCK")
REQUESTS = re.compile(r"(\d+) requests in ([\d.]+)s")
P99 = re.compile(r"99%\s+([\d.]+)(us|ms|s)")
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
Figures = Iterator[tuple[str, float, str]]

# Every device says Idle in turn, with the signature that it made once: the server checks it anew each time.
SCRIPT = """
local requests = {}
init = function(_)
  for line in io.lines("%s") do
    local signature, body = line:match("^(%%S+) (.*)$")
    body = body:gsub("\\\\n", "\\n")
    local headers = {["Mdm-Signature"] = signature, ["Content-Type"] = "application/x-apple-aspen-mdm"}
    requests[#requests + 1] = wrk.format("PUT", "/apple/mdm", headers, body)
  end
end
local turn = 0
request = function() turn = turn %% #requests + 1; return requests[turn] end
"""


def apple_idle() -> Figures:
    """Idle check-ins per second at 1, 2 and 8 connections, CPU of the server for each, and the slowest hundredth.

    Two web processes; client and server share the machine. Nothing waits for the devices.
    """
    with (
        data_folder() as folder,
        serve(folder, MUSTER_WORKERS="2") as portal,
        tempfile.TemporaryDirectory() as name,
    ):
        phones = _join(portal, DEVICES)
        for phone in phones:
            phone.connect()
        script = _script(Path(name), phones)
        _wrk(portal, script, 8, 2)
        for connections in (1, 2, 8):
            before = _cpu_seconds(portal.process.pid)
            count, seconds, p99 = _wrk(portal, script, connections, SECONDS)
            spent = _cpu_seconds(portal.process.pid) - before
            yield f"apple_idle_rps_{connections}", count / seconds, "requests/s"
        yield "apple_idle_cpu_ms", spent * 1000 / count, "ms"
        yield "apple_idle_p99_ms", p99, "ms"


def apple_enrol_1000_s() -> Figures:
    """A thousand devices join at once: SCEP, Authenticate, TokenUpdate. None may be lost, none doubled.

    The simulated devices take most of the machine's time: they share its cores with the server.
    """
    with data_folder() as folder, serve(folder, MUSTER_WORKERS="2") as portal:
        peak, stop = _Peak(portal.process.pid), threading.Event()
        watcher = threading.Thread(target=peak.watch, args=(stop,))
        made = _profiles(portal, AT_ONCE)
        watcher.start()
        began = time.perf_counter()
        phones = _install(made)
        taken = time.perf_counter() - began
        stop.set()
        watcher.join()
        _refuse_lost_ones(phones)
        yield "apple_enrol_1000_s", taken, "s"
        yield "apple_enrol_1000_memory_mb", peak.megabytes, "MB"


def _join(portal: Running, count: int) -> list[AppleDevice]:
    return _install(_profiles(portal, count))


def _profiles(portal: Running, count: int) -> list[bytes]:
    database.connect(reuse_if_open=True)
    alice = User.get(User.username == "alice")
    made = []
    for _ in range(count):
        issued = registrations.start(alice, Platform.IOS, Way.QR, by=alice)
        registration = Registration.get_by_id(issued.registration.id)
        token = enrolment_tokens.accept(registration, registration.issued_at)
        made.append(profiles.enrolment_profile(issued.device, token, Site(portal.url), WORDS))
    return made


def _install(made: list[bytes]) -> list[AppleDevice]:
    keys = [rsa.generate_private_key(65537, 2048) for _ in range(KEYS)]
    phones = [AppleDevice(_send, keys[number % KEYS]) for number in range(len(made))]
    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(AppleDevice.install, phones, made))
    return phones


def _refuse_lost_ones(phones: list[AppleDevice]) -> None:
    rows = list(Device.select().where(Device.channel == apple.NAME, Device.status == Status.ACTIVE))
    if {row.stable_id for row in rows} != {phone.udid for phone in phones} or len(rows) != len(phones):
        raise RuntimeError(f"{len(rows)} of {len(phones)} devices have joined")
    if Command.select().count() != len(phones):
        raise RuntimeError("not every device is asked how it is exactly once")


_connections = threading.local()


def _send(method: str, address: str, headers: Mapping[str, str], body: bytes) -> Response:
    parts = urlsplit(address)
    kept: dict[str, http.client.HTTPConnection] = _connections.__dict__.setdefault("kept", {})
    connection = kept.setdefault(parts.netloc, http.client.HTTPConnection(parts.netloc, timeout=60))
    connection.request(method, f"{parts.path}?{parts.query}", body or None, dict(headers))
    answer = connection.getresponse()
    return Response(answer.status, answer.read())


def _script(folder: Path, phones: list[AppleDevice]) -> Path:
    lines = []
    for phone in phones:
        body = plistlib.dumps({"UDID": phone.udid, "Status": "Idle"}, sort_keys=False)
        signature = phone.signed(body)["Mdm-Signature"]
        lines.append(f"{signature} {body.decode().replace(chr(10), chr(92) + 'n')}")
    (folder / "requests").write_text("\n".join(lines) + "\n")
    path = folder / "idle.lua"
    path.write_text(SCRIPT % (folder / "requests"))
    return path


def _wrk(portal: Running, script: Path, connections: int, seconds: int) -> tuple[int, float, float]:
    """Requests, seconds, and the time in ms within which 99 of 100 were answered."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), portal.url]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    requests, slowest = REQUESTS.search(found), P99.search(found)
    if "Non-2xx" in found or requests is None or slowest is None:
        raise RuntimeError(f"the server answered with errors: {found}")
    return int(requests[1]), float(requests[2]), float(slowest[1]) * UNITS[slowest[2]]


def _cpu_seconds(pid: int) -> float:
    """Of the process and all that it started. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    spent = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        spent += int(fields[11]) + int(fields[12])
    return spent / TICKS


class _Peak:
    """The most memory that the server's processes took together (proportional set size)."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.megabytes = 0.0

    def watch(self, stop: threading.Event) -> None:
        while not stop.wait(0.25):
            now = sum(kilobytes(pid, "smaps_rollup", "Pss:") for pid in family(self.pid)) / 1024
            self.megabytes = max(self.megabytes, now)
