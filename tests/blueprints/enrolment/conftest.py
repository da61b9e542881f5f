"""Registrations that really wait, and browsers that have come some way on /go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import Proof, User, Way
from services import registrations, settings
from services.registrations import Issued
from tests.conftest import PASSWORD, Visitor

Invite = Callable[..., Issued]
Travel = Callable[..., Visitor]

LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"
ANDROID = "Mozilla/5.0 (Linux; Android 16; Pixel 8) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36"


@pytest.fixture
def invite(app: Any) -> Invite:
    """invite(alice): a registration that waits on /go, with the secrets that were given out for it."""

    def make(
        owner: User,
        platform: str = "linux",
        way: Way = Way.INVITATION,
        by: User | None = None,
        proof: Proof | None = None,
    ) -> Issued:
        if proof is not None:
            settings.put(f"proof_{platform}", proof, by=None)
        return registrations.start(owner, platform, way, by=by or owner)

    return make


@pytest.fixture
def travel(visit: Callable[[User | None], Visitor]) -> Travel:
    """travel(issued, "terms"): a stranger's browser that opened the link and stands at that step."""

    def go(issued: Issued, step: str = "you") -> Visitor:
        browser = visit(None)
        assert browser.get(f"/go/{issued.link}").location == "/go"
        if step in ("terms", "install"):
            assert browser.post("/go", password=PASSWORD, pin=issued.pin or "").location == "/go/terms"
        if step == "install":
            assert browser.post("/go/terms", accepted="yes").location == "/go/install"
        return browser

    return go
