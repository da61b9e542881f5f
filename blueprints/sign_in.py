"""Coming in and going out: sign-in, the password once more, sign-out, and the first administrator."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from blueprints.shared import access, browsers, forms, known_browser, pages
from models import User
from services import first_administrator, sessions
from services import sign_in as rules
from services.refused import N_, Refused

blueprint = Blueprint("sign_in", __name__)

WRONG_PASSWORD = N_("That is not your password. After several tries, wait a while.")
NOT_THE_SAME = N_("This is not the same as above.")


class SignIn(forms.Form):
    username = forms.text(_("User name"), needed=_("Type your user name."))
    password = forms.password(_("Password"))


class Again(forms.Form):
    password = forms.password(_("Password"))


class FirstAdministrator(forms.Form):
    username = forms.text(_("User name"), needed=_("Choose a user name."))
    name = forms.text(_("Your name"), needed=_("Give your name."))
    email = forms.text(_("E-mail address"), needed=_("Give your e-mail address."))
    password = forms.password(_("Password"), needed=_("Choose a password."))
    repeated = forms.password(_("The same password again"), needed=_("Type the password a second time."))


@blueprint.get("/sign-in")
@access.public
def sign_in() -> Response:
    if access.is_signed_in():
        return pages.go_to(_next())
    return _sign_in_page(SignIn())


@blueprint.post("/sign-in")
@access.public
def attempt() -> Response:
    """One text, one status and one duration for every way to fail, so that nobody learns which names exist."""
    form = SignIn()
    if not form.validate():
        return _sign_in_page(form, 422)
    username = form.username.text
    try:
        user = rules.attempt(
            username, form.password.text, _address(), known_browser=known_browser.is_known_for(username)
        )
    except rules.Wrong as refused:
        forms.add_refusal(form, refused)
        return _sign_in_page(form, 422)
    return _signed_in(user, _next())


@blueprint.post("/sign-out")
@access.public
def sign_out() -> Response:
    """Ends the row, so that a copy of the cookie is dead as well. Harmless for whoever is not signed in."""
    if access.is_signed_in():
        rules.sign_out(access.signed_in().session)
    access.forget()
    pages.say("good", gettext("You are signed out."))
    answer = pages.go_to("/sign-in")
    # Not "cache": nothing of ours but static files is ever stored there, and Chromium can take very long over
    # it. Not "cookies": the browser stays known, so that strangers cannot lock its owner out.
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


@blueprint.get("/sign-in/again")
def again() -> Response:
    return _again_page(Again())


@blueprint.post("/sign-in/again")
def prove_again() -> Response:
    """A fresh proof for dangerous actions. The session goes on under a new token."""
    form = Again()
    if not form.validate():
        return _again_page(form, 422)
    try:
        rules.prove_again(access.person(), form.password.text, _address())
    except rules.Wrong:
        forms.add_refusal(form, Refused(WRONG_PASSWORD, field="password"))
        return _again_page(form, 422)
    access.remember(sessions.rotate(access.signed_in().session))
    return pages.go_to(_next())


@blueprint.get("/first-administrator/<token>", endpoint="first_administrator")
@access.public
def first_administrator_page(token: str) -> Response:
    if not first_administrator.is_open(token):
        abort(404)
    return _first_administrator_page(FirstAdministrator())


@blueprint.post("/first-administrator/<token>")
@access.public
def create_first_administrator(token: str) -> Response:
    if not first_administrator.is_open(token):
        abort(404)
    form = FirstAdministrator()
    if not form.validate():
        return _first_administrator_page(form, 422)
    if form.password.text != form.repeated.text:
        forms.add_refusal(form, Refused(NOT_THE_SAME, field="repeated"))
        return _first_administrator_page(form, 422)
    try:
        user = first_administrator.create(
            token, form.username.text, form.name.text, form.email.text, form.password.text
        )
    except Refused as refused:
        forms.add_refusal(form, refused)
        return _first_administrator_page(form, 422)
    return _signed_in(user, "/")


def _sign_in_page(form: SignIn, status: int = 200) -> Response:
    return pages.page_only("sign_in/sign_in.html", status, form=form, next=_next())


def _again_page(form: Again, status: int = 200) -> Response:
    minutes = sessions.FRESH_SECONDS // 60
    return pages.page_only("sign_in/again.html", status, form=form, next=_next(), minutes=minutes)


def _first_administrator_page(form: FirstAdministrator, status: int = 200) -> Response:
    return pages.page_only("sign_in/first_administrator.html", status, form=form)


def _signed_in(user: User, url: str) -> Response:
    """A new session under a new token; one that this browser had before ends."""
    browser = request.user_agent.string
    new_browser = "" if known_browser.is_known_for(user.username) else browsers.in_words(browser)
    before = access.signed_in().session if access.is_signed_in() else None
    access.remember(rules.let_in(user, browser, _address(), new_browser, before))
    answer = pages.go_to(url)
    known_browser.remember(answer, user)
    return answer


def _next() -> str:
    return pages.same_site_path(request.values.get("next"))


def _address() -> str:
    return request.remote_addr or ""
