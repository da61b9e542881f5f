"""What the page of one device needs: the part that changes by itself, and what stands around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _

from blueprints.shared import (
    access,
    apple_page,
    device_facts,
    device_history,
    device_registration,
    ownership_question,
    pages,
    words,
)
from blueprints.shared.device_forms import LockForm, MessageForm
from models import Command, Device, Status, User
from services import clock, commands, lifecycle, permissions, registrations
from services.permissions import Action

RECENT = 3600  # seconds; what ended earlier is told by the history alone
DANGERS = (Action.RETIRE, Action.WIPE, Action.RETIRE_WITHOUT_DEVICE)
# Where each action is done, and whether its tile does it (POST) or leads to a page or a place.
DOES = {
    Action.LOCK: "lock",
    Action.REFRESH: "refresh",
    Action.LOCATE: "locate",
    Action.PLAY_SOUND: "sound",
    Action.RESTART: "restart",
    Action.REPORT_LOST: "lost",
    Action.REPORT_FOUND: "found",
    Action.UNBLOCK: "unblock",
}
LEADS = {
    Action.MESSAGE: "#message",
    Action.UNLOCK: "/unlock",
    Action.CHANGE_OWNERSHIP: "/ownership",
    Action.RENAME: "/name",
    Action.BLOCK: "/block",
    Action.RETIRE: "/retire",
    Action.WIPE: "/wipe",
    Action.RETIRE_WITHOUT_DEVICE: "/retire-without-device",
}
ICONS = {
    Action.LOCK: "lock",
    Action.REFRESH: "refresh",
    Action.LOCATE: "locate",
    Action.PLAY_SOUND: "warning",
    Action.RESTART: "refresh",
    Action.UNLOCK: "unlock",
    Action.REPORT_LOST: "warning",
    Action.REPORT_FOUND: "check",
    Action.MESSAGE: "mail",
    Action.CHANGE_OWNERSHIP: "swap",
    Action.RENAME: "pencil",
    Action.BLOCK: "error",
    Action.UNBLOCK: "check",
    Action.RETIRE: "retire",
    Action.WIPE: "wipe",
    Action.RETIRE_WITHOUT_DEVICE: "retire",
}
IN_ORDER = (*DOES, *LEADS)


@dataclass
class Tile:
    """One thing that the person can do, or that is being done already (`said`)."""

    icon: str
    word: str
    hint: str
    url: str = ""
    does: bool = False  # the tile is a button that does it; else a link
    is_danger: bool = False

    @property
    def is_said(self) -> bool:
        return not self.url


def progress(device: Device, person: User) -> dict[str, Any]:
    """The part that changes: status, orders, actions and facts; and when it asks for itself again."""
    ordered = [command for command in commands.of_device(device) if _is_worth_saying(command)]
    registration = registrations.of_device(device)
    now = mark(device, ordered)
    since = clock.now() if has_changed(now) else pages.poll_began()
    seconds = pages.next_poll(since) if _is_pending(device, ordered) else None
    return {
        "device": device,
        "name": words.display_name(device),
        "owner_name": "" if device.user_id == person.id else device.user.name,
        "commands": ordered,
        "may_cancel": {command.code for command in ordered if _may_cancel(command, device, person)},
        "tiles": _tiles(device, person, ordered),
        "unavailable": [_(sentence) for sentence in permissions.unavailable(person, device)],
        "facts": device_facts.facts_of(device, registration, person),
        "question": ownership_question.of(device, person),
        "apple": apple_page.of(device, person, ordered),
        "joining": device_registration.state(device, registration, person),
        "since": since,
        "mark": now,
        "seconds": seconds,
        "has_given_up": seconds is None and _is_pending(device, ordered),
    }


def page(device: Device, person: User) -> dict[str, Any]:
    """The whole page: the part that changes, the forms for texts, and the newest of the history."""
    return {
        **progress(device, person),
        **writing(device, person),
        "history": device_history.told(device, person),
    }


def writing(device: Device, person: User) -> dict[str, Any]:
    """The forms to write something on the device's screen. They stand apart, so that no poll takes them away."""
    allowed = permissions.allowed_actions(person, device)
    return {
        "device": device,
        "lock_form": LockForm(formdata=None) if Action.LOCK in allowed else None,
        "message_form": MessageForm(formdata=None) if Action.MESSAGE in allowed else None,
    }


def mark(device: Device, ordered: list[Command]) -> str:
    """Changes when the device or an order does, so that a poll can tell the rest of the page."""
    return "-".join([device.status, *(command.state for command in ordered)])


def has_changed(now: str) -> bool:
    """Is it not as it was when the part last asked (?was=)? Then the waiting begins anew."""
    return bool(request.args.get("was", now) != now)


def changed_answer(device: Device) -> Any:
    """After an action: the part that changes for htmx, the page for a browser; and the history hears of it."""
    if not pages.wants_fragment():
        return pages.go_to(f"/devices/{device.code}")
    answer = pages.fragment_only("devices/_progress.html", **progress(device, access.person()))
    return pages.announce(answer, "history-grown")


def _is_worth_saying(command: Command) -> bool:
    """What ended only because the device left is told by the history."""
    if command.is_live:
        return True
    return command.reason != lifecycle.DEVICE_LEFT and (command.finished_at or 0) > clock.now() - RECENT


def _is_pending(device: Device, ordered: list[Command]) -> bool:
    return (
        device.is_waiting
        or device.status in (Status.RETIRE_PENDING, Status.WIPE_PENDING)
        or any(command.is_live for command in ordered)
    )


def _may_cancel(command: Command, device: Device, person: User) -> bool:
    return commands.may_be_cancelled(command, device) and permissions.may_cancel(person, command)


def _tiles(device: Device, person: User, ordered: list[Command]) -> list[Tile]:
    """What the person may do, in the order of the page; what is under way is said, not offered again."""
    allowed = permissions.allowed_actions(person, device)
    live = {command.kind: command for command in ordered if command.is_live}
    tiles = []
    for action in IN_ORDER:
        if action not in allowed:
            continue
        tile = Tile(ICONS[action], words.action_word(action), words.action_hint(action, device))
        tile.is_danger = action in DANGERS
        if action in live:
            tile.hint = _("Sent. See above.") if live[action].sent_at else _("Queued. See above.")
        elif action in DOES:
            tile.url, tile.does = f"/devices/{device.code}/{DOES[action]}", True
        else:
            way = LEADS[action]
            tile.url = way if way.startswith("#") else f"/devices/{device.code}{way}"
        if action == Action.CHANGE_OWNERSHIP:
            owner = device_facts.ownership_in_full(device, device.ownership, person)
            tile.hint = _("Now %(ownership)s", ownership=owner)
        tiles.append(tile)
    return tiles
