"""What iPhones, iPads and Macs hold and show of this portal, told to the services when it starts."""

from __future__ import annotations

import flask_babel
from flask import Flask
from flask_babel import gettext as _

from blueprints.shared import language, organisation
from models import Device
from services.apple import sites
from services.apple.sites import Signer, Site, Words


def init(app: Flask) -> None:
    config = app.config["MUSTER"]
    has_own = config.tls_certificate is not None and config.tls_key is not None
    signer = Signer(config.tls_certificate, config.tls_key) if has_own else None
    site = Site(app.config["PUBLIC_URL"], signer, app.config["TLS_ROOT"])
    sites.open_site(site, _in_the_owners_language)


def words() -> Words:
    """In the language of the page."""
    ours = organisation.current().organisation
    consent = _("%(organisation)s looks after this device: it sees its model, system, numbers, apps and profiles, and "
                "can lock it, empty it, or take its own part away. It sees no files, messages, pictures or pages.",
                organisation=ours)  # fmt: skip
    return Words(
        profile_name=_("%(organisation)s: device management", organisation=ours),
        consent=consent,
        whose=_("This device belongs to %(organisation)s.", organisation=ours),
    )


def _in_the_owners_language(device: Device) -> Words:
    wanted = (device.user.language, organisation.current().language)
    with flask_babel.force_locale(next((code for code in wanted if code in language.NAMES), "en")):
        return words()
