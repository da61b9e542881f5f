"""flask migrate: bring the tables up to date."""

from __future__ import annotations

import click

from cli.readable import one_line
from services import database


@click.command("migrate")
def migrate() -> None:
    """Bring the database up to date; make it if there is none."""
    with one_line():
        applied = database.migrate()
    for name in applied:
        click.echo(f"Applied {name}")
    if not applied:
        click.echo("The database is up to date.")
