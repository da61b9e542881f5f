"""Home: the sentence, the roll, the limit, the panel."""

from __future__ import annotations

import re

import pytest

from blueprints.shared import home
from models import Device, Ownership, Role, Status, Way
from services import settings, users


def rows_of(answer):
    return [item["id"].removeprefix("device-") for item in answer.soup.select("#devices > .roll > li")]


def test_alice_sees_her_devices_and_the_sentence_first(visit, alice, a_device, a_registration):
    active = a_device(alice, name="iPhone 14 Pro", os_name="iOS", os_version="17.4.1")
    company = a_device(alice, name="ThinkPad X1", ownership=Ownership.COMPANY)
    pending = a_device(alice, Status.PENDING, name="Pixel 8", model="Pixel 8")
    a_registration(alice, pending)
    answer = visit(alice).get("/")
    assert answer.status == 200
    assert answer.is_page
    assert answer.one("h1").get_text() == "Your devices"
    assert (
        answer.words(".lead") == "Three devices. Two are in good order, and the Pixel 8 is waiting for you ."
    )
    assert answer.one(".lead mark").get_text() == "the Pixel 8 is waiting for you"
    assert rows_of(answer) == [pending.code, company.code, active.code]
    assert answer.words(f"#device-{active.code} p") == "iOS 17.4.1, yours. Last check-in just now ."
    assert "belongs to Your organisation" in answer.words(f"#device-{company.code} p")
    assert answer.one(f"#device-{active.code} .name")["href"] == f"/devices/{active.code}"
    assert answer.words(f"#device-{active.code} .status") == "Active"


def test_alice_may_register_and_bob_may_not(visit, alice, bob):
    assert visit(alice).get("/").one("#register h2").get_text() == "Register a device"
    answer = visit(bob).get("/")
    assert not answer.soup.select("#register")
    assert "Nothing here yet, Bob" in answer.words(".lead")
    assert "may not register" in answer.words(".lead")


def test_an_empty_home_says_what_to_do_first(visit, alice):
    answer = visit(alice).get("/")
    assert "Nothing here yet, Alice. Register your first device below." in answer.words(".lead")
    assert answer.one("#see-title").get_text() == "What Your organisation can see"


def test_bob_is_told_whom_to_ask(visit, bob):
    settings.put("help_desk_phone", "020 7946 0123", by=None)
    assert visit(bob).get("/").one("#devices .lead a")["href"] == "tel:02079460123"


def test_bob_sees_his_own_device_only(visit, alice, bob, a_device):
    hers, his = a_device(alice), a_device(bob)
    answer = visit(bob).get("/")
    assert rows_of(answer) == [his.code]
    assert f"/devices/{hers.code}" not in answer.text
    assert answer.words(".lead") == "One device. It is in good order."


def test_htmx_gets_the_list_alone(visit, alice, a_device):
    a_device(alice)
    answer = visit(alice).get("/", htmx=True)
    assert not answer.is_page
    assert answer.one("#devices")["data-hx-trigger"] == "device-changed from:body"
    assert answer.headers["Vary"] and "HX-Request" in answer.headers["Vary"]
    assert not answer.soup.select("#register")


def test_a_stranger_signs_in_first(visit):
    assert visit(None).get("/").location == "/sign-in?next=/"


def test_another_method_is_refused(visit, alice):
    assert visit(alice).post("/").status == 405


@pytest.mark.parametrize(
    ("statuses", "sentence"),
    [
        (["active"] * 2, "Two devices. Both are in good order."),
        (["active"] * 3, "Three devices. All are in good order."),
        (["active"] * 14, "14 devices. All are in good order."),
        (["pending"], "One device. The Linux computer is waiting for you ."),
        (["pending", "verified"], "Two devices. Two are waiting for you ."),
        (["enrolling"], "One device. The Linux computer is joining ."),
        (["active", "lost"], "Two devices. One is in good order, and the ThinkPad X1 is reported lost ."),
        (
            ["wipe_pending", "blocked"],
            "Two devices. The ThinkPad X1 is blocked , and the ThinkPad X1 is about to be wiped.",
        ),
        (["retired"], "No device of yours is registered now."),
    ],
)
def test_the_sentence_fits_what_is_there(visit, alice, a_device, statuses, sentence):
    for status in statuses:
        a_device(alice, status)
    assert visit(alice).get("/").words(".lead") == sentence


def test_a_name_of_ones_own_takes_no_article(visit, alice, a_device):
    a_device(alice, "lost", name="Alice's laptop")
    a_device(alice)
    assert "and Alice's laptop is reported lost" in visit(alice).get("/").words(".lead")


@pytest.mark.parametrize(
    ("way", "sentence", "button", "path"),
    [
        (Way.INVITATION, "Open the invitation on the device before", "Send it again", "reminder"),
        (Way.PIN, "Type the PIN on the device before", "Renew the PIN", "pin"),
        (Way.QR, "Scan the code or open its link on the device before", "Renew the code", "qr"),
    ],
)
def test_a_pending_device_says_what_to_do_by_when(visit, alice, a_registration, way, sentence, button, path):
    registration = a_registration(alice, way=way)
    answer = visit(alice).get("/")
    card = f"#device-{registration.device.code}"
    assert answer.words(f"{card} > p").startswith(sentence)
    assert "today" in answer.words(f"{card} > p time")
    again, cancel = answer.soup.select(f"{card} form")
    assert again["action"] == f"/registrations/{registration.code}/{path}"
    assert (again.button.get_text(), again.button["aria-label"]) == (button, f"{button}: Linux computer")
    assert cancel["action"] == f"/registrations/{registration.code}/cancel"
    assert (cancel.button.get_text(), cancel.button["aria-label"]) == (
        "Cancel it",
        "Cancel it: Linux computer",
    )


def test_without_the_role_a_pending_device_has_no_buttons(visit, bob, a_registration):
    registration = a_registration(bob)
    assert not visit(bob).get("/").soup.select(f"#device-{registration.device.code} form")


def test_a_registration_whose_time_is_over_can_be_renewed_before_the_worker_noted_it(
    visit, alice, a_registration, clock
):
    registration = a_registration(alice)
    clock.move(5 * 3600)
    answer = visit(alice).get("/")
    card = f"#device-{registration.device.code}"
    assert answer.words(f"{card} .status") == "Expired"
    assert answer.words(f"{card} button").startswith("Renew")
    assert answer.words(".lead") == "No device of yours is registered now."


def test_what_ended_is_folded_away(visit, alice, a_device, a_registration, clock):
    old = a_registration(alice, a_device(alice, "expired"))
    clock.move(8 * 86_400)
    new = a_registration(alice, a_device(alice, "expired"), expires_at=int(clock.now) - 60)
    gone = [a_device(alice, status).code for status in ("retired", "wiped", "cancelled")]
    answer = visit(alice).get("/")
    assert rows_of(answer) == [new.device.code]
    folded = [item["id"] for item in answer.soup.select("#devices details li")]
    assert folded == [f"device-{code}" for code in [*reversed(gone), old.device.code]]


def test_the_limit_is_said_with_the_room_left(visit, alice, a_device):
    settings.put("devices_per_user", "5", by=None)
    for _ in range(3):
        a_device(alice)
    a_device(alice, "wiped")
    assert "You may register five devices, so there is room for two more." in visit(alice).get("/").text


def test_at_the_limit_the_panel_says_so(visit, alice, a_device):
    settings.put("devices_per_user", "1", by=None)
    a_device(alice)
    answer = visit(alice).get("/")
    assert "You may register one device, and there is no room for another." in answer.text
    assert not answer.soup.select("#register form")


def test_no_limit_says_nothing(visit, alice, a_device):
    a_device(alice)
    assert "You may register" not in visit(alice).get("/").text


def test_the_panel_offers_what_the_settings_allow(visit, alice):
    settings.put("platforms", "macos,windows", by=None)
    settings.put("qr_registration", "off", by=None)
    settings.put("pin_registration", "off", by=None)
    answer = visit(alice).get("/")
    assert [radio["value"] for radio in answer.soup.select("[name=platform]")] == ["macos", "windows"]
    assert [button.get_text() for button in answer.soup.select("#register .way button")] == [
        "Send Invitation"
    ]


def test_no_platform_no_panel(visit, alice):
    settings.put("platforms", "android", by=None)
    assert not visit(alice).get("/").soup.select("#register")


def test_the_panel_has_the_three_ways(visit, alice):
    answer = visit(alice).get("/")
    buttons = answer.soup.select("#register .way button")
    assert [button.get_text() for button in buttons] == ["Send Invitation", "Request PIN", "Generate QR Code"]
    assert [button.get("formaction") for button in buttons] == [
        None,
        "/registrations/pin",
        "/registrations/qr",
    ]
    assert answer.one("#register form")["action"] == "/registrations/invitation"
    assert answer.one("[name=platform][checked]")["value"] == "linux"
    first, second = answer.soup.select("#country option")[:2]
    assert (first["value"], first.get_text()) == ("", "It has no phone number")
    assert second.get_text() == "United Kingdom (+44)"
    assert not answer.soup.select("[name=ownership]")


def test_ownership_can_be_chosen_where_the_settings_say_so(visit, alice):
    settings.put("users_may_choose_ownership", "on", by=None)
    answer = visit(alice).get("/")
    assert answer.one("[name=ownership][checked]")["value"] == "employee"


def test_without_an_address_it_says_so_beside_the_button(visit, alice):
    users.change_details(alice, alice, "Alice Moreno", "", "", "", "")
    answer = visit(alice).get("/")
    assert "Your account has no e-mail address" in answer.words("#register .way")


def test_a_change_of_roles_shows_on_the_next_request(visit, alice):
    browser = visit(alice)
    assert browser.get("/").soup.select("#register")
    users.set_roles(alice, {Role.USER_PORTAL}, by=None)
    assert not browser.get("/").soup.select("#register")


def test_a_message_is_shown_once_and_to_nobody_else(visit, alice, bob, a_registration):
    registration = a_registration(alice)
    browser = visit(alice)
    browser.post(f"/registrations/{registration.code}/cancel")
    assert "cancelled" in browser.get("/").words("#messages")
    assert browser.get("/").words("#messages") == ""
    assert visit(alice).get("/").words("#messages") == ""


def test_what_is_kept_is_the_same_page(visit, alice, bob, carol, dave, a_device, a_registration, monkeypatch):
    """The page that is put together from kept pieces is, letter by letter, the page that is written anew."""
    for person in (alice, bob):
        a_device(person)
        a_registration(person)
        a_device(person, "wiped")
    for person in (alice, bob, carol, dave):
        browser = visit(person)
        browser.get("/")
        kept = browser.get("/").text
        with monkeypatch.context() as patch:
            patch.setattr(home, "session", {"_flashes": []})
            anew = browser.get("/").text
        assert without_tokens(kept) == without_tokens(anew)


def test_a_kept_page_has_the_token_of_whoever_asks(visit, alice):
    first, second = visit(alice), visit(alice)
    first.get("/")
    token = second.get("/").one("#register [name=csrf_token]")["value"]
    assert (
        second.open("POST", "/registrations/qr", data={"csrf_token": token, "platform": "linux"}).status
        == 303
    )
    assert (
        first.open("POST", "/registrations/qr", data={"csrf_token": token, "platform": "linux"}).status == 403
    )


def without_tokens(html: str) -> str:
    return re.sub(r'(name="(?:csrf_token|form_code)" value=")\w[^"]*', r"\1", html)


def test_names_are_escaped(visit, alice, a_device):
    a_device(alice, name="<b>&\"'</b>", os_name="<i>", os_version="</i>")
    a_device(alice, "lost", name="<script>")
    answer = visit(alice).get("/")
    assert not answer.soup.select("#devices b, #devices i, #devices script")
    assert "<script>" in answer.words(".lead")


def test_a_change_of_owner_that_is_to_come_is_said(visit, alice, a_device):
    device = a_device(alice, next_ownership=Ownership.COMPANY)
    assert "Your organisation's from the next check-in on." in visit(alice).get("/").words(
        f"#device-{device.code} p"
    )


def test_more_devices_make_no_more_queries(visit, alice, a_device, monkeypatch):
    browser = visit(alice)
    a_device(alice)
    counted = []
    for more in (0, 20):
        for _ in range(more):
            a_device(alice)
        browser.get("/")
        asked = []
        execute = Device._meta.database.obj.execute_sql
        with monkeypatch.context() as patch:
            patch.setattr(
                Device._meta.database.obj,
                "execute_sql",
                lambda *given, run=execute, into=asked: into.append(given) or run(*given),
            )
            browser.get("/")
        counted.append(len(asked))
    assert counted[0] == counted[1] <= 4
