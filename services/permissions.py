"""Who may do what: one answer for the button and for the deed."""

from __future__ import annotations

from enum import StrEnum

from models import ENDED, ENROLLED, Command, Device, Ownership, Role, Status, User, UserRole
from services import channels, not_now, settings
from services.refused import N_, Forbidden, Refused


class Action(StrEnum):
    """What a person picks on a device's page."""

    REFRESH = "refresh"
    LOCK = "lock"
    UNLOCK = "unlock"
    LOCATE = "locate"
    PLAY_SOUND = "play_sound"
    RESTART = "restart"
    MESSAGE = "message"
    REPORT_LOST = "report_lost"
    REPORT_FOUND = "report_found"
    CHANGE_OWNERSHIP = "change_ownership"
    RENAME = "rename"
    RETIRE = "retire"
    WIPE = "wipe"
    RETIRE_WITHOUT_DEVICE = "retire_without_device"
    BLOCK = "block"
    UNBLOCK = "unblock"


# The role an owner needs. Nothing: every owner may.
OWNERS_ROLE: dict[Action, Role | None] = {
    Action.REFRESH: None,
    Action.LOCK: Role.LOCK,
    Action.UNLOCK: Role.UNLOCK,
    Action.LOCATE: Role.LOCATE,
    Action.PLAY_SOUND: Role.LOCATE,
    Action.RESTART: Role.LOCK,
    Action.MESSAGE: Role.LOCK,
    Action.REPORT_LOST: Role.LOCK,
    Action.REPORT_FOUND: Role.LOCK,
    Action.CHANGE_OWNERSHIP: Role.CHANGE_OWNERSHIP,
    Action.RENAME: None,
    Action.RETIRE: Role.RETIRE,
    Action.WIPE: Role.WIPE,
    Action.RETIRE_WITHOUT_DEVICE: Role.ADMINISTRATOR,
    Action.BLOCK: Role.ADMINISTRATOR,
    Action.UNBLOCK: Role.ADMINISTRATOR,
}
HELP_DESK_MAY = frozenset({Action.REFRESH, Action.LOCK})
ADMINISTRATOR_MAY = frozenset(Action) - {Action.RENAME}

ENROLLED_AND_HERE = frozenset({Status.ACTIVE, Status.LOST})
POSSIBLE_IN: dict[Action, frozenset[Status]] = {
    Action.REFRESH: ENROLLED_AND_HERE | {Status.RETIRE_PENDING, Status.WIPE_PENDING},
    Action.LOCK: ENROLLED_AND_HERE,
    Action.UNLOCK: ENROLLED_AND_HERE,
    Action.LOCATE: ENROLLED_AND_HERE,
    Action.PLAY_SOUND: frozenset({Status.LOST}),
    Action.RESTART: ENROLLED_AND_HERE,
    Action.MESSAGE: ENROLLED_AND_HERE,
    Action.REPORT_LOST: frozenset({Status.ACTIVE}),
    Action.REPORT_FOUND: frozenset({Status.LOST}),
    Action.CHANGE_OWNERSHIP: ENROLLED_AND_HERE,
    Action.RENAME: frozenset(Status) - frozenset(ENDED),
    Action.RETIRE: ENROLLED_AND_HERE | {Status.BLOCKED},
    Action.WIPE: ENROLLED_AND_HERE | {Status.BLOCKED, Status.RETIRE_PENDING},
    Action.RETIRE_WITHOUT_DEVICE: frozenset(ENROLLED),
    Action.BLOCK: frozenset({Status.ACTIVE}),
    Action.UNBLOCK: frozenset({Status.BLOCKED}),
}
# The portal alone does these. All others are orders to the device, so its channel must be able to carry them.
IN_THE_PORTAL = {
    *(Action.REPORT_LOST, Action.REPORT_FOUND, Action.CHANGE_OWNERSHIP, Action.RENAME),
    *(Action.RETIRE_WITHOUT_DEVICE, Action.BLOCK, Action.UNBLOCK),
}
ORDERS = frozenset(Action) - IN_THE_PORTAL


def roles_of(user: User) -> frozenset[Role]:
    """The person's roles: those that the session loaded, else asked for now."""
    known: frozenset[Role] | None = getattr(user, "known_roles", None)
    if known is not None:
        return known
    return frozenset(Role(row.role) for row in UserRole.select(UserRole.role).where(UserRole.user == user))


def has_role(user: User, role: Role) -> bool:
    return role in roles_of(user)


def may_see(user: User, device: Device) -> bool:
    """The owner, the help desk and administrators see a device; for everybody else it does not exist."""
    return device.user_id == user.id or may_help(user)


def may_see_pin(user: User, device: Device) -> bool:
    """The PIN that a Mac asks for: the help desk too, because whoever stands before a locked Mac calls it."""
    return may_see(user, device)


def may_see_place(user: User, device: Device) -> bool:
    """Where a device is, is told only while it is reported lost, and to whoever may ask it."""
    return device.status == Status.LOST and still_may(user, device, Action.LOCATE)


def may_help(user: User) -> bool:
    """May this person look for other people and their devices?"""
    return bool(roles_of(user) & {Role.HELP_DESK, Role.ADMINISTRATOR})


def may_register_for(user: User, owner: User) -> bool:
    """May this person start, renew, resend or cancel a registration of that owner?"""
    if user.id == owner.id:
        return has_role(user, Role.REGISTER)
    return has_role(user, Role.ADMINISTRATOR)


def may_resend_for(user: User, owner: User) -> bool:
    """The help desk may send an invitation again; it never sees its secrets."""
    return may_register_for(user, owner) or has_role(user, Role.HELP_DESK)


def allowed_actions(user: User, device: Device) -> frozenset[Action]:
    """What this person may do to this device now: role AND status AND what the channel can do."""
    return frozenset(
        action
        for action in Action
        if _has_right(user, device, action)
        and device.status in POSSIBLE_IN[action]
        and (action not in ORDERS or action in channels.of_device(device).can(device))
    )


def unavailable(user: User, device: Device) -> list[str]:
    """What the person may do but this device cannot, and might be missed: a sentence for each (message id)."""
    channel = channels.of_device(device)
    return [
        sentence
        for action in Action
        if action in ORDERS
        and action not in channel.can(device)
        and (sentence := channel.why_not(device, action))
        and device.status in POSSIBLE_IN[action]
        and _has_right(user, device, action)
    ]


def still_may(user: User, device: Device, action: Action) -> bool:
    """Is the right still there, whatever state the device is in? Asked again before an order is sent."""
    return may_see(user, device) and _has_right(user, device, action)


def may_cancel(user: User, command: Command) -> bool:
    """Whoever asked may take it back; an administrator always; the owner on a device of their own."""
    device = command.device
    if command.asked_by_id == user.id or Role.ADMINISTRATOR in roles_of(user):
        return True
    return device.user_id == user.id and device.ownership == Ownership.EMPLOYEE


def check(user: User, device: Device, action: Action) -> None:
    """Raises Forbidden when the right is missing, Refused when the device is not in the state for it."""
    if not may_see(user, device) or not _has_right(user, device, action):
        raise Forbidden()
    channel = channels.of_device(device)
    if action in ORDERS and action not in channel.can(device):
        raise Refused(channel.why_not(device, action) or N_("This kind of device cannot do that."))
    if device.status not in POSSIBLE_IN[action]:
        raise Refused(not_now.why(Status(device.status), action))


def _has_right(user: User, device: Device, action: Action) -> bool:
    roles = roles_of(user)
    if Role.USER_PORTAL not in roles or user.is_disabled:
        return False
    if device.user_id == user.id:
        needed = OWNERS_ROLE[action]
        if needed is None or needed in roles:
            return True
    if action in ADMINISTRATOR_MAY and Role.ADMINISTRATOR in roles:
        if action == Action.CHANGE_OWNERSHIP:
            # Of others, whose owner is asked; of one's own by the role alone.
            return device.user_id != user.id
        return action != Action.WIPE or _may_be_wiped_by_administrators(device)
    return action in HELP_DESK_MAY and Role.HELP_DESK in roles


def _may_be_wiped_by_administrators(device: Device) -> bool:
    return device.ownership == Ownership.COMPANY or settings.load().admin_wipes_employee_devices
