"""The agent joins a server."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path
from types import ModuleType

import pytest

from tests.agent.stub_server import StubServer


def enroll(agent: ModuleType, server: StubServer, state_file: Path, *more: str) -> int:
    arguments = ["enroll", "--server", server.url, "--state", str(state_file), "--once", *more]
    return int(agent.main(arguments))


def test_the_state_is_there_before_the_first_check_in(
    agent: ModuleType, server: StubServer, state_file: Path
) -> None:
    seen: list[bool] = []
    server.before_answering = lambda: seen.append(state_file.exists())
    assert enroll(agent, server, state_file, "--token", "t0ken") == 0
    assert seen == [False, True]
    assert (server.enrolls[0].token, server.enrolls[0].platform) == ("t0ken", "linux")
    assert server.secrets == ["Bearer s3cret"]


def test_the_state_is_its_owners_secret(agent: ModuleType, server: StubServer, state_file: Path) -> None:
    enroll(agent, server, state_file, "--token", "t0ken")
    assert stat.S_IMODE(state_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(state_file.parent.stat().st_mode) == 0o700
    assert [path.name for path in state_file.parent.iterdir()] == ["state.json"]
    assert "t0ken" not in state_file.read_text()


def test_the_token_may_come_from_the_environment(
    agent: ModuleType, server: StubServer, state_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_TOKEN", "from-environment")
    assert enroll(agent, server, state_file) == 0
    assert server.enrolls[0].token == "from-environment"


def test_the_token_may_come_from_standard_input(
    agent: ModuleType, server: StubServer, state_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("typed-in\n"))
    assert enroll(agent, server, state_file, "--token", "-") == 0
    assert server.enrolls[0].token == "typed-in"


def test_without_a_token_nothing_is_sent(agent: ModuleType, server: StubServer, state_file: Path) -> None:
    assert enroll(agent, server, state_file) == 2
    assert server.paths == []


def test_a_state_that_cannot_be_written_does_not_use_up_the_token(
    agent: ModuleType, server: StubServer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert enroll(agent, server, tmp_path / "file" / "state.json", "--token", "t0ken") == 1
    assert server.paths == []


@pytest.mark.parametrize(("status", "exit_code"), [(401, 3), (403, 4), (410, 5), (422, 1), (500, 1)])
def test_a_refusal_leaves_no_state(
    agent: ModuleType,
    server: StubServer,
    state_file: Path,
    status: int,
    exit_code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.will_refuse(status, "bad_token")
    assert enroll(agent, server, state_file, "--token", "t0ken") == exit_code
    assert not state_file.exists()
    assert "It is bad_token." in capsys.readouterr().err


@pytest.mark.parametrize(
    "answer", [b"{}", b"[]", b"hello", b"", b'{"device_id": "d", "secret": "a b"}', b"[" * 100_000]
)
def test_an_answer_of_something_else_leaves_no_state(
    agent: ModuleType, server: StubServer, state_file: Path, answer: bytes
) -> None:
    server.will_answer(201, answer, "application/json")
    assert enroll(agent, server, state_file, "--token", "t0ken") == 1
    assert not state_file.exists()


def test_again_with_the_same_server_replaces_the_secret(
    agent: ModuleType, server: StubServer, enrolled: Path
) -> None:
    server.will_answer(
        201, b'{"device_id": "device-2", "secret": "n3w", "poll_seconds": 5}', "application/json"
    )
    assert enroll(agent, server, enrolled, "--token", "second") == 0
    assert json.loads(enrolled.read_text())["device_id"] == "device-2"


def test_again_with_another_server_is_refused(agent: ModuleType, server: StubServer, enrolled: Path) -> None:
    before = enrolled.read_bytes()
    arguments = ["enroll", "--server", "https://other.example.org", "--token", "t", "--state", str(enrolled)]
    assert agent.main(arguments) == 1
    assert enrolled.read_bytes() == before
