"""What people type about one device."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import RadioField

from blueprints.shared import forms
from services import device_actions

MESSAGE = device_actions.LONGEST_MESSAGE
REASON = device_actions.LONGEST_REASON


class NameForm(forms.Form):
    name = forms.text(_("Its name"), device_actions.LONGEST_NAME)


class LockForm(forms.Form):
    """The text is what stands on the locked screen, where the device can show one."""

    text = forms.text(_("What should it say?"), MESSAGE)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.text.id = "lock-text"  # another form of the page has a text as well


class MessageForm(forms.Form):
    text = forms.text(_("What should it say?"), MESSAGE, needed=_("Write what it should say."))

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.text.id = "message-text"


class WipeForm(forms.Form):
    confirm = forms.text(_("Its name"), needed=_("Type its name, to show which one you mean."))
    reason = forms.text(_("Why? You may leave this empty"), REASON)


class RetireForm(forms.Form):
    reason = forms.text(_("Why? You may leave this empty"), REASON)


class AnswerForm(forms.Form):
    """Two buttons, so there is nothing to see of it but what was pressed."""

    answer = forms.Choice(_("Your answer"), choices=[forms.option("agree", ""), forms.option("decline", "")])


class OwnershipForm(forms.Form):
    ownership = RadioField(_("Whose is it?"), validate_choice=False)  # the service says what may be chosen
