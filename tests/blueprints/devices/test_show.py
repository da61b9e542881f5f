"""The page of one device: its status, facts, actions, orders and history."""

from __future__ import annotations

import pytest

from models import Command, Ownership, Platform, Role, Status, Way
from services import audit, commands, device_actions, settings, users


def facts_of(answer):
    return {
        line.dt.get_text(): " ".join(line.dd.get_text().split()) for line in answer.soup.select(".facts div")
    }


def tiles_of(answer):
    return [tile.get_text() for tile in answer.soup.select(".acts strong")]


def test_every_fact_is_there(visit, alice, a_device, a_registration, clock):
    device = a_device(
        alice,
        os_name="Debian GNU/Linux",
        serial="PF-123",
        facts={"battery_percent": 83, "disk_free_bytes": 120_000_000_000, "disk_total_bytes": 500_000_000_000,
               "host_name": "alice-x1", "agent_version": "1.0"},
    )  # fmt: skip
    a_registration(alice, device, way=Way.PIN)
    clock.move(7200)
    answer = visit(alice).get(f"/devices/{device.code}")
    assert answer.status == 200
    assert answer.one("h1").get_text() == "ThinkPad X1"
    assert facts_of(answer) == {
        "Model": "ThinkPad X1",
        "Manufacturer": "Lenovo",
        "System": "Debian GNU/Linux 12.5",
        "Last check-in": "2 hours ago (21 September 2026, 14:13:20)",
        "Phone number": "does not apply",
        "Carrier": "does not apply",
        "IMEI": "does not apply",
        "Serial number": "PF-123",
        "Ownership": "Employee (yours)",
        "Registered": "21 September 2026, by PIN",
        "Battery": "83%",
        "Free space": "120 of 500 GB",
        "Host name": "alice-x1",
        "Agent": "1.0",
    }


def test_what_a_device_did_not_report_is_said(visit, alice, a_device):
    device = a_device(
        alice, model=None, manufacturer=None, os_name=None, os_version=None, last_check_in_at=None
    )
    facts = facts_of(visit(alice).get(f"/devices/{device.code}"))
    for name in ("Model", "Manufacturer", "System", "Serial number"):
        assert facts[name] == "not reported by this device"
    assert facts["Last check-in"] == "never yet"
    assert "Battery" not in facts


def test_a_number_is_shown_in_groups(visit, alice, a_device):
    device = a_device(alice, phone_number="+447700900142", carrier="Seaway Mobile", imei="352099001761481")
    facts = facts_of(visit(alice).get(f"/devices/{device.code}"))
    assert facts["Phone number"] == "+44 7700 900142"
    assert facts["Carrier"] == "Seaway Mobile"
    assert facts["IMEI"] == "352099001761481"


def test_an_ownership_to_come_is_said(visit, alice, a_device):
    device = a_device(alice, next_ownership=Ownership.COMPANY)
    facts = facts_of(visit(alice).get(f"/devices/{device.code}"))
    assert facts["Ownership"] == "Employee (yours). Company from the next check-in on."


def test_alice_may_do_everything_that_a_computer_can(visit, alice, a_device):
    answer = visit(alice).get(f"/devices/{a_device(alice).code}")
    assert tiles_of(answer) == [
        "Lock", "Refresh", "Report lost", "Message", "Ownership", "Rename", "Retire", "Wipe",
    ]  # fmt: skip
    assert "Unlock is not here" in answer.words(".split")
    assert "Locate is not here" in answer.words(".split")
    assert all(tile.select("svg") and tile.select("small") for tile in answer.soup.select(".act"))


def test_bob_has_the_roles_user_portal_and_lock(visit, bob, a_device):
    answer = visit(bob).get(f"/devices/{a_device(bob).code}")
    assert tiles_of(answer) == ["Lock", "Refresh", "Report lost", "Message", "Rename"]


def test_the_help_desk_sees_refreshes_and_locks(visit, alice, dave, a_device):
    device = a_device(alice)
    answer = visit(dave).get(f"/devices/{device.code}")
    assert tiles_of(answer) == ["Lock", "Refresh"]
    assert "It belongs to Alice Moreno ." in answer.words(".hero")
    assert "Dave Okafor looked at this page" in visit(alice).get(f"/devices/{device.code}").words(".log")


def test_a_company_device_may_be_wiped_by_an_administrator(visit, alice, carol, a_device):
    own, company = a_device(alice), a_device(alice, ownership=Ownership.COMPANY)
    assert "Wipe" not in tiles_of(visit(carol).get(f"/devices/{own.code}"))
    assert "Wipe" in tiles_of(visit(carol).get(f"/devices/{company.code}"))


def test_someone_elses_device_does_not_exist(visit, alice, bob, a_device):
    device = a_device(alice)
    assert visit(bob).get(f"/devices/{device.code}").status == 404
    assert visit(bob).get("/devices/zzzzzz").status == 404


def test_an_order_under_way_is_said_and_not_offered_again(visit, alice, a_device):
    device = a_device(alice)
    command = device_actions.lock(device, by=alice)
    answer = visit(alice).get(f"/devices/{device.code}")
    panel = answer.one(f"#command-{command.code}")
    assert panel.h3.get_text() == "Lock: queued"
    assert panel["class"] == ["panel", "command", "wait"]
    assert [step.get_text().split()[0] for step in panel.select(".steps li")] == [
        "Queued",
        "Sent",
        "Confirmed",
    ]
    assert panel.form["action"] == f"/devices/{device.code}/commands/{command.code}/cancel"
    lock = answer.soup.select(".acts li")[0]
    assert lock.p and not lock.form
    assert "Queued. See above." in lock.get_text()


def test_a_sent_order_cannot_be_cancelled_and_a_failed_one_says_why(visit, alice, a_device, clock):
    device = a_device(alice)
    command = device_actions.lock(device, by=alice)
    Command.update(state="sent", sent_at=int(clock.now)).where(Command.id == command.id).execute()
    answer = visit(alice).get(f"/devices/{device.code}")
    assert not answer.one(f"#command-{command.code}").form
    assert "usually answers within a minute" in answer.words(f"#command-{command.code}")
    Command.update(
        state="failed", finished_at=int(clock.now), reason="reported_by_device", detail="Nobody is signed in."
    ).where(Command.id == command.id).execute()
    panel = visit(alice).get(f"/devices/{device.code}").words(f"#command-{command.code}")
    assert "Lock: did not work" in panel
    assert "Nobody is signed in." in panel
    clock.move(3601)
    assert not visit(alice).get(f"/devices/{device.code}").soup.select(".command")


def test_a_pending_device_shows_its_registration_instead(visit, alice, a_registration):
    registration = a_registration(alice)
    answer = visit(alice).get(f"/devices/{registration.device.code}")
    assert answer.one("#joining-title").get_text() == "Its registration"
    assert not answer.soup.select(".facts")
    assert [form["action"].rpartition("/")[2] for form in answer.soup.select("#main .panel form")] == [
        "reminder", "pin", "qr", "cancel",
    ]  # fmt: skip
    assert tiles_of(answer) == ["Rename"]


def test_the_help_desk_can_only_send_it_again(visit, alice, dave, a_registration):
    registration = a_registration(alice, way=Way.PIN)
    answer = visit(dave).get(f"/devices/{registration.device.code}")
    assert [form["action"] for form in answer.soup.select("#main .panel form")] == [
        f"/registrations/{registration.code}/reminder"
    ]


def test_an_expired_device_can_be_renewed(visit, alice, a_registration, clock):
    registration = a_registration(alice, way=Way.QR)
    clock.move(5 * 3600)
    answer = visit(alice).get(f"/devices/{registration.device.code}")
    assert answer.words(".hero .status") == "Expired"
    assert answer.words("#main .panel button") == "Renew the code"
    assert "data-hx-trigger" in answer.one("[id$=-progress]").attrs


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_page(visit, alice, carol, a_device, a_registration, status):
    device = a_device(alice, status)
    a_registration(alice, device)
    for person in (alice, carol):
        for htmx in (False, True):
            assert visit(person).get(f"/devices/{device.code}", htmx=htmx).status == 200
    bare = a_device(alice, status)
    assert visit(alice).get(f"/devices/{bare.code}").status == 200


@pytest.mark.parametrize("platform", [Platform.LINUX, Platform.MACOS, Platform.WINDOWS])
def test_every_platform_has_a_page(visit, alice, a_device, platform):
    assert visit(alice).get(f"/devices/{a_device(alice, platform=platform).code}").status == 200


def test_the_history_is_told_to_its_reader(visit, alice, dave, a_device):
    device = a_device(alice)
    device_actions.refresh(device, by=alice)
    answer = visit(alice).get(f"/devices/{device.code}")
    assert "You asked it to check in" in answer.words(".log")
    assert "Alice Moreno asked it to check in" in visit(dave).get(f"/devices/{device.code}").words(".log")


def test_the_newest_ten_are_shown_and_the_rest_is_a_link_away(visit, alice, a_device):
    device = a_device(alice)
    for _ in range(12):
        audit.append("device:lock:requested", by=alice, device=device)
    answer = visit(alice).get(f"/devices/{device.code}")
    assert len(answer.soup.select(".log li")) == 10
    assert answer.one("[id$=-log] > p > a")["href"] == f"/devices/{device.code}/history"


def test_the_help_desk_is_beside_the_device(visit, alice, a_device):
    settings.put("help_desk_phone", "020 7946 0123", by=None)
    device = a_device(alice)
    answer = visit(alice).get(f"/devices/{device.code}")
    assert device.code.upper() in answer.words("#help")
    assert answer.one("#help a")["href"] == "tel:02079460123"


def test_what_a_device_says_is_escaped(visit, alice, a_device):
    bad = "<script>alert(1)</script>"
    device = a_device(alice, name=bad, model=bad, manufacturer=bad, os_name=bad, serial=bad, carrier=bad, imei=bad,
                      facts={"host_name": bad, "agent_version": bad, "battery_percent": bad, "disk_free_bytes": bad})  # fmt: skip
    command = commands.ask(device, "lock", alice)
    Command.update(state="failed", detail=bad, finished_at=command.created_at).execute()
    for url in (f"/devices/{device.code}", "/", f"/devices/{device.code}/wipe", f"/devices/{device.code}/name",
                f"/devices/{device.code}/ownership", f"/devices/{device.code}/retire"):  # fmt: skip
        answer = visit(alice).get(url)
        assert answer.status == 200
        assert all(script.get("src") for script in answer.soup.select("script"))
        assert bad in answer.soup.get_text()


def test_without_a_role_there_is_no_button(visit, alice, a_device):
    users.set_roles(alice, {Role.USER_PORTAL}, by=None)
    answer = visit(alice).get(f"/devices/{a_device(alice).code}")
    assert tiles_of(answer) == ["Refresh", "Rename"]
    assert not answer.soup.select("#message form")


def test_a_stranger_and_a_wrong_method(visit, alice, a_device):
    url = f"/devices/{a_device(alice).code}"
    assert visit(None).get(url).location == f"/sign-in?next={url}"
    assert visit(None).get(url, htmx=True).status == 401
    assert visit(alice).post(url).status == 405
