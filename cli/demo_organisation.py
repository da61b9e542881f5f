"""The demo's organisation: its people, their passwords, and a registration that waits for this computer."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models import Platform, Registration, Role, Status, User, Way
from models import Setting as SettingRow
from services import enrolment_tokens, registrations, settings, users
from services.database import DatabaseProblem
from services.refused import Refused

NAME = "Harbour Clinic"
FILE_NAME = "demo.json"
AGENT = Path(__file__).parent.parent / "agent" / "muster_agent.py"
SETTINGS = {
    "organisation": NAME,
    "help_desk_name": "Carol and the IT team",
    "help_desk_email": "help@harbour.example",
    "help_desk_phone": "020 7946 0123",
    "help_desk_hours": "Monday to Friday, 8:00 to 18:00",
    "time_zone": "Europe/London",
    "agent_poll_seconds": "5",
}
EVERY_USER_ROLE = frozenset(Role) - {Role.HELP_DESK, Role.ADMINISTRATOR}
PEOPLE = (
    ("alice", "Alice Moreno", EVERY_USER_ROLE, "may do everything with her own devices"),
    ("bob", "Bob Tanaka", {Role.USER_PORTAL, Role.LOCK}, "may lock his devices, and no more"),
    ("carol", "Carol Singh", frozenset(Role), "administrator"),
    ("dave", "Dave Okafor", {Role.USER_PORTAL, Role.HELP_DESK}, "help desk"),
)
PLATFORMS = {"win32": Platform.WINDOWS}  # on a Mac the agent comes by the registration of a Linux computer
SYLLABLES = (
    "ba be bo da de do fa fe fo ga go ka ke ko la le lo ma me mo na ne no pa pe po ra re ro sa se so ta te to"
)


@dataclass
class Demo:
    """What demo.json says, for people and for scripts."""

    url: str
    users: list[dict[str, Any]] = field(default_factory=list)
    agent_command: str = ""
    registration: str = ""  # code of the one that the command's token belongs to
    why_no_command: str = ""


def prepare(folder: Path, url: str) -> Demo:
    """Make what is missing and a fresh enrolment token. Raises DatabaseProblem on a real portal's folder."""
    demo = _read(folder, url)
    if not demo.users:
        if User.select().exists():
            raise DatabaseProblem(
                f"{folder} holds a portal that is no demo: there is no {FILE_NAME}. Set MUSTER_DATA to another folder."
            )
        demo.users = [_person(*person) for person in PEOPLE]
        _write(folder, demo)  # first of all, so that no password is ever lost
    for person in demo.users:
        _create(person)
    if not SettingRow.select().exists():
        for key, value in SETTINGS.items():
            settings.put(key, value, by=None)
    _invite_this_computer(folder, demo)
    _write(folder, demo)
    return demo


def _read(folder: Path, url: str) -> Demo:
    try:
        old = json.loads((folder / FILE_NAME).read_text("utf-8"))
        return Demo(url, users=old["users"], registration=old.get("registration", ""))
    except FileNotFoundError:
        return Demo(url)
    except (OSError, ValueError, KeyError, TypeError):
        raise DatabaseProblem(
            f"{folder / FILE_NAME} cannot be read. Remove {folder} to start anew."
        ) from None


def _write(folder: Path, demo: Demo) -> None:
    """Whole or not at all, and for its owner alone: it holds passwords."""
    draft = folder / f"{FILE_NAME}.new"
    draft.unlink(missing_ok=True)
    content = {
        "url": demo.url,
        "users": demo.users,
        "agent_command": demo.agent_command,
        "registration": demo.registration,
    }
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    draft.replace(folder / FILE_NAME)


def _person(name: str, full_name: str, roles: frozenset[Role] | set[Role], about: str) -> dict[str, Any]:
    return {
        "name": name,
        "full_name": full_name,
        "password": _password(),
        "roles": sorted(roles),
        "about": about,
    }


def _password() -> str:
    """Four made-up words: 27 characters, 64 bits, and easy to type."""
    syllables = SYLLABLES.split()
    return "-".join("".join(secrets.choice(syllables) for _ in range(3)) for _ in range(4))


def _create(person: dict[str, Any]) -> None:
    if users.find(person["name"]) is None:
        users.create(
            person["name"],
            person["full_name"],
            f"{person['name']}@harbour.example",
            person["password"],
            {Role(role) for role in person["roles"]},
            by=None,
        )


def _invite_this_computer(folder: Path, demo: Demo) -> None:
    """The token of the start before is dead; its registration is renewed as long as nobody used it."""
    alice = users.find("alice")
    assert alice is not None
    earlier = registrations.by_code(demo.registration)
    try:
        if earlier is not None and earlier.device.status in (Status.PENDING, Status.VERIFIED, Status.EXPIRED):
            issued = registrations.renew(earlier, by=alice, way=Way.QR)
        else:
            issued = registrations.start(alice, PLATFORMS.get(sys.platform, Platform.LINUX), Way.QR, by=alice)
        registration = Registration.get(Registration.code == issued.registration.code)
        token = enrolment_tokens.accept(registration, registration.issued_at)
    except Refused as refused:
        demo.agent_command, demo.why_no_command = "", str(refused)
        return
    demo.registration = registration.code
    state = folder / "agent-state.json"
    demo.agent_command = shlex.join(
        ["python3", str(AGENT), "enroll", "--server", demo.url, "--token", token, "--state", str(state)]
    )
