"""A forgotten password: asking for a link by mail, and the page behind it."""

from __future__ import annotations

from flask import Blueprint, Response, request, session
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from blueprints.shared import access, forms, pages
from models import User
from services import password_links, sessions
from services.refused import N_, Refused

blueprint = Blueprint("passwords", __name__)

KEY = "set_password"  # under it the browser's cookie keeps the digest of the link that was opened here
NOT_THE_SAME = N_("This is not the same as above.")


class Forgotten(forms.Form):
    account = forms.text(_("User name or e-mail address"), needed=_("Type your user name or e-mail address."))


class NewPassword(forms.Form):
    password = forms.password(_("New password"), needed=_("Choose a new password."))
    repeated = forms.password(_("The new password again"), needed=_("Type the new password a second time."))


@blueprint.get("/forgotten-password")
@access.public
def forgotten() -> Response:
    return pages.page_only("passwords/forgotten.html", form=Forgotten())


@blueprint.post("/forgotten-password")
@access.public
def ask() -> Response:
    """One answer, whether or not there is such an account."""
    form = Forgotten()
    if not form.validate():
        return pages.page_only("passwords/forgotten.html", 422, form=form)
    password_links.ask(form.account.text, request.remote_addr or "")
    pages.say(
        "wait",
        gettext(
            "If there is such an account and we know its e-mail address, a mail with a link is on its way there. "
            "The link works once, for an hour."
        ),
    )
    return pages.go_to("/sign-in")


@blueprint.get("/set-password/<token>", endpoint="open")
@access.public
def open_link(token: str) -> Response:
    """The link goes out of the address bar into a cookie, as a digest. Nothing is used up by looking."""
    digest = password_links.digest_of(token)
    if password_links.account_behind(digest) is None:
        return _dead()
    session[KEY] = digest
    return pages.go_to("/set-password")


@blueprint.get("/set-password", endpoint="choose")
@access.public
def choose() -> Response:
    user = _account()
    return _dead() if user is None else _page(user, NewPassword())


@blueprint.post("/set-password", endpoint="set")
@access.public
def set_password() -> Response:
    """Every session of the account ends; the person signs in with the new password."""
    user, form = _account(), NewPassword()
    if user is None:
        return _dead()
    if form.validate() and form.password.text != form.repeated.text:
        forms.add_refusal(form, Refused(NOT_THE_SAME, field="repeated"))
    if form.errors:
        return _page(user, form, 422)
    try:
        password_links.use(session[KEY], form.password.text)
    except password_links.Dead:
        return _dead()
    except Refused as refused:
        forms.add_refusal(form, refused)
        return _page(user, form, 422)
    if access.is_signed_in():  # perhaps as somebody else
        sessions.end(access.signed_in().session)
    access.forget()
    pages.say(
        "good", gettext("Your new password is set. Sign in with it; everywhere else you are signed out.")
    )
    return pages.go_to("/sign-in")


def _account() -> User | None:
    """Whose link was opened in this browser, if it still lives."""
    return password_links.account_behind(session.get(KEY, ""))


def _page(user: User, form: NewPassword, status: int = 200) -> Response:
    return pages.page_only("passwords/set.html", status, user=user, form=form)


def _dead() -> Response:
    session.pop(KEY, None)
    return pages.page_only("passwords/dead.html", 410, why=forms.sentence(password_links.Dead()))
