"""make demo: people with passwords, and a command that really enrols this computer."""

from __future__ import annotations

import http.cookiejar
import json
import re
import shlex
import signal
import stat
import subprocess
import sys
import urllib.parse
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from peewee import sqlite3

from cli import demo_organisation, demo_phone
from services.database import DatabaseProblem
from tests.servers import Server, running, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for children in /proc"),
]


def test_the_demo_from_start_to_an_active_device_and_again(tmp_path: Path) -> None:
    data = tmp_path / "demo-data"
    with running("demo", data) as server:
        said = _said(server)
        first = _file(data)
        assert stat.S_IMODE((data / "demo.json").stat().st_mode) == 0o600
        assert first["url"] == server.url
        assert [person["name"] for person in first["users"]] == ["alice", "bob", "carol", "dave"]
        for person in first["users"]:
            assert len(person["password"]) >= 15
            assert person["password"] in said
            assert person["full_name"] in said
            assert "user_portal" in person["roles"]
            assert _signs_in(server, person["name"], person["password"]), person["name"]
        assert first["agent_command"] in said
        assert str(data) in first["agent_command"], "the agent's state belongs to the demo"
        assert first["agent_command"] not in server.log.read_text()

        words = shlex.split(first["agent_command"])
        done = subprocess.run(
            [sys.executable, *words[1:], "--once"], capture_output=True, text=True, timeout=90
        )
        assert done.returncode == 0, done.stderr
        assert _statuses(data) == ["active"]
        until(lambda: _phone(data) == ("Simulated iPhone", "active"), 60)
        until((data / demo_phone.FILE_NAME).exists, 60)  # or it would have forgotten who it is
        server.process.send_signal(signal.SIGINT)
        assert server.ended() == 0
        assert "Muster has stopped" in server.said()

    with running("demo", data) as server:
        again = _file(data)
        assert again["users"] == first["users"]
        assert again["agent_command"].replace(again["url"], "") != first["agent_command"].replace(
            first["url"], ""
        )
        assert sorted(_statuses(data)) == ["active", "verified"]
        assert _phone(data) == ("Simulated iPhone", "active"), "it is the same phone again"

    with running("demo", data) as server:
        assert sorted(_statuses(data)) == ["active", "verified"], "an unused registration is used again"


def test_a_second_demo_on_the_folder_says_so(tmp_path: Path) -> None:
    with running("demo", tmp_path / "data") as server:
        before = (server.data / "demo.json").read_bytes()
        second = Server("demo", server.data)
        assert second.ended() == 1
        assert re.fullmatch("Error: Muster is already running on .*\n", second.log.read_text())
        assert (server.data / "demo.json").read_bytes() == before, "the command on the screen still works"


def test_a_real_portals_folder_is_left_alone(alice: object, data: Path) -> None:
    with pytest.raises(DatabaseProblem, match="no demo"):
        demo_organisation.prepare(data, "http://localhost:8000")
    assert not (data / "demo.json").exists()


def test_passwords_are_long_and_all_different() -> None:
    made = {demo_organisation._password() for _ in range(50)}
    assert len(made) == 50
    assert min(map(len, made)) >= 15


def _said(server: Server) -> str:
    until(lambda: "Ctrl-C" in server.said())
    return server.said()


def _file(data: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((data / "demo.json").read_text())
    return content


def _statuses(data: Path) -> list[str]:
    with closing(sqlite3.connect(str(data / "muster.db"))) as connection:
        found = connection.execute("SELECT status FROM device WHERE channel = 'agent'")
        return [status for (status,) in found]


def _phone(data: Path) -> tuple[str, str]:
    with closing(sqlite3.connect(str(data / "muster.db"))) as connection:
        (row,) = connection.execute("SELECT name, status FROM device WHERE channel = 'apple'").fetchall()
        return row


def _signs_in(server: Server, name: str, password: str) -> bool:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    with browser.open(f"{server.url}/sign-in") as page:
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
    assert token
    fields = {"csrf_token": token[1], "username": name, "password": password}
    with browser.open(f"{server.url}/sign-in", urllib.parse.urlencode(fields).encode()) as answer:
        return "Sign out" in answer.read().decode()
