"""Words for what our agent does differently from other devices: it empties one folder, and takes no file away."""

from __future__ import annotations

from services.channels import agent
from services.permissions import Action
from services.refused import N_

NAME = agent.NAME

HINTS: dict[str, str] = {
    Action.RETIRE: N_("It leaves, every file stays"),
    Action.WIPE: N_("Empties one folder"),
}

EFFECTS: dict[str, str] = {
    "retire": N_("its agent forgets its secret, and it leaves"),
    "wipe": N_("it empties the folder that was named when its agent was started, and leaves"),
}

MEANINGS: dict[str, str] = {
    "device:wipe:requested": N_("The folder that was named when its agent was started is emptied when the device is next "
                                "online, and the device leaves. Once it has the order, that cannot be undone."),
    "device:retire:requested": N_("The device leaves when it is next online. Every file on it stays."),
    "device:left:forced": N_("The device is not looked after any more. Every file on it stays."),
}  # fmt: skip
