"""The agent as a module, a server for it, and the state of one that has enrolled."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.agent.stub_server import StubServer

AGENT_FILE = Path(__file__).parents[2] / "agent" / "muster_agent.py"


@pytest.fixture(scope="session")
def agent() -> ModuleType:
    specification = importlib.util.spec_from_file_location("muster_agent", AGENT_FILE)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["muster_agent"] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def server() -> Iterator[StubServer]:
    stub = StubServer()
    thread = threading.Thread(target=lambda: stub.http.serve_forever(poll_interval=0.01))
    thread.start()
    yield stub
    stub.http.shutdown()
    thread.join()
    stub.http.server_close()


@pytest.fixture
def state_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the agent of the test keeps its state; the home directory is elsewhere, and there is no proxy."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("MUSTER_TOKEN", raising=False)
    return tmp_path / "agent" / "state.json"


@pytest.fixture
def enrolled(agent: ModuleType, server: StubServer, state_file: Path) -> Path:
    """The state file of an agent that has enrolled and checked in once."""
    arguments = ["enroll", "--server", server.url, "--token", "t0ken", "--state", str(state_file), "--once"]
    assert agent.main(arguments) == 0
    server.checkins.clear()
    server.secrets.clear()
    return state_file
