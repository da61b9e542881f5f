"""A served request that waits, for a slow client or for somebody who writes, keeps no other one waiting."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from cli.server import HEADER_SECONDS
from services.database import FILE_NAME
from tests.servers import Server, running, until

pytestmark = pytest.mark.slow

THREADS = 4
ENROLMENT = json.dumps({"token": "guess", "platform": "linux", "facts": {}}).encode()
SOON = 30  # seconds; whoever had to wait for the others would wait for ever


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Server]:
    with running("serve", tmp_path / "data", MUSTER_THREADS=str(THREADS)) as server:
        yield server


HEAD = "POST /api/agent/v1/enroll HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "said", ["Content-Length: 1000", "Content-Length: 2000000", "Transfer-Encoding: chunked"]
)
def test_any_number_of_slow_clients_keeps_no_reader_waiting(served: Server, said: str) -> None:
    slow = []
    for _ in range(3 * THREADS):
        connection = socket.create_connection(("127.0.0.1", served.port))
        connection.sendall(f"{HEAD}{said}\r\n\r\n1\r\n{{".encode())
        slow.append(connection)
    for _ in range(THREADS):
        assert "Sign in" in get(served, "/sign-in")
    assert post(served) in (401, 503)
    for connection in slow:
        connection.close()
    until(lambda: post(served) == 401)
    assert "Sign in" in get(served, "/sign-in")


def test_a_client_that_says_nothing_is_not_listened_to_for_long(served: Server) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=HEADER_SECONDS + SOON) as silent:
        assert silent.recv(100) == b""


def test_nobody_speaks_http_2(served: Server) -> None:
    """A client that went away in the middle of a body would take a thread along."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=SOON) as other:
        other.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        said = b"".join(iter(lambda: other.recv(1000), b""))
    assert said == b"", "it answered"


def test_a_write_that_waits_for_another_program_keeps_no_reader_waiting(served: Server) -> None:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{served.url}/sign-in", timeout=SOON) as page:
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
    assert token
    fields = {"csrf_token": token[1], "username": "nobody", "password": "not a password of anybody"}
    statuses: list[int] = []

    def sign_in() -> None:
        try:
            browser.open(f"{served.url}/sign-in", urllib.parse.urlencode(fields).encode(), timeout=SOON)
        except urllib.error.HTTPError as error:
            statuses.append(error.code)

    other = sqlite3.connect(served.data / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = [threading.Thread(target=sign_in) for _ in range(THREADS - 1)]
    for thread in waiting:
        thread.start()
    for _ in range(THREADS):
        assert "Sign in" in get(served, "/sign-in")
    assert statuses == [], "nobody waits any longer: the test shows nothing"
    other.execute("COMMIT")
    for thread in waiting:
        thread.join(SOON)
    assert len(statuses) == THREADS - 1
    assert set(statuses) <= {422, 503}, "a machine that is slow lets them wait for longer than they may"


def post(server: Server) -> int:
    """The status of an enrolment that nobody asked for."""
    request = urllib.request.Request(f"{server.url}/api/agent/v1/enroll", ENROLMENT)
    request.add_header("Content-Type", "application/json")
    try:
        urllib.request.urlopen(request, timeout=SOON).close()
    except urllib.error.HTTPError as error:
        return error.code
    raise AssertionError("it was let in")


def get(server: Server, path: str) -> str:
    with urllib.request.urlopen(server.url + path, timeout=SOON) as answer:
        return str(answer.read().decode())
