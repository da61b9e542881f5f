"""A computer of Alice's that runs the real agent in a process of its own."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

AGENT = Path(__file__).parents[2] / "agent" / "muster_agent.py"


class Computer:
    """Has a folder to live in, and as its only tools those that a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tools = folder / "tools"
        self.tools.mkdir(parents=True)
        self.agent = folder / "muster_agent.py"
        self.state = folder / "state" / "agent.json"

    def fetch(self, address: str) -> None:
        """Download the agent, and see that it is ours."""
        with urllib.request.urlopen(address, timeout=20) as answer:
            self.agent.write_bytes(answer.read())
        assert self.agent.read_bytes() == AGENT.read_bytes()

    def obey(self, line: str) -> str:
        """What a person does who pastes the line of the install page: download, then start the agent."""
        download, start = line.split(" && ")
        self.fetch(shlex.split(download)[-1])
        python, agent, *arguments = shlex.split(start)
        assert (python, agent) == ("python3", "muster_agent.py")
        return self.run(*arguments, "--once")

    def run(self, *arguments: str) -> str:
        """The agent with these arguments; returns what it said."""
        done = subprocess.run(
            [sys.executable, str(self.agent), *arguments, "--state", str(self.state)],
            env={"PATH": str(self.tools), "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def checks_in(self, *arguments: str) -> str:
        return self.run("once", *arguments)

    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("facts"))
        return found

    def can_lock(self) -> None:
        """From now on somebody is signed in, and the tool that locks screens says that it did."""
        loginctl = self.tools / "loginctl"
        loginctl.write_text("#!/bin/sh\necho 1 1000 alice seat0\n")
        loginctl.chmod(0o755)
