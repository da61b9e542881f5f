"""An administrator asks to make a device the company's: what its owner reads and answers, and what others read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import render_template
from markupsafe import Markup

from blueprints.shared import words
from blueprints.shared.device_forms import AnswerForm
from models import Device, User
from services import devices, ownership
from services.devices import HomeRow


@dataclass
class Question:
    """`form` is there for the owner, who answers; others read that it waits."""

    device: Device
    name: str
    asker: str
    form: AnswerForm | None


def of(device: Device, reader: User, form: AnswerForm | None = None) -> Question | None:
    """Nothing where nobody asks."""
    asker = ownership.asked_by(device)
    if asker is None:
        return None
    is_owner = device.user_id == reader.id
    form = (form or AnswerForm(formdata=None)) if is_owner else None
    return Question(device, words.display_name(device), asker.name, form)


def on_home(rows: Iterable[HomeRow], person: User) -> Markup:
    """All questions to a person, over their roll."""
    codes = [row.code for row in rows if row.asked_ownership]
    asked = devices.by_codes(codes)
    questions = [of(asked[code], person) for code in codes if code in asked]
    return Markup().join(
        Markup(render_template("device_actions/_question.html", device=question.device, question=question))  # noqa: S704
        for question in questions
        if question is not None
    )
