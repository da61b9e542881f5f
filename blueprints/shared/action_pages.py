"""The pages that explain an action before it is done, and take what it needs."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_babel import gettext as _

from blueprints.shared import access, organisation, ownership_question, pages, words
from blueprints.shared.device_forms import OwnershipForm, RetireForm, WipeForm
from models import Device, Ownership
from services import permissions, sessions
from services.permissions import Action


def wipe(device: Device, form: WipeForm, status: int = 200) -> Response:
    return _page("wipe", device, form, status, **_until_asked_again(), less=_less(device))


def retire(device: Device, form: RetireForm, status: int = 200) -> Response:
    return _page("retire", device, form, status, **_until_asked_again())


def retire_without_device(device: Device, form: RetireForm, status: int = 200) -> Response:
    may_be_asked = Action.RETIRE in permissions.allowed_actions(access.person(), device)
    more = _until_asked_again() | {"may_be_asked": may_be_asked}
    return _page("retire_without_device", device, form, status, of="administrator_actions", **more)


def ownership(device: Device, form: OwnershipForm, status: int = 200) -> Response:
    rules, is_own = organisation.current(), device.user_id == access.person().id
    form.ownership.choices = [
        (Ownership.EMPLOYEE, _("Mine") if is_own else device.user.name),
        (Ownership.COMPANY, rules.organisation),
    ]
    hints = {
        Ownership.EMPLOYEE: _(
            "%(organisation)s may take away its own part. Its administrators may not wipe the device.",
            organisation=rules.organisation,
        ),
        Ownership.COMPANY: _("Administrators may wipe it. More rules may come with it."),
    }
    if rules.admin_wipes_employee_devices:
        hints[Ownership.EMPLOYEE] = _(
            "Administrators of %(organisation)s may still wipe it: that is its rule here.",
            organisation=rules.organisation,
        )
    question = ownership_question.of(device, access.person())
    asks_first = not is_own and device.ownership == Ownership.EMPLOYEE and not device.next_ownership
    return _page("ownership", device, form, status, hints=hints, question=question, asks_first=asks_first)


def _page(
    action: str, device: Device, form: Any, status: int, of: str = "device_actions", **more: Any
) -> Response:
    return pages.page_or_fragment(
        f"{of}/{action}.html",
        f"{of}/_{action}_form.html",
        status,
        device=device,
        name=words.display_name(device),
        form=form,
        **more,
    )


def _until_asked_again() -> dict[str, Any]:
    """When the password was given, and when we ask for it again."""
    proved_at = access.signed_in().session.proved_at
    return {"proved_at": proved_at, "asked_again_at": proved_at + sessions.FRESH_SECONDS}


def _less(device: Device) -> frozenset[Action]:
    """What the person could do instead of a wipe."""
    return permissions.allowed_actions(access.person(), device) & {
        Action.LOCK,
        Action.REPORT_LOST,
        Action.RETIRE,
    }
