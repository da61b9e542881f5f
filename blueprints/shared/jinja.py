"""What every template may call besides Flask's own: globals and filters, so that macros have them too."""

from __future__ import annotations

from typing import Any

import flask_babel
from flask import Flask
from flask_login import current_user
from jinja2 import StrictUndefined
from markupsafe import Markup, escape
from werkzeug.local import LocalProxy
from wtforms import Field, PasswordField, SelectField, StringField

from blueprints.shared import forms, organisation, pages, session_end, times, words
from models import Role, User
from services import passwords, permissions, phone_numbers


def init(app: Flask) -> None:
    """A misspelt variable fails the test, not the reader."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        settings=LocalProxy(organisation.current),
        reader=reader,
        session_seconds=session_end.seconds,
        is_administrator=is_administrator,
        is_helper=is_helper,
        language=lambda: flask_babel.get_locale().language,
        direction=lambda: flask_babel.get_locale().text_direction,
        help_desk_is_known=help_desk_is_known,
        messages=pages.messages,
        MESSAGE_ICONS=pages.MESSAGE_ICONS,
        next_poll=pages.next_poll,
        errors_of=forms.errors_of,
        control_attributes=control_attributes,
        is_choice=is_choice,
        words=words,
        shortest_password=passwords.SHORTEST,
    )
    app.jinja_env.filters.update(
        ago=times.ago,
        clock_time=times.clock_time,
        log_time=times.log_time,
        day=times.day,
        exact=times.exact,
        time_left=times.time_left,
        phone_number=phone_numbers.shown,
        telephone=telephone,
    )


def reader() -> User | None:
    """Who reads the page, if somebody is signed in."""
    user: User | None = current_user.signed_in.user if current_user.is_authenticated else None
    return user


def is_administrator() -> bool:
    return bool(current_user.is_authenticated and Role.ADMINISTRATOR in current_user.signed_in.roles)


def is_helper() -> bool:
    """May the reader look for other people and their devices?"""
    return bool(current_user.is_authenticated and permissions.may_help(current_user.signed_in.user))


def help_desk_is_known() -> bool:
    found = organisation.current()
    return bool(found.help_desk_phone or found.help_desk_email or found.help_desk_page)


def telephone(number: str) -> str:
    """A telephone number as a link wants it: digits, and the plus in front."""
    return "".join(character for character in number if character.isdigit() or character == "+")


def control_attributes(form_field: Field, hint: str, more: dict[str, Any]) -> Markup:
    """The attributes of a field's control: its name, its value, what describes it, and whether it is wrong."""
    described = [f"{form_field.id}-hint"] * bool(hint) + [f"{form_field.id}-error"] * bool(form_field.errors)
    values: dict[str, Any] = {"id": form_field.id, "name": form_field.name}
    if isinstance(form_field, PasswordField):
        values["type"] = "password"
    elif isinstance(form_field, StringField):
        values |= {"type": "text", "value": form_field.data or ""}
    if described:
        values["aria-describedby"] = " ".join(described)
    if form_field.errors:
        values |= {"aria-invalid": "true", "autofocus": forms.is_first_wrong(form_field)}
    values |= {name.replace("_", "-"): value for name, value in more.items()}
    return attributes(values)


def is_choice(form_field: Field) -> bool:
    return isinstance(form_field, SelectField)


def attributes(values: dict[str, Any]) -> Markup:
    """Written out for a tag. True stands alone, False and None are left out."""
    return Markup("").join(
        Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, escape(value))
        for name, value in values.items()
        if value is not None and value is not False
    )
