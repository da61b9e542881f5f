"""The steps on the device, and their pictures, are the same beside PIN and QR code, under an invitation, and on /go."""

from __future__ import annotations

import pytest

from blueprints.shared import instructions
from models import Platform, Way
from services import channels, registrations, settings
from tests.conftest import PASSWORD


def items(answer, selector):
    return [
        " ".join(item.get_text().split()) for item in answer.soup.select(f"{selector} ol:not(.steps) > li")
    ]


def pictures(answer):
    """Which drawing stands in which step: {4: "phone-allow"}, the first step being 1."""
    return {
        number: item.select_one("svg.picture[aria-hidden=true] use")["href"].partition("#")[2]
        for number, item in enumerate(
            answer.soup.select("main ol:not(.steps) > li, #register ol > li"), start=1
        )
        if item.svg
    }


def said(app, make, *arguments):
    with app.test_request_context():
        return [" ".join(step.text.striptags().split()) for step in make(*arguments)]


@pytest.mark.parametrize("platform", channels.TABLE)
def test_one_source(app, visit, alice, platform):
    settings.put(f"proof_{platform}", "both", by=None)
    whole = said(app, instructions.steps, platform, "both", "alice")
    assert len(set(whole)) == len(whole) > 4
    assert "http://localhost/go" in whole[0]
    assert "alice" in whole[0]
    for way in Way:
        answer = visit(alice).post(f"/registrations/{way}", htmx=True, platform=platform)
        assert items(answer, "#register") == whole
    issued = registrations.start(alice, platform, Way.INVITATION, by=alice)
    browser = visit(None)
    browser.get(f"/go/{issued.link}")
    assert items(browser.get("/go"), "main") == whole[1:]


def test_once_the_terms_are_accepted_the_rest_is_left(app, visit, alice):
    browser = visit(None)
    issued = registrations.start(alice, Platform.WINDOWS, Way.INVITATION, by=alice)
    browser.get(f"/go/{issued.link}")
    browser.post("/go", password=PASSWORD)
    browser.post("/go/terms", accepted="yes")
    rest = said(app, instructions.on_the_device, Platform.WINDOWS, "alice")
    assert items(browser.get("/go/install"), "#install-agent") == rest
    assert rest[0].startswith("Open PowerShell")


@pytest.mark.parametrize(
    ("platform", "names"),
    [
        ("ios", ["phone-allow", "phone-settings", "phone-install", "phone-trust"]),
        ("macos", ["mac-allow", "mac-file", "mac-settings", "mac-install"]),
        ("linux", []),
    ],
)
def test_each_step_in_safari_and_settings_has_its_picture(visit, alice, platform, names):
    for way in Way:
        answer = visit(alice).post(f"/registrations/{way}", htmx=True, platform=platform)
        assert pictures(answer) == dict(enumerate(names, start=4))
    issued = registrations.start(alice, platform, Way.INVITATION, by=alice)
    browser = visit(None)
    browser.get(f"/go/{issued.link}")
    assert pictures(browser.get("/go")) == dict(enumerate(names, start=3))
    browser.post("/go", password=PASSWORD)
    browser.post("/go/terms", accepted="yes")
    assert pictures(browser.get("/go/install")) == dict(enumerate(names, start=1))


def test_a_picture_has_its_size_before_it_is_there(visit, alice):
    answer = visit(alice).post("/registrations/pin", htmx=True, platform="ios")
    assert {(svg["width"], svg["height"]) for svg in answer.soup.select("svg.picture")} == {("160", "120")}


def test_a_name_with_html_stays_text(app):
    with app.test_request_context():
        assert "&lt;b&gt;" in instructions.steps("linux", "pin", "<b>")[0].text
