"""flask init-ca and flask apple: what iPhones, iPads and Macs need of us before the first one comes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from cli.readable import on_the_database, one_line
from services import database, device_authority, devices
from services.apple import push_certificates, pushes, renewing
from services.refused import Refused


@click.command("init-ca")
@with_appcontext
def init_ca() -> None:
    """Make the authority that signs the certificates of iPhones, iPads and Macs; once."""
    with one_line():
        database.migrate()
    database.connect()
    made = device_authority.create()
    click.echo("The device authority is made." if made else "There is a device authority already.")


@click.group("apple")
def apple() -> None:
    """The push certificate of iPhones, iPads and Macs, and the certificates of the devices themselves."""


@apple.command("push-csr")
@click.option("--email", required=True, help="Your address, for the request.")
@click.option("--file", "path", default="push.csr", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def push_csr(email: str, path: Path) -> None:
    """Write a request for a push certificate, the first one or a renewal. Its key stays here, sealed."""
    with one_line():
        database.migrate()
    database.connect()
    is_again = push_certificates.is_asked_for()
    path.write_bytes(push_certificates.request(email))
    click.echo(f"Wrote {path}. Have it signed by a vendor, then take it to identity.apple.com/pushcert")
    if is_again:
        click.echo(
            "It is for the same key as the request before: the certificate of either can be installed."
        )
    click.echo(
        "To renew, choose Renew there beside the certificate in use: a new one would lose every device."
    )


@apple.command("push-cert")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def push_cert(path: Path) -> None:
    """Install what Apple issued (PEM)."""
    with one_line():
        database.migrate()
    database.connect()
    try:
        installed = push_certificates.install(path.read_bytes())
    except Refused as refused:
        raise click.ClickException(str(refused)) from None
    ends = datetime.fromtimestamp(installed.ends_at, UTC)
    click.echo(f"Installed. Topic {installed.topic}; it ends on {ends:%Y-%m-%d}.")
    if count := pushes.out_of_reach():
        click.echo(
            f"Devices that can never be woken, and have to join again, since they joined before: {count}."
        )


@apple.command("renew")
@click.argument("codes", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help="Every device that has joined by Apple's protocol.")
@with_appcontext
@on_the_database
def renew(codes: tuple[str, ...], everybody: bool) -> None:
    """Have devices (by the code in their page's address) fetch a new certificate and the present profile.

    Muster asks each of them by itself 60 days before its certificate ends. This is for when the organisation's name
    has changed, or its own certificate.
    """
    if bool(codes) == everybody:
        raise click.UsageError("Name devices by their codes, or say --all.")
    if everybody:
        click.echo(f"Asked: {renewing.ask_all()}.")
        return
    for code in codes:
        device = devices.by_code(code)
        if device is None:
            raise click.ClickException(f"There is no device {code}.")
        try:
            renewing.ask(device)
        except Refused as refused:
            raise click.ClickException(f"{code}: {refused}") from None
        click.echo(f"Asked {code}. It renews when it next comes by.")
