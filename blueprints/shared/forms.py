"""Reading and checking what people type: the base form, its fields, and a place for every refusal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, PasswordField, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined] # newer than its stubs
from wtforms.meta import DefaultMeta

from services.refused import Refused

LONGEST_LINE = 200


class Form(FlaskForm):  # type: ignore[misc]
    """A form of ours. CSRF is checked for every request (see `security`), so not here a second time."""

    class Meta(FlaskForm.Meta, DefaultMeta):  # type: ignore[misc]
        csrf = False

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Only what a form sent; Flask-WTF would also take JSON, of any shape."""
            if formdata is None:
                return None  # asked for an empty form
            return request.form if request.method == "POST" else None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for field in self:
            field.render_kw = {"form": self}  # a macro that is given one field can ask about its neighbours


class Line(StringField):
    """One line. `text` is never None."""

    @property
    def text(self) -> str:
        return self.data or ""


class Password(PasswordField):
    """A secret that is never shown again. `text` is never None."""

    @property
    def text(self) -> str:
        return self.data or ""


class Choice(SelectField):
    """One of a few. What is not on the list is refused in our words."""

    @property
    def text(self) -> str:
        return self.data or ""

    def pre_validate(self, form: Any) -> None:
        if self.data not in [choice[0] for choice in self.iter_choices()]:
            raise ValidationError(_("Choose one of these."))


class NoControlCharacters:
    """Refuses NUL and its kin, and half characters, which no page, mail or database can hold."""

    def __call__(self, form: Any, field: Field) -> None:
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in field.data or ""):
            raise ValidationError(_("This has characters that cannot be used here."))


class Length:
    """Between so many and so many characters; one that must be there has a sentence of its own."""

    def __init__(self, least: int, most: int, missing: Any) -> None:
        self.least, self.most, self.missing = least, most, missing

    def __call__(self, form: Any, field: Field) -> None:
        length = len(field.data or "")
        if length == 0 and self.least > 0:
            raise ValidationError(self.missing)
        if length < self.least:
            raise ValidationError(_("Use at least %(least)s characters.", least=self.least))
        if length > self.most:
            raise ValidationError(_("Use at most %(most)s characters.", most=self.most))


def option(value: str, label: str) -> SelectChoice:
    """One entry of a Choice."""
    return SelectChoice(value, label)


def text(label: Any, most: int = LONGEST_LINE, needed: Any = "") -> Line:
    """One line. `needed` is the sentence that is said when it is empty; without one it may be."""
    return Line(
        label,
        filters=[stripped],
        validators=[Length(1 if needed else 0, most, needed), NoControlCharacters()],
    )


def password(label: Any, needed: Any = _("Type your password.")) -> Password:
    """Never stripped and never shown again. How long and how good it is, `services.passwords` decides."""
    return Password(label, validators=[Length(1, 4096, needed)])


def stripped(value: str | None) -> str:
    return (value or "").strip()


def add_refusal(form: Form, refused: Refused) -> None:
    """Put the sentence beside its field, or over the form when it belongs to none."""
    field = form._fields.get(refused.field)
    if field is None:
        form.form_errors = [*form.form_errors, sentence(refused)]
    else:
        field.errors = [*field.errors, sentence(refused)]


def sentence(refused: Refused) -> str:
    """What a rule said, in the reader's language."""
    return str(gettext(refused.message, **refused.params))


def errors_of(form: Form) -> list[tuple[Field, str]]:
    """Each wrong field with its first sentence, in the order of the page."""
    return list(_errors(form))


def is_first_wrong(field: Field) -> bool:
    """The cursor goes to the first wrong field of a form."""
    form: Form = (field.render_kw or {})["form"]
    return next((other for other in form if other.errors), None) is field


def _errors(form: Form) -> Iterator[tuple[Field, str]]:
    for field in form:
        if field.errors:
            yield field, str(field.errors[0])
