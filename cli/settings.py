"""flask setting: what the organisation decided."""

from __future__ import annotations

import click

from cli.readable import on_the_database
from services import setting_rules, settings


@click.group("setting")
def setting() -> None:
    """Show or change what the organisation decides."""


@setting.command("list")
@on_the_database
def list_all() -> None:
    """Every setting, its value and what it means."""
    now = settings.load()
    for key, rule in setting_rules.RULES.items():
        mark = " " if getattr(now, key) == getattr(settings.DEFAULTS, key) else "*"
        click.echo(f"{mark} {key} = {_shown(key, getattr(now, key))}")
        click.echo(f"    {rule.meaning}")
    click.echo("\n* differs from the default")


@setting.command("get")
@click.argument("key")
@on_the_database
def get(key: str) -> None:
    """One setting, its value alone."""
    if key not in setting_rules.RULES:
        raise click.ClickException(f"There is no setting called {key}.")
    click.echo(_shown(key, getattr(settings.load(), key)))


@setting.command("set")
@click.argument("key")
@click.argument("value", required=False)
@on_the_database
def change(key: str, value: str | None) -> None:
    """Change one setting. It counts from the next request on.

    Without a value it is asked for, so that a secret does not stay in the shell's history.
    """
    if value is None:
        is_secret = key in setting_rules.SECRETS
        value = click.prompt(key, hide_input=is_secret, default="", show_default=False)
    settings.put(key, value, by=None)
    click.echo(f"{key} = {_shown(key, getattr(settings.load(), key))}")


def _shown(key: str, value: object) -> str:
    if key in setting_rules.SECRETS:
        return str(value) or "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)
