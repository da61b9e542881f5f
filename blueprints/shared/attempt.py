"""Trying what a form asks for: what is wrong with it ends beside its fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from blueprints.shared import forms
from services.refused import Refused

Made = TypeVar("Made")


def made(form: forms.Form, verb: Callable[[], Made]) -> Made | None:
    """Check the form, then do it, and give what came of it; None when the form must be shown again.

    A refusal that belongs to one of its fields stands beside that field; any other one is raised, for the
    error page.
    """
    if not form.validate():
        return None
    try:
        return verb()
    except Refused as refused:
        if refused.field not in form._fields:
            raise
        forms.add_refusal(form, refused)
        return None


def works(form: forms.Form, verb: Callable[[], object]) -> bool:
    """The same for a verb that gives nothing back."""

    def done() -> bool:
        verb()
        return True

    return made(form, done) is True
