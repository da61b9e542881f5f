"""Who may call what. Everything is refused to strangers unless its view is marked `public`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import quote

from flask import Flask, Response, abort, current_app, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from blueprints.shared import organisation, pages, security
from models import Device, Registration, Role, User
from services import devices, looks, permissions, registrations, sessions
from services.permissions import Action
from services.refused import Forbidden
from services.sessions import SignedIn

View = TypeVar("View", bound=Callable[..., Any])


class Visitor(UserMixin):  # type: ignore[misc]
    """What Flask-Login knows of somebody who is signed in. Their id is the session's token, not the user's."""

    def __init__(self, token: str, signed_in: SignedIn) -> None:
        self.token = token
        self.signed_in = signed_in

    def get_id(self) -> str:
        return self.token


def init(app: Flask) -> None:
    """Flask-Login reads the session's token from the cookie; we ask who is there before every request."""
    manager = LoginManager()
    manager.session_protection = None  # the session row is what counts; an address may change on the way
    manager.user_loader(_visitor)
    manager.init_app(app)
    app.before_request(refuse_strangers)


def public(view: View) -> View:
    """Marks a view that strangers may call."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def is_public(endpoint: str | None) -> bool:
    view = current_app.view_functions.get(endpoint or "")
    return bool(getattr(view, "is_public", False))


def refuse_strangers() -> Response | None:
    """Default deny: whoever is not signed in gets to public views and to nothing else."""
    if request.endpoint is None or is_public(request.endpoint):
        return None  # without an endpoint there is nothing to protect: the answer will be 404 or 405
    if not is_signed_in():
        return pages.must_sign_in("/sign-in?next=" + quote(_way_back(), safe="/"))
    if not pages.is_poll():
        sessions.touch(signed_in().session)
    return None


def is_signed_in() -> bool:
    return bool(current_user.is_authenticated)


def signed_in() -> SignedIn:
    """The person, their session and their roles. Only for views that are not public."""
    return cast(SignedIn, current_user.signed_in)


def person() -> User:
    """Who is asking."""
    return signed_in().user


def may_register() -> bool:
    """May they register devices of their own?"""
    return Role.REGISTER in signed_in().roles


def remember(token: str) -> None:
    """Put the token of a session that was just started into a cookie that holds nothing else."""
    loaded = _visitor(token)
    if loaded is None:
        raise RuntimeError("the session that was just started does not load")
    session.clear()  # what a stranger put there before (fixation) ends here
    login_user(loaded)


def forget() -> None:
    logout_user()
    session.clear()


def needs(*roles: Role) -> None:
    """Raises Forbidden (403) unless the person has one of these roles."""
    if not signed_in().roles & set(roles):
        raise Forbidden()


def helpers_only() -> None:
    """What a blueprint of the help desk and administrators asks before each of its requests."""
    if is_signed_in():
        needs(Role.HELP_DESK, Role.ADMINISTRATOR)


def fresh() -> None:
    """Ask for the password again if it was given too long ago; then the person comes back to this page."""
    if not sessions.is_fresh(signed_in().session):
        abort(pages.go_to("/sign-in/again?next=" + quote(request.path, safe="/")))


def own_device(code: str) -> Device:
    """The person's own device. For everybody else it does not exist."""
    device = devices.by_code(code)
    if device is None or device.user_id != person().id:
        abort(404)
    return device


def visible_device(code: str) -> Device:
    """A device of the person, or any for the help desk and administrators: that they looked is written down."""
    device = devices.by_code(code)
    if device is None or not permissions.may_see(person(), device):
        abort(404)
    looks.note_device(device, by=person())
    return device


def device_for(code: str, action: Action) -> Device:
    """The same, if the person may do this to it: that is asked before anything they typed is looked at."""
    device = visible_device(code)
    permissions.check(person(), device, action)
    return device


def registration(code: str) -> Registration:
    """The person's own registration, or one that they may send again for its owner."""
    found = registrations.by_code(code)
    if found is None:
        abort(404)
    if found.user_id != person().id and not permissions.may_resend_for(person(), found.user):
        abort(404)
    return found


def own_registration(code: str) -> Registration:
    """One's own. Raises Forbidden for those who may only send it again."""
    found = registration(code)
    if found.user_id != person().id:
        raise Forbidden()
    return found


def _visitor(token: str) -> Visitor | None:
    loaded = sessions.load(token, organisation.current())
    return Visitor(token, loaded) if loaded else None


def _way_back() -> str:
    """Where to go after sign-in. What was to be changed is not repeated: the page it stood on is shown."""
    if request.method in security.UNSAFE or pages.wants_fragment():
        return pages.page_before()
    return pages.same_site_path(request.full_path.rstrip("?"))
