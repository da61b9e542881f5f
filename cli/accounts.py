"""flask create-admin: the way back in when nobody can administer any more."""

from __future__ import annotations

import click

from cli.readable import on_the_database
from models import Role, User, database
from services import permissions, users

NEEDED = {Role.USER_PORTAL, Role.ADMINISTRATOR}


@click.command("create-admin")
@click.argument("username")
@click.option("--name", help="As other people know them.")
@click.option("--email", default="", help="Their e-mail address.")
@click.option("--password", help="Asked for when it is not given, which keeps it out of the shell's history.")
@on_the_database
def create_admin(username: str, name: str | None, email: str, password: str | None) -> None:
    """Create an administrator, or make an account one again with a new password."""
    user = users.find(username)
    if user is None:
        name = name or click.prompt("Name", default=username)
    password = password or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if user is None:
        users.create(username, name or username, email, password, NEEDED, by=None)
        click.echo(f"{username} can sign in and administer.")
    else:
        _let_back_in(user, password)
        click.echo(f"{username} can sign in with the new password and administer.")


def _let_back_in(user: User, password: str) -> None:
    password_hash = users.new_hash(user, password)  # before the transaction, which must not wait for it
    with database.atomic():
        users.store_password(user, password_hash, by=None)
        users.set_roles(user, permissions.roles_of(user) | NEEDED, by=None)
        if user.is_disabled:
            users.enable(user, by=None)
