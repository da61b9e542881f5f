"""Whose a device is: changing it, and asking its owner first where an administrator would take it over."""

from __future__ import annotations

from models import Device, Ownership, User, database
from services import audit, permissions
from services.permissions import Action
from services.refused import N_, Forbidden, Refused


def change(device: Device, ownership: str, by: User) -> None:
    """Say whose the device is. It counts from the next check-in on; until then it can be taken back.

    An administrator who would make an employee's device the company's only asks: nothing changes until the
    owner agrees. Otherwise the rule that administrators do not wipe employees' devices would be two clicks deep.
    Choosing what it is already takes the question back.
    """
    with database.atomic():
        _as_it_stands(device)
        permissions.check(by, device, Action.CHANGE_OWNERSHIP)
        if ownership not in tuple(Ownership):
            raise Refused(N_("Choose one of these."), field="ownership")
        if _needs_consent(device, ownership, by):
            _ask(device, ownership, by)
        elif _is_withdrawal(device, ownership, by):
            _store(device, asked_ownership=None, asked_ownership_by=None)
            audit.append("device:ownership:withdrawn", by=by, device=device, params={"to": Ownership.COMPANY})
        else:
            _change(device, ownership, by)


def answer(device: Device, agrees: bool, by: User) -> None:
    """The owner's answer to what an administrator asked. Raises Forbidden, or Refused if nobody asks any more."""
    if device.user_id != by.id:
        raise Forbidden()
    with database.atomic():
        _as_it_stands(device)
        if asked_by(device) is None:
            raise Refused(N_("Nobody asks this any more. Nothing was changed."))
        if agrees and device.status not in permissions.POSSIBLE_IN[Action.CHANGE_OWNERSHIP]:
            raise Refused(N_("This cannot be done any more: the device's status has changed."))
        wanted = device.asked_ownership
        _store(
            device,
            asked_ownership=None,
            asked_ownership_by=None,
            next_ownership=wanted if agrees else device.next_ownership,
        )
        action = "device:ownership:agreed" if agrees else "device:ownership:declined"
        audit.append(action, by=by, device=device, params={"to": wanted})


def asked_by(device: Device) -> User | None:
    """Who waits for the owner's consent, if the right to ask is still theirs."""
    asker: User | None = device.asked_ownership_by if device.asked_ownership else None
    if asker is None or not permissions.still_may(asker, device, Action.CHANGE_OWNERSHIP):
        return None
    return asker


def _needs_consent(device: Device, ownership: str, by: User) -> bool:
    return (
        by.id != device.user_id
        and ownership == Ownership.COMPANY
        and device.ownership == Ownership.EMPLOYEE
        and device.next_ownership is None  # else the owner has said so already
    )


def _ask(device: Device, ownership: str, by: User) -> None:
    if asked_by(device) is not None:
        raise Refused(
            N_("%(owner)s was asked already, and has not answered yet."),
            field="ownership",
            owner=device.user.name,
        )
    _store(device, asked_ownership=ownership, asked_ownership_by=by)
    audit.append("device:ownership:asked", by=by, device=device, params={"to": ownership})


def _is_withdrawal(device: Device, ownership: str, by: User) -> bool:
    return (
        by.id != device.user_id
        and ownership == device.ownership
        and device.next_ownership is None
        and device.asked_ownership is not None
    )


def _change(device: Device, ownership: str, by: User) -> None:
    """Also the end of any question: the owner, or whoever may, has said it in so many words."""
    wanted = None if ownership == device.ownership else ownership
    if wanted == device.next_ownership:
        raise Refused(N_("It is so already. Nothing was changed."), field="ownership")
    _store(device, next_ownership=wanted, asked_ownership=None, asked_ownership_by=None)
    audit.append("device:ownership:requested", by=by, device=device, params={"to": ownership})


def _as_it_stands(device: Device) -> None:
    """It may have checked in, or somebody else may have asked, since the page was opened."""
    columns = (
        Device.status,
        Device.ownership,
        Device.next_ownership,
        Device.asked_ownership,
        Device.asked_ownership_by,
    )
    row = Device.select(*columns).where(Device.id == device.id).get()
    for column in columns:
        setattr(device, column.name, row.__data__[column.name])


def _store(device: Device, **columns: object) -> None:
    Device.update(**columns).where(Device.id == device.id).execute()
    for name, value in columns.items():
        setattr(device, name, value)
