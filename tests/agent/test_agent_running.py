"""The agent as a process of its own: it keeps going, ends when told to, and fits any Python from 3.8 on."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.agent.stub_server import StubServer

AGENT_FILE = Path(__file__).parents[2] / "agent" / "muster_agent.py"

Start = Callable[..., "subprocess.Popen[str]"]
LONGEST = 60  # seconds for a process; one or two when nothing else runs


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        # Whoever runs the tests in the background has Ctrl-C ignored, and that would be inherited.
        command = ["env", "--default-signal=INT", sys.executable, "-I", str(AGENT_FILE), *arguments]
        process = subprocess.Popen(
            command, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_enroll_goes_on_until_it_is_told_to_stop(
    start: Start, server: StubServer, state_file: Path, how: signal.Signals
) -> None:
    process = start("enroll", "--server", server.url, "--token", "t", "--state", str(state_file))
    wait_for(lambda: state_file.exists() and json.loads(state_file.read_text())["last_check_in"])
    process.send_signal(how)
    output, _ = process.communicate(timeout=LONGEST)
    assert (process.returncode, output.splitlines()[-1]) == (0, "Stopped.")
    assert json.loads(state_file.read_text())["secret"] == "s3cret"


def test_it_stops_also_when_it_is_told_so_in_the_middle_of_writing_its_state(
    agent: ModuleType, enrolled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def interrupted(source: str, target: str) -> None:
        replace(source, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    state = agent.load_state(enrolled)
    with pytest.raises(KeyboardInterrupt):
        agent.save_state(enrolled, state)
    assert agent.load_state(enrolled) == state
    assert list(enrolled.parent.glob(".state-*")) == []


def test_run_checks_in_as_often_as_the_server_asks_and_survives_errors(
    start: Start, server: StubServer, enrolled: Path
) -> None:
    server.will_send(poll_seconds=1)
    server.will_refuse(500, "broken")
    server.will_send(("c1", "retire"))
    process = start("run", "--state", str(enrolled))
    output, _ = process.communicate(timeout=LONGEST)
    assert process.returncode == 0
    assert "500" in output
    assert server.results == [("c1", "acknowledged")]
    assert not enrolled.exists()


def test_run_ends_when_it_is_retired(start: Start, server: StubServer, enrolled: Path) -> None:
    server.will_refuse(410, "retired")
    process = start("run", "--state", str(enrolled))
    process.communicate(timeout=LONGEST)
    assert process.returncode == 5
    assert not enrolled.exists()


@pytest.mark.parametrize(
    ("statuses", "shortest", "longest"),
    [
        ([401], [720], [900]),
        ([403], [48], [60]),
        ([500] * 12, [0.8, 1.6, 3.2, 6.4], [1, 2, 4, 8]),
    ],
)
def test_the_pauses_after_a_refusal(
    agent: ModuleType,
    server: StubServer,
    enrolled: Path,
    monkeypatch: pytest.MonkeyPatch,
    statuses: list[int],
    shortest: list[float],
    longest: list[float],
) -> None:
    pauses: list[float] = []

    def note(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == len(statuses):
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", note)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for status in statuses:
        server.will_refuse(status, "refused")
    assert agent.main(["run", "--state", str(enrolled)]) == 0
    for pause, least, most in zip(pauses, shortest, longest, strict=False):
        assert least <= pause <= most
    assert max(pauses) <= 900
    assert enrolled.exists()


def test_facts_are_printed_and_nothing_is_sent(start: Start, server: StubServer) -> None:
    output, _ = start("facts").communicate(timeout=LONGEST)
    assert "os_version" in json.loads(output)
    assert server.paths == []


def test_text_that_the_terminal_cannot_show_does_no_harm(server: StubServer, enrolled: Path) -> None:
    server.will_send(("c1", "message"), text="Grüße 🙂")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    command = [sys.executable, str(AGENT_FILE), "once", "--state", str(enrolled)]
    assert subprocess.run(command, env=environment, capture_output=True, timeout=LONGEST).returncode == 0
    assert server.results == [("c1", "acknowledged")]


def test_python_3_8_can_read_it() -> None:
    ast.parse(AGENT_FILE.read_text(), feature_version=(3, 8))


def test_the_standard_library_is_enough() -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(AGENT_FILE.read_text())):
        if isinstance(node, ast.Import):
            imported.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).partition(".")[0])
    assert imported <= sys.stdlib_module_names
