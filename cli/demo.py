"""flask demo: a portal with made-up people, and a command that enrols this very computer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from cli import demo_organisation, demo_phone, server
from cli.readable import one_line
from config import Config
from services import database, device_authority

REAL_DATA = Path("./data")
DEMO_DATA = Path("./demo-data")


@click.command("demo")
@with_appcontext
def demo() -> None:
    """Try Muster: made-up people with passwords, on PORT (8000), in MUSTER_DATA (./demo-data)."""
    from app import create_app  # app imports this package

    config: Config = current_app.config["MUSTER"]
    if config.data == REAL_DATA.resolve():  # nobody said another one, and this one is for the real portal
        config = replace(config, data=DEMO_DATA.resolve())
    server.refuse_unsafe_sqlite()
    with one_line():
        app = create_app(config, demo=True)
        server.take_data_folder(config)
        server.refuse_taken_port(config)
        database.migrate()
        database.connect()
        device_authority.create()
        demo = demo_organisation.prepare(config.data, config.public_url)
        profile = demo_phone.prepare(config.data, config.public_url)

    def when_ready() -> None:
        demo_phone.start(config.data, profile)
        click.echo(_welcome(demo, config))

    server.run(app, config, when_ready)
    click.echo("\nMuster has stopped. The demo's data stays; run it again to go on.")


def _welcome(demo: demo_organisation.Demo, config: Config) -> str:
    people = "\n".join(
        f"  {person['name']:<7} {person['password']:<30} {person['full_name']}: {person['about']}"
        for person in demo.users
    )
    joining = f"  {demo.agent_command}" if demo.agent_command else f"  {demo.why_no_command}"
    return f"""
Muster, the demo of {demo_organisation.NAME}, is at

  {config.public_url}

Sign in as

{people}

To enrol this computer for Alice, paste this into another terminal (it works once, for an hour):

{joining}

Alice also has an iPhone. It is a simulation: a program that speaks Apple's protocol and obeys within seconds.

Mails are not sent unless a mail server is set: Carol reads them at {config.public_url}/admin/messages
The data is in {config.data}. Ctrl-C stops the demo and keeps it.
"""
