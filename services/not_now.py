"""Why an action is not possible as the device stands: a sentence (message id) for the person."""

from __future__ import annotations

from models import ENDED, Status
from services.refused import N_


def why(status: Status, action: str) -> str:
    """For an action that is possible in other statuses than this one."""
    if action == "unblock":
        return N_("This device is not blocked.")
    if status == Status.WIPE_PENDING:
        return N_("This device is already being wiped. There is nothing more to send.")
    if status == Status.RETIRE_PENDING:
        return N_("This device is already being retired. There is nothing more to send.")
    if status in ENDED:
        return N_("This device has left. There is nothing more to send.")
    if status == Status.BLOCKED:
        return N_("This device is blocked. An administrator must unblock it first.")
    if action == "report_found":
        return N_("This device is not reported lost.")
    if action == "report_lost":
        return N_("This device is already reported lost.")
    if action == "block" and status == Status.LOST:
        return N_("This device is reported lost. It can be blocked when it is found.")
    return N_("This device has not joined yet. Finish its registration first.")
