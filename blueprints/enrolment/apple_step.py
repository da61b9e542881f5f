"""What an iPhone, iPad or Mac needs to join: the profile, and the way through its settings."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, current_app

from blueprints.enrolment import journey
from blueprints.shared import apple_site, pages
from mdm.apple import profile
from models import Device, Platform
from services import enrolment_tokens
from services.apple import profiles, sites, tls_root
from services.channels import apple


def context(device: Device, token: str) -> dict[str, Any]:
    """For enrolment/_install_apple.html."""
    server = current_app.config["PUBLIC_URL"]
    return {
        "minutes": enrolment_tokens.TOKEN_SECONDS // 60,
        "is_unprotected": not server.startswith("https://"),
        "root": sites.the_site().root,
        "is_mac": device.platform == Platform.MACOS,
    }


def afterwards(device: Device) -> dict[str, Any]:
    """For enrolment/_after_apple.html."""
    return {"is_mac": device.platform == Platform.MACOS}


def download() -> Response:
    """The profile, for the browser that accepted the terms. Looking at it uses nothing up: SCEP does."""
    registration = journey.proved()
    if registration is None or registration.device.channel != apple.NAME:
        return pages.go_to("/go")
    token = journey.token_earned(registration)
    if token is None:
        return pages.go_to("/go/install")
    body = profiles.enrolment_profile(registration.device, token, sites.the_site(), apple_site.words())
    response = Response(body, content_type=profile.CONTENT_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{profile.FILE_NAME}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def root() -> Response:
    """The certificate of the organisation's own authority. It is no secret: a device has to trust it before all else."""
    known = sites.the_site().root
    if known is None:
        abort(404)
    response = Response(known.certificate, content_type=tls_root.CONTENT_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{tls_root.FILE_NAME}"'
    return response
