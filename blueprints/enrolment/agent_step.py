"""What a computer needs to join over the agent channel: the program, and one command to paste."""

from __future__ import annotations

import hashlib
import shlex
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from blueprints.shared import words
from models import Device, Platform
from services import enrolment_tokens

FILE = Path(__file__).resolve().parents[2] / "agent" / "muster_agent.py"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@cache
def program() -> bytes:
    return FILE.read_bytes()


@cache
def digest() -> str:
    """SHA-256, so that a person can see that the file arrived as it left."""
    return hashlib.sha256(program()).hexdigest()


def context(device: Device, token: str) -> dict[str, Any]:
    """For enrolment/_install_agent.html: the command for this kind of computer, and those for the others."""
    server = current_app.config["PUBLIC_URL"]
    all_commands = commands(server, token)
    own = Platform(device.platform)
    return {
        "command": all_commands[own],
        "others": [
            (words.platform_word(platform), platform, command)
            for platform, command in all_commands.items()
            if platform != own
        ],
        "without_download": f"{_python(own)} {_enroll(server, token)}",
        "digest": digest(),
        "check": checks()[own],
        "minutes": enrolment_tokens.TOKEN_SECONDS // 60,
        "is_unprotected": is_unprotected(server),
    }


def afterwards(device: Device) -> dict[str, Any]:
    """For enrolment/_after_agent.html."""
    return {"start_again": f"{_python(Platform(device.platform))} {FILE.name} run"}


def commands(server: str, token: str) -> dict[Platform, str]:
    """One line to paste for each system: it fetches the agent and starts it."""
    address, enroll = shlex.quote(f"{server}/go/agent"), _enroll(server, token)
    on_unix = f"curl -fsS -o {FILE.name} {address} && {_python(Platform.LINUX)} {enroll}"
    on_windows = f"iwr -UseBasicParsing {address} -OutFile {FILE.name}; if ($?) {{ {_python(Platform.WINDOWS)} {enroll} }}"
    return {Platform.LINUX: on_unix, Platform.MACOS: on_unix, Platform.WINDOWS: on_windows}


def checks() -> dict[Platform, str]:
    """How to see a file's SHA-256 on each system."""
    return {
        Platform.LINUX: f"sha256sum {FILE.name}",
        Platform.MACOS: f"shasum -a 256 {FILE.name}",
        Platform.WINDOWS: f"Get-FileHash {FILE.name}",
    }


def is_unprotected(server: str) -> bool:
    """Plain http to another computer: the agent refuses that unless it is told otherwise."""
    parts = urlsplit(server)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


def _python(platform: Platform) -> str:
    return "py" if platform == Platform.WINDOWS else "python3"


def _enroll(server: str, token: str) -> str:
    return f"{FILE.name} enroll --server {shlex.quote(server)} --token={shlex.quote(token)}"
