"""flask serve: the portal, ready for people."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from cli import server
from cli.readable import one_line
from config import Config
from services import database, device_authority, first_administrator


@click.command("serve")
@with_appcontext
def serve() -> None:
    """Bring the database up to date, then run the web server and the worker until Ctrl-C or SIGTERM."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    config: Config = app.config["MUSTER"]
    server.refuse_unsafe_sqlite()
    server.take_data_folder(config)
    server.refuse_taken_port(config)
    with one_line():
        database.migrate()
    database.connect()
    device_authority.create()
    lines = [f"Muster is at {config.public_url}"]
    if first_administrator.is_wanted():
        token = first_administrator.open_link()
        lines += [
            "There is no administrator yet. Create the first one here (it works once, for 24 hours):",
            f"{config.public_url}/first-administrator/{token}",
        ]
    server.run(app, config, when_ready=lambda: click.echo("\n".join(lines)))
