"""How fast pages are: the home page against a bare Flask hello, and the fragments that make a PIN or a QR code."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.portal import ROOT, data_folder, free_port, serve, wait_until
from benchmarks.visitor import Visitor

ROUNDS = 3
SECONDS = 4
CONNECTIONS = 8
REQUESTS_PER_SECOND = re.compile(r"Requests/sec:\s+([\d.]+)")
Figures = Iterator[tuple[str, float, str]]


def home_vs_hello() -> Figures:
    """Requests per second of the signed-in home with 20 devices over those of a bare Flask hello.

    Both on granian with one process, the portal with the 16 threads of its default and the hello with four, in turns,
    wrk beside them; the median of the rounds.
    """
    with data_folder(devices=20) as folder, serve(folder) as portal, _hello() as hello:
        alice = Visitor(portal.url)
        alice.sign_in()
        rounds = [(_rate(f"{portal.url}/", alice.cookies), _rate(hello)) for _ in range(ROUNDS)]
        yield "home_rps", statistics.median(home for home, _ in rounds), "requests/s"
        yield "hello_rps", statistics.median(hello for _, hello in rounds), "requests/s"
        yield "home_vs_hello", statistics.median(home / hello for home, hello in rounds), "ratio"


def pin_ms() -> Figures:
    """Median time of the fragment that Request PIN answers."""
    yield "pin_ms", _median_ms("/registrations/pin"), "ms"


def qr_ms() -> Figures:
    """Median time of the fragment that Generate QR Code answers."""
    yield "qr_ms", _median_ms("/registrations/qr"), "ms"


def _median_ms(path: str, times: int = 40) -> float:
    with data_folder() as folder, serve(folder) as portal:
        alice = Visitor(portal.url)
        alice.sign_in()
        taken = []
        for _ in range(times):
            began = time.perf_counter()
            alice.post(path, htmx=True, platform="linux")
            taken.append((time.perf_counter() - began) * 1000)
        return statistics.median(taken)


def _rate(url: str, cookies: str = "") -> float:
    found = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", f"Cookie: {cookies}", url],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if "Non-2xx" in found:
        raise RuntimeError(f"{url} answered with errors: {found}")
    return float(REQUESTS_PER_SECOND.search(found).group(1))  # type: ignore[union-attr]


@contextmanager
def _hello() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "1",
         "--blocking-threads", "4", "--log-level", "warning", "benchmarks.hello:app"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"http://localhost:{port}/"
        wait_until(lambda: _answers(url), "the hello does not answer")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _answers(url: str) -> bool:
    try:
        Visitor(url).get("")
    except OSError:
        return False
    return True
