"""Generate QR Code: the code, the same link as text, shown once."""

from __future__ import annotations

import re

import pytest

from blueprints.shared import qr
from models import Registration
from services import codes, settings

URL = "/registrations/qr"


def test_htmx_shows_the_code_and_its_link(visit, alice, mailbox):
    answer = visit(alice).post(URL, htmx=True, platform="linux")
    assert answer.status == 200
    assert not answer.is_page
    link = answer.one("#link-text").get_text()
    assert re.fullmatch(r"http://localhost/go/[\w-]{22,}", link)
    assert codes.digest(link.rpartition("/")[2]) == Registration.get().link_hash
    field = answer.one("#link")
    assert field["value"] == link
    assert field.has_attr("readonly")
    assert answer.one("[data-copy]")["data-copy"] == "#link"
    picture = answer.one("svg.code")
    assert picture["role"] == "img"
    assert picture["aria-label"] == "QR code that opens the registration of your Linux computer"
    assert picture["shape-rendering"] == "crispEdges"
    assert str(picture) == str(type(answer.soup)(qr.svg(link, picture["aria-label"]), "html.parser"))
    assert answer.headers["HX-Trigger"] == "device-changed"
    assert [form["action"].rpartition("/")[2] for form in answer.soup.select("form")] == ["qr", "cancel"]
    assert "That is 4 hours from now." in answer.words("#register")
    assert not mailbox()


def test_a_browser_sees_it_once_and_a_reload_offers_to_renew(visit, alice):
    browser = visit(alice)
    location = browser.post(URL, platform="linux").location
    assert browser.get(location).soup.select("svg.code")
    again = browser.get(location)
    assert not again.soup.select("svg.code, #link")
    assert "The code was shown once" in again.words("#register")
    assert again.words("#register form button") == "Renew the code"


def test_renewing_ends_the_old_link(visit, alice):
    browser = visit(alice)
    old = browser.post(URL, htmx=True, platform="linux").one("#link")["value"]
    registration = Registration.get()
    new = browser.post(f"/registrations/{registration.code}/qr", htmx=True).one("#link")["value"]
    assert new != old
    assert Registration.get().link_hash == codes.digest(new.rpartition("/")[2])


def test_where_a_pin_is_asked_for_it_stands_beside_the_code(visit, alice):
    settings.put("proof_linux", "both", by=None)
    answer = visit(alice).post(URL, htmx=True, platform="linux")
    assert len(answer.one(".pin").get_text()) == 6
    assert "Type the PIN and your password." in answer.words("ol")


def test_switched_off_it_is_refused(visit, alice):
    settings.put("qr_registration", "off", by=None)
    answer = visit(alice).post(URL, htmx=True, platform="linux")
    assert answer.status == 422
    assert answer.error_of("way") == "This way is switched off here. Choose another."


@pytest.mark.parametrize("length", [10, 60, 200])
def test_the_code_is_whole_and_has_its_quiet_zone(length):
    svg = str(qr.svg("x" * length, 'a "label" <b>'))
    size = int(re.search(r'viewBox="0 0 (\d+) \1"', svg)[1])
    runs = [tuple(map(int, run)) for run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", svg)]
    assert (size - 8 - 17) % 4 == 0
    assert min(x for x, _, _ in runs) == min(y for _, y, _ in runs) == 4
    assert max(x + width for x, _, width in runs) == size - 4
    assert "<b>" not in svg
