"""Lock and message, with the programs of the system played by scripts."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def add_program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_a_message_is_passed_on_as_it_is(agent: ModuleType, programs: Path) -> None:
    add_program(programs, "notify-send", f'printf "%s|" "$@" > {programs}/shown')
    text = "--icon=x $(touch /tmp/x) `id` 'quoted' \"too\"; rm -rf / 🙂"
    assert agent.show_message({"text": text}) == "Shown on the screen."
    assert (programs / "shown").read_text() == f"--|Message from your organisation|{text}|"


def test_a_message_is_printed_where_it_cannot_be_shown(
    agent: ModuleType, programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    detail = agent.show_message({"text": "Hello\x1b[2J\x07 you\r\nsecond line"})
    assert detail.startswith("Printed")
    assert "Hello [2J you\nsecond line" in capsys.readouterr().out


@pytest.mark.parametrize("params", [None, {}, [], {"text": 5}, {"text": " \n"}])
def test_a_message_without_text_fails(agent: ModuleType, params: object) -> None:
    with pytest.raises(agent.AgentError, match="no text"):
        agent.show_message(params)


def test_lock_locks_every_screen_when_it_may(
    agent: ModuleType, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    add_program(programs, "loginctl", f'echo "$@" >> {programs}/asked; echo "2 1000 alice seat0"')
    assert "told to lock" in agent.lock()
    assert (programs / "asked").read_text().splitlines()[-1] == "lock-sessions"


def test_lock_locks_the_persons_own_screen(
    agent: ModuleType, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    add_program(programs, "loginctl", f'echo "$@" >> {programs}/asked; echo 2')
    agent.lock()
    assert (programs / "asked").read_text().splitlines()[-1] == "lock-session 2"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (None, "loginctl is not there"),
        ("exit 0", "Nobody is signed in"),
        ("echo 'Not booted with systemd' >&2; exit 1", "Not booted with systemd"),
    ],
)
def test_lock_says_why_it_failed(agent: ModuleType, programs: Path, script: str | None, reason: str) -> None:
    if script is not None:
        add_program(programs, "loginctl", script)
    with pytest.raises(agent.AgentError, match=reason):
        agent.lock()
