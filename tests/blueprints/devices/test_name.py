"""A name of one's own for a device."""

from __future__ import annotations

from models import AuditEntry, Device


def test_the_form_has_the_present_name(visit, alice, a_device):
    device = a_device(alice)
    answer = visit(alice).get(f"/devices/{device.code}/name")
    assert answer.one("#name")["value"] == "ThinkPad X1"
    assert not visit(alice).get(f"/devices/{device.code}/name", htmx=True).is_page


def test_a_new_name_stands_everywhere(visit, alice, a_device):
    device = a_device(alice)
    browser = visit(alice)
    answer = browser.post(f"/devices/{device.code}/name", name="  Alice's  laptop ")
    assert (answer.status, answer.location) == (303, f"/devices/{device.code}")
    page = browser.get(answer.location)
    assert page.words("h1") == "Alice's laptop"
    assert "It is called Alice's laptop now." in page.words("#messages")
    assert AuditEntry.select().where(AuditEntry.action == "device:name:changed").count() == 1


def test_htmx_is_sent_on(visit, alice, a_device):
    device = a_device(alice)
    answer = visit(alice).post(f"/devices/{device.code}/name", htmx=True, name="Mine")
    assert (answer.status, answer.headers["HX-Redirect"]) == (204, f"/devices/{device.code}")


def test_nothing_goes_back_to_the_model(visit, alice, a_device):
    device = a_device(alice, name="Mine")
    visit(alice).post(f"/devices/{device.code}/name", name="")
    assert Device.get_by_id(device.id).name == "ThinkPad X1"


def test_a_name_that_another_device_has_is_refused_beside_the_field(visit, alice, a_device):
    a_device(alice, name="Mine", name_search="mine")
    device = a_device(alice)
    for htmx in (False, True):
        answer = visit(alice).post(f"/devices/{device.code}/name", htmx=htmx, name="MINE")
        assert answer.status == 422
        assert answer.is_page is not htmx
        assert answer.error_of("name") == "You already have a device called MINE. Choose another name."
        assert answer.one("#name")["value"] == "MINE"
        assert answer.one("#name")["aria-invalid"] == "true"
    assert Device.get_by_id(device.id).name == "ThinkPad X1"


def test_only_the_owner_names_a_device(visit, alice, bob, carol, dave, a_device):
    url = f"/devices/{a_device(alice).code}/name"
    for person, status in ((bob, 404), (dave, 403), (carol, 403)):
        assert visit(person).get(url).status == status
        assert visit(person).post(url, name="Mine").status == status
    assert visit(None).get(url).status == 303


def test_a_device_that_has_left_keeps_its_name(visit, alice, a_device):
    assert visit(alice).post(f"/devices/{a_device(alice, 'wiped').code}/name", name="x").status == 409
