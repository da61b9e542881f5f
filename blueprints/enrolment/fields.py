"""What a person fills in on /go."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, SelectField, ValidationError

from blueprints.shared import organisation, words
from blueprints.shared.forms import Form, Length, Password, password, text
from models import Platform, Proof
from services import channels, registration_rules

LONGEST_PIN = 40  # twelve digits, and room for the spaces that people put between them
WHICH = _("Say which kind of device this is.")


class ProofForm(Form):
    """With a link: who it is for is known, so only the proof is asked for."""

    password = password(_("Password"))
    pin = text(_("PIN"), LONGEST_PIN, needed=_("Type your PIN."))

    @classmethod
    def asking_for(cls, proof: Proof) -> ProofForm:
        form = cls()
        if not proof.asks_for_password:
            del form.password
        if not proof.asks_for_pin:
            del form.pin
        return form


class PlatformForm(Form):
    """Which of the platforms that are managed over the same channel."""

    platform = SelectField(_("What this is"), validate_choice=False)

    @classmethod
    def of_channel(cls, platform: str) -> PlatformForm:
        channel = channels.of(platform).NAME
        form = cls(data={"platform": platform})
        _choose_from(form.platform, [one for one in offered() if channel == channels.of(one).NAME])
        return form

    def validate_platform(self, field: SelectField) -> None:
        _refuse_unknown(field)


class WithoutLinkForm(Form):
    """Without a link nothing is known, and nothing is given away: both proofs have a field."""

    username = text(_("User name"), needed=_("Type your user name."))
    platform = SelectField(_("This device"), validate_choice=False)
    pin = text(_("PIN, if you were given one"), LONGEST_PIN)
    password = Password(_("Password"), validators=[Length(0, 4096, "")])

    @classmethod
    def starting_with(cls, platform: Platform | None) -> WithoutLinkForm:
        form = cls(data={"platform": platform or ""})
        _choose_from(form.platform, offered(), ("", _("Choose one")))
        return form

    def validate_platform(self, field: SelectField) -> None:
        _refuse_unknown(field)

    def validate_password(self, field: Password) -> None:
        if not field.text and not self.pin.text and not self.pin.errors:
            raise ValidationError(_("Type your password, your PIN, or both if you were asked for both."))


class TermsForm(Form):
    accepted = BooleanField(false_values=("", "0", "off", "false"))

    def validate_accepted(self, field: BooleanField) -> None:
        if not field.data:
            raise ValidationError(
                gettext("Tick this to go on. If you do not agree, stop here: nothing has happened yet.")
            )


def offered() -> list[Platform]:
    return registration_rules.platforms_offered(organisation.current())


def _choose_from(field: SelectField, platforms: list[Platform], *before: tuple[str, Any]) -> None:
    field.choices = [*before, *((platform.value, words.platform_word(platform)) for platform in platforms)]


def _refuse_unknown(field: SelectField) -> None:
    known = [choice[0] for choice in field.iter_choices() if choice[0]]
    if field.data not in known:
        raise ValidationError(WHICH)
