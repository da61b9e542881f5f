"""The panel to register a device: what may be chosen, and what was typed."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import flask_babel
from babel import Locale
from flask import render_template
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from wtforms import Field, RadioField, ValidationError

from blueprints.shared import access, forms, organisation, words
from models import Ownership, User
from services import codes, phone_numbers, registration_rules
from services.settings import Settings


class RegisterForm(forms.Form):
    """Country and number belong together; no country means that the device has no number."""

    platform = RadioField(_("What is it?"), validate_choice=False)  # the service says what is offered
    country = forms.text(_("Does it have a phone number?"), most=2)
    phone_number = forms.text(_("The number"), most=40)
    ownership = RadioField(_("Whose is it?"), validate_choice=False)
    way = forms.text(_("How would you like to start?"))
    form_code = forms.Line()  # tells two clicks on one form from two forms

    def validate_phone_number(self, field: Field) -> None:
        if self.country.data and not field.data:
            raise ValidationError(_("Type the number, or choose that it has none."))

    def validate_country(self, field: Field) -> None:
        number = self.phone_number.data or ""
        if number and not field.data and not number.startswith("+"):
            raise ValidationError(_("Choose the country of the number."))


def panel(person: User, form_code: str = "") -> Markup:
    """Nothing for who may not register, or where nothing can be registered."""
    rules = organisation.current()
    if not access.may_register() or not registration_rules.platforms_offered(rules):
        return Markup()
    has_room = registration_rules.room_left(person, rules) != 0
    form = RegisterForm(formdata=None, data={"form_code": form_code or new_form_code()})
    return _render(form, rules, bool(person.email), has_room)


def new_form_code() -> str:
    return codes.code(16)


def filled_in(form: RegisterForm, person: User) -> Markup:
    """The panel with what was typed and what is wrong with it."""
    return _render(form, organisation.current(), bool(person.email), has_room=True)


def _render(form: RegisterForm, rules: Settings, has_email: bool, has_room: bool) -> Markup:
    platforms = registration_rules.platforms_offered(rules)
    form.platform.choices = [(platform, words.platform_word(platform)) for platform in platforms]
    form.ownership.choices = [
        (Ownership.EMPLOYEE, flask_babel.gettext("Mine")),
        (Ownership.COMPANY, rules.organisation),
    ]
    form.platform.data = form.platform.data or platforms[0]
    form.ownership.data = form.ownership.data or rules.default_ownership
    html = render_template(
        "registrations/_panel.html",
        form=form,
        ways=registration_rules.ways_offered(rules),
        countries=_countries(flask_babel.get_locale(), rules.country, form.country.data or ""),
        has_email=has_email,
        has_gateway=bool(rules.sms_gateway),
        has_room=has_room,
        may_choose_ownership=rules.users_may_choose_ownership,
    )
    return Markup(html)  # noqa: S704 - a template of ours, with everything in it escaped


@lru_cache(maxsize=64)
def _countries(locale: Locale, first: str, chosen: str) -> list[tuple[str, str, bool]]:
    """Every country with its dialling code: the organisation's own first, then by name."""
    named = [
        (region, f"{locale.territories.get(region, region)} ({code})", region == chosen)
        for region, code in phone_numbers.countries()
    ]
    return sorted(named, key=lambda country: (country[0] != first, _without_accents(country[1])))


def _without_accents(name: str) -> str:
    """So that Åland stands beside Albania."""
    return "".join(character for character in unicodedata.normalize("NFD", name) if character.isascii())
