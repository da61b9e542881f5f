"""The agent reports, obeys and remembers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.agent.stub_server import StubServer


def once(agent: ModuleType, state_file: Path, *more: str) -> int:
    return int(agent.main(["once", "--state", str(state_file), *more]))


def state(state_file: Path) -> dict[str, Any]:
    return dict(json.loads(state_file.read_text()))


def test_nothing_to_do_takes_one_check_in(agent: ModuleType, server: StubServer, enrolled: Path) -> None:
    assert once(agent, enrolled) == 0
    assert len(server.checkins) == 1
    assert server.checkins[0].facts.agent_version == agent.VERSION
    assert state(enrolled)["last_check_in"] > 0


def test_a_command_is_reported_in_the_check_in_that_follows(
    agent: ModuleType, server: StubServer, enrolled: Path
) -> None:
    server.will_send(("c1", "refresh"), ("c2", "dance"))
    assert once(agent, enrolled) == 0
    assert server.results == [("c1", "acknowledged"), ("c2", "failed")]
    assert len(server.checkins) == 2


def test_the_agent_goes_on_while_there_are_commands(
    agent: ModuleType, server: StubServer, enrolled: Path
) -> None:
    for number in range(3):
        server.will_send((f"c{number}", "refresh"))
    once(agent, enrolled)
    assert [command for command, _ in server.results] == ["c0", "c1", "c2"]


def test_a_server_that_never_ends_is_left_after_twenty_rounds(
    agent: ModuleType, server: StubServer, enrolled: Path
) -> None:
    for number in range(30):
        server.will_send((f"c{number}", "refresh"))
    assert once(agent, enrolled) == 0
    assert len(server.checkins) == 20
    server.answers.clear()
    once(agent, enrolled)
    assert server.results[-1] == ("c19", "acknowledged")


def test_a_repeated_command_is_done_once_and_reported_twice(
    agent: ModuleType, server: StubServer, enrolled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        server.will_send(("c1", "message"), text="Please call us.")
        once(agent, enrolled)
    assert server.results == [("c1", "acknowledged")] * 2
    assert capsys.readouterr().out.count("Please call us.") == 1


def test_a_result_the_server_did_not_get_is_kept(
    agent: ModuleType, server: StubServer, enrolled: Path
) -> None:
    server.will_send(("c1", "refresh"))
    server.will_refuse(503, "held")
    assert once(agent, enrolled) == 1
    assert len(server.results) == 1
    assert once(agent, enrolled) == 0
    assert server.results == [("c1", "acknowledged")] * 2


@pytest.mark.parametrize(("status", "exit_code"), [(401, 3), (403, 4), (429, 1), (500, 1), (503, 1)])
def test_no_refusal_but_410_costs_the_secret(
    agent: ModuleType, server: StubServer, enrolled: Path, status: int, exit_code: int
) -> None:
    server.will_refuse(status, "refused")
    assert once(agent, enrolled) == exit_code
    assert state(enrolled)["secret"] == "s3cret"
    assert once(agent, enrolled) == 0


def test_410_deletes_the_secret(agent: ModuleType, server: StubServer, enrolled: Path) -> None:
    server.will_refuse(410, "retired")
    assert once(agent, enrolled) == 5
    assert list(enrolled.parent.iterdir()) == []
    assert once(agent, enrolled) == 3


def test_a_410_that_is_not_from_muster_changes_nothing(
    agent: ModuleType, server: StubServer, enrolled: Path
) -> None:
    server.will_answer(410, b"<h1>Gone</h1>", "text/html")
    assert once(agent, enrolled) == 1
    assert enrolled.exists()


@pytest.mark.parametrize(
    "answer",
    [
        b"<h1>Please accept our terms</h1>",
        b"{}",
        b'{"commands": 5}',
        b'{"commands": [5]}',
        b'{"commands": [{"id": 5, "type": "lock"}]}',
    ],
)
def test_an_answer_of_something_else_loses_no_result(
    agent: ModuleType, server: StubServer, enrolled: Path, answer: bytes
) -> None:
    server.will_send(("c1", "refresh"))
    server.will_answer(200, answer, "application/json")
    assert once(agent, enrolled) == 1
    assert not state(enrolled)["results"][0]["reported"]


@pytest.mark.parametrize(
    ("sent", "kept"), [(30, 30), (0, 1), (-5, 1), (10**9, 86400), (None, 900), ("5", 900), (True, 900)]
)
def test_the_pause_is_bounded(agent: ModuleType, sent: object, kept: int) -> None:
    assert agent.poll_seconds({"poll_seconds": sent}) == kept


def test_only_so_much_is_remembered(
    agent: ModuleType, server: StubServer, enrolled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # three hundred times, while other tests use the disk
    for batch in range(3):
        server.will_send(*((f"c{batch}-{number}", "refresh") for number in range(100)))
    once(agent, enrolled)
    assert len(server.results) == 300
    assert len(state(enrolled)["results"]) == 200


def test_the_state_survives_a_write_that_fails(
    agent: ModuleType, server: StubServer, enrolled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = enrolled.read_bytes()

    def disk_is_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_is_full)
    assert once(agent, enrolled) == 1
    assert enrolled.read_bytes() == before
    assert [path.name for path in enrolled.parent.iterdir()] == ["state.json"]


def test_a_damaged_state_is_an_error_and_stays(agent: ModuleType, enrolled: Path) -> None:
    enrolled.write_text('{"server": "https://muster')
    assert once(agent, enrolled) == 1
    assert enrolled.exists()


def test_retire_is_reported_before_the_secret_is_deleted(
    agent: ModuleType, server: StubServer, enrolled: Path
) -> None:
    seen: list[bool] = []
    server.before_answering = lambda: seen.append(enrolled.exists())
    server.will_send(("c1", "retire"), ("c2", "refresh"))
    assert once(agent, enrolled) == 0
    assert server.results == [("c1", "acknowledged")]
    assert seen == [True, True]
    assert not enrolled.exists()


def test_retire_waits_until_its_report_arrives(agent: ModuleType, server: StubServer, enrolled: Path) -> None:
    server.will_send(("c1", "retire"))
    server.will_refuse(503, "held")
    assert once(agent, enrolled) == 1
    assert state(enrolled)["leaving"]
    assert once(agent, enrolled) == 0
    assert server.results == [("c1", "acknowledged")] * 2
    assert not enrolled.exists()


def test_status_says_where_it_belongs_but_not_its_secret(
    agent: ModuleType, server: StubServer, enrolled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert agent.main(["status", "--state", str(enrolled)]) == 0
    printed = capsys.readouterr().out
    assert server.url in printed
    assert "s3cret" not in printed
