"""flask audit: is what it says still what was written?"""

from __future__ import annotations

import click

from cli.readable import on_the_database
from models import AuditEntry
from services import audit as chain


@click.group("audit")
def audit() -> None:
    """Look after the audit."""


@audit.command("verify")
@on_the_database
def verify() -> None:
    """Walk the whole chain and name every entry that was changed, removed or inserted."""
    problems = chain.verify()
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.ClickException(f"The audit is not whole: {len(problems)} problems.")
    click.echo(f"The audit is whole: {AuditEntry.select().count()} entries.")
