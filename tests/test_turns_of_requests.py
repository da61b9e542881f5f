"""A served request that waits, for a slow client or for somebody who writes, keeps no other one waiting."""

from __future__ import annotations

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

from services.database import FILE_NAME
from tests.servers import Server, running

pytestmark = pytest.mark.slow

THREADS = 4
SOON = 4  # seconds; whoever had to wait for the others would wait for ever, or for SQLite's five


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Server]:
    with running("serve", tmp_path / "data", MUSTER_THREADS=str(THREADS)) as server:
        yield server


@pytest.mark.parametrize("length", [1_000, 200_000])
def test_a_client_that_sends_slowly_keeps_nobody_waiting(served: Server, length: int) -> None:
    slow = []
    for _ in range(THREADS - 1):
        connection = socket.create_connection(("127.0.0.1", served.port))
        head = f"POST /api/agent/v1/enroll HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
        connection.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + b"{" * (length // 2))
        slow.append(connection)
    for _ in range(THREADS):
        assert "Sign in" in get(served, "/sign-in")
    for connection in slow:
        connection.close()
    assert "Sign in" in get(served, "/sign-in")


def test_a_write_that_waits_for_another_program_keeps_no_reader_waiting(served: Server) -> None:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{served.url}/sign-in", timeout=SOON) as page:
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
    assert token
    fields = {"csrf_token": token[1], "username": "nobody", "password": "not a password of anybody"}
    statuses: list[int] = []

    def sign_in() -> None:
        try:
            browser.open(f"{served.url}/sign-in", urllib.parse.urlencode(fields).encode(), timeout=20)
        except urllib.error.HTTPError as error:
            statuses.append(error.code)

    other = sqlite3.connect(served.data / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = [threading.Thread(target=sign_in) for _ in range(THREADS - 1)]
    for thread in waiting:
        thread.start()
    for _ in range(THREADS):
        assert "Sign in" in get(served, "/sign-in")
    assert statuses == [], "nobody waited: the test shows nothing"
    other.execute("COMMIT")
    for thread in waiting:
        thread.join(20)
    assert statuses == [422] * (THREADS - 1)


def get(server: Server, path: str) -> str:
    with urllib.request.urlopen(server.url + path, timeout=SOON) as answer:
        return str(answer.read().decode())
