"""/admin/messages: administrators read that the push certificate ends, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from models import User
from tests import push_service
from tests.conftest import Clock, Visitor
from tests.push_service import Authority

Visit = Callable[[User | None], Visitor]
PAGE = "/admin/messages"
BOX = "#push-certificate"


@pytest.mark.parametrize(
    ("days_left", "look", "says"),
    [
        (30, "wait", "The push certificate ends in 30 days, on "),
        (7, "bad", "The push certificate ends in 7 days, on "),
        (0.5, "bad", "The push certificate ends in 1 day, on "),
        (-1, "bad", "The push certificate ended on "),
    ],
)
def test_the_administrator_reads_what_is_to_be_done(
    visit: Visit, carol: User, clock: Clock, tmp_path: Path, days_left: float, look: str, says: str
) -> None:
    push_service.install(Authority(tmp_path), clock, days_left)
    page = visit(carol).get(PAGE)
    assert page.one(BOX)["class"] == ["msg", look]
    assert page.words(BOX).startswith(says)
    assert page.one(f"{BOX} time")
    assert "can no longer wake iPhones, iPads and Macs" in page.words(BOX)
    assert "Renew it at identity.apple.com/pushcert" in page.words(BOX)


def test_the_help_desk_is_not_told(visit: Visit, dave: User, clock: Clock, tmp_path: Path) -> None:
    push_service.install(Authority(tmp_path), clock, days_left=-1)
    page = visit(dave).get(PAGE)
    assert page.status == 200
    assert "push certificate" not in page.text


def test_while_all_is_well_there_is_no_box(visit: Visit, carol: User, clock: Clock, tmp_path: Path) -> None:
    assert visit(carol).get(PAGE).soup.select(BOX) == []
    push_service.install(Authority(tmp_path), clock, days_left=31)
    assert visit(carol).get(PAGE).soup.select(BOX) == []
