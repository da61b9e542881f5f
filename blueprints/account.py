"""My account: what a person may change about themselves."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from zoneinfo import available_timezones

from flask import Blueprint, Response, abort, request
from flask_babel import gettext, refresh
from flask_babel import lazy_gettext as _

from blueprints.shared import access, browsers, forms, language, organisation, pages
from blueprints.shared import activity as the_activity
from models import UserSession
from services import own_password, phone_numbers, sessions, users
from services.refused import N_, Refused

blueprint = Blueprint("account", __name__, url_prefix="/account")

NOT_THE_SAME = N_("This is not the same as above.")
ON_A_PAGE = 50  # entries of the activity
FIELDS_OF_PASSWORD = {"password": "new_password"}  # what the service calls it, and what the form does


class Place(NamedTuple):
    """One browser in which the person is signed in."""

    session: UserSession
    browser: str
    is_here: bool


class Details(forms.Form):
    name = forms.text(_("Your name"), needed=_("Give your name."))
    email = forms.text(_("E-mail address"))
    phone_number = forms.text(_("Your phone number"), most=40)
    language = forms.Choice(_("Language"))
    time_zone = forms.Choice(_("Time zone"))


class Password(forms.Form):
    old_password = forms.password(_("Your present password"), needed=_("Type your present password."))
    new_password = forms.password(_("New password"), needed=_("Choose a new password."))
    repeated = forms.password(_("The new password again"), needed=_("Type the new password a second time."))


@blueprint.get("")
def show() -> Response:
    return _page(_details(), Password())


@blueprint.post("")
def change_details() -> Response:
    form = _details()
    if not form.validate():
        return _page(form, Password(formdata=None), 422)
    try:
        users.change_details(
            access.person(),
            by=access.person(),
            name=form.name.text,
            email=form.email.text,
            phone_number=form.phone_number.text,
            language=form.language.text,
            time_zone=form.time_zone.text,
        )
    except Refused as refused:
        forms.add_refusal(form, refused)
        return _page(form, Password(formdata=None), 422)
    refresh()  # the confirmation already speaks the language that was chosen
    pages.say("good", gettext("Your account is saved."))
    return pages.go_to("/account")


@blueprint.post("/password")
def change_password() -> Response:
    """Every other browser in which the person is signed in is signed out."""
    form = Password()
    if form.validate() and form.new_password.text != form.repeated.text:
        forms.add_refusal(form, Refused(NOT_THE_SAME, field="repeated"))
    if form.errors:
        return _page(_details(), form, 422)
    person = access.person()
    try:
        token = own_password.change(
            person,
            form.old_password.text,
            form.new_password.text,
            request.user_agent.string,
            request.remote_addr or "",
        )
    except Refused as refused:
        refused.field = FIELDS_OF_PASSWORD.get(refused.field, refused.field)
        forms.add_refusal(form, refused)
        return _page(_details(), form, 422)
    access.remember(token)
    pages.say("good", gettext("Your password is changed. Elsewhere you are signed out."))
    return pages.go_to("/account")


@blueprint.get("/activity")
def activity() -> Response:
    told = the_activity.told(access.person(), ON_A_PAGE + 1, pages.place())
    return pages.page_only(
        "account/activity.html",
        deeds=told[:ON_A_PAGE],
        older=told[ON_A_PAGE - 1].id if len(told) > ON_A_PAGE else None,
    )


@blueprint.post("/sessions/<code>/end")
def end_session(code: str) -> Response:
    """Sign one browser out; it may be this one."""
    session = sessions.by_code(access.person(), code)
    if session is None:
        abort(404)
    is_here = session.code == access.signed_in().session.code
    sessions.end_by_hand([session], by=access.person())
    if is_here:
        access.forget()
        return pages.go_to("/sign-in")
    return _ended(gettext("That browser is signed out."))


@blueprint.post("/sessions/end-others")
def end_other_sessions() -> Response:
    here, everywhere = access.signed_in().session, sessions.list_for(access.person())
    sessions.end_by_hand([session for session in everywhere if session.code != here.code], by=access.person())
    return _ended(gettext("You are signed in here only."))


@blueprint.get("/stay")
def stay() -> Response:
    """The person is still there. That they asked is enough to keep the session, so there is nothing to do."""
    return pages.written("", 204) if pages.wants_fragment() else pages.go_to(pages.page_before())


def _ended(sentence: str) -> Response:
    pages.say("good", sentence)
    if not pages.wants_fragment():
        return pages.go_to("/account")
    return pages.fragment_only("account/_sessions.html", sessions=_sessions())


def _sessions() -> list[Place]:
    here = access.signed_in().session
    return [
        Place(session, browsers.in_words(session.browser), session.code == here.code)
        for session in sessions.list_for(access.person())
    ]


def _details() -> Details:
    """What the person typed, else what is stored."""
    person = access.person()
    stored = {
        "name": person.name,
        "email": person.email,
        "phone_number": phone_numbers.shown(person.phone_number),
        "language": person.language,
        "time_zone": person.time_zone,
    }
    is_sent = request.endpoint == "account.change_details"
    form = Details() if is_sent else Details(formdata=None, data=stored)
    usual = organisation.current()
    form.language.choices = [
        forms.option(
            "", gettext("As the organisation: %(language)s", language=language.NAMES[usual.language])
        ),
        *(forms.option(code, name) for code, name in language.NAMES.items()),
    ]
    form.time_zone.choices = [
        forms.option("", gettext("As the organisation: %(time_zone)s", time_zone=usual.time_zone)),
        *(forms.option(name, name.replace("_", " ")) for name in _time_zones()),
    ]
    return form


def _page(details: Details, password: Password, status: int = 200) -> Response:
    return pages.page_only(
        "account/show.html", status, details=details, password=password, sessions=_sessions()
    )


@cache
def _time_zones() -> tuple[str, ...]:
    """Cities only: Europe/London. Abbreviations and offsets are there for machines."""
    return tuple(
        sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    )
