"""Whole lives of devices, made up by hypothesis, against a model of a few plain dictionaries.

The model knows nothing of the services: it says for every deed whether it must succeed, and what stands in the
database afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from models import (
    AuditEntry,
    AuditHead,
    AuditText,
    Command,
    Device,
    Message,
    Registration,
    Status,
    User,
    Way,
    database,
)
from services import (
    audit,
    check_ins,
    commands,
    deliveries,
    device_actions,
    enrolment,
    enrolment_tokens,
    lifecycle,
    registrations,
    verification,
)
from services.lifecycle import Event
from services.refused import Refused
from tests.conftest import NOON, Clock

HOUR = 3600
LIMIT = 3
P, V, N, A = Status.PENDING, Status.VERIFIED, Status.ENROLLING, Status.ACTIVE
L, B, RP, WP = Status.LOST, Status.BLOCKED, Status.RETIRE_PENDING, Status.WIPE_PENDING
R, W, X, C = Status.RETIRED, Status.WIPED, Status.EXPIRED, Status.CANCELLED
ENROLLED, COUNTED = (A, L, B, RP, WP), (P, V, N, A, B, RP, WP)
LIVE = ("queued", "sent")
LIVES = {"refresh": 24 * HOUR, "lock": 30 * 24 * HOUR}


@dataclass
class Known:
    """What the model knows of one device."""

    status: Status = P
    before: Status | None = None
    links: list[str] = field(default_factory=list)  # all that were ever handed out, the last one alive
    ends: float = 0
    tokens: list[str] = field(default_factory=list)
    token: str = ""  # the one that is alive
    token_ends: float = 0
    began: float = 0
    secrets: list[str] = field(default_factory=list)
    secret: str = ""
    stable_id: str | None = None
    orders: dict[str, dict[str, object]] = field(default_factory=dict)  # by code

    def live(self, kind: str) -> dict[str, object] | None:
        return next((o for o in self.orders.values() if o["kind"] == kind and o["state"] in LIVE), None)

    def leave(self, status: Status) -> None:
        self.status, self.before = status, None
        for order in self.orders.values():
            if order["state"] in LIVE:
                order["state"] = "cancelled"

    def take_back(self, kind: str) -> None:
        """A wipe or retire that will not happen."""
        if kind == "wipe" and self.status == WP:
            if self.live("retire"):
                self.status = RP
            else:
                self.status, self.before = self.before or A, None
        elif kind == "retire" and self.status == RP:
            self.status, self.before = self.before or A, None


WHICH = st.sampled_from([-1, -1, 0])  # mostly the newest link, token or secret; now and then the oldest


class Life(RuleBasedStateMachine):
    devices = Bundle("devices")

    clock: Clock  # the fixture's, set by the test

    def __init__(self) -> None:
        super().__init__()
        for table in (Registration, Command, Message, Device, AuditText, AuditEntry, AuditHead):
            table.delete().execute()
        self.clock.now = NOON
        self.alice = User.get(User.username == "alice")
        self.known: dict[str, Known] = {}

    @property
    def now(self) -> Any:
        return self.clock.now

    def row(self, code: str) -> Any:
        return Device.get(Device.code == code)

    def try_it(self, deed: Any, must_succeed: bool) -> Any:
        """The answer, or None when it was refused; either must be what the model says."""
        if must_succeed:
            return deed()
        with pytest.raises(Refused):
            deed()
        return None

    def counted(self, besides: str | None = None) -> Any:
        return sum(known.status in COUNTED for code, known in self.known.items() if code != besides)

    # Registering

    @rule(target=devices, way=st.sampled_from(list(Way)))
    def register(self, way: Way) -> Any:
        may = self.counted() < LIMIT
        issued = self.try_it(lambda: registrations.start(self.alice, "linux", way, by=self.alice), may)
        if issued is None:
            return multiple()
        code = issued.device.code
        self.known[code] = Known(links=[issued.link], ends=self.now + 4 * HOUR)
        return code

    @initialize(target=devices)
    def register_one_that_joins(self) -> Any:
        code = self.register(Way.PIN)
        for _ in range(3):
            self.go_on(code)
        return code

    @rule(code=devices)
    def go_on(self, code: str) -> None:
        """The next step of a device that is joining, or of one that is here."""
        step = {P: self.open_the_link_and_accept, V: self.begin, N: self.check_in}
        step.get(self.known[code].status, self.offer)(code)

    @rule(code=devices)
    def renew(self, code: str) -> None:
        known = self.known[code]
        may = known.status in (P, V, N) or (known.status == X and self.counted(code) < LIMIT)
        registration = registrations.of_device(self.row(code))
        issued = self.try_it(lambda: registrations.renew(registration, by=self.alice), may)
        if issued:
            known.status, known.token, known.secret, known.ends = P, "", "", self.now + 4 * HOUR
            known.links.append(issued.link)

    @rule(code=devices)
    def call_off(self, code: str) -> None:
        known = self.known[code]
        registration = registrations.of_device(self.row(code))
        self.try_it(lambda: registrations.cancel(registration, by=self.alice), known.status in (P, V))
        if known.status in (P, V):
            known.status, known.token = C, ""

    @rule(code=devices, which=WHICH)
    def open_the_link_and_accept(self, code: str, which: int = -1) -> None:
        known = self.known[code]
        link = known.links[which]
        has_lapsed = known.status == V and known.token_ends <= self.now
        may = link == known.links[-1] and (known.status == P or has_lapsed) and self.now < known.ends
        registration = self.try_it(lambda: verification.opened(link), may)
        if registration is None:
            return
        token = enrolment_tokens.accept(registration, registration.issued_at)
        known.status, known.token, known.token_ends = V, token, self.now + HOUR
        known.tokens.append(token)

    # Joining

    @rule(code=devices, which=WHICH, stable_id=st.sampled_from([None, "one", "two"]))
    def begin(self, code: str, which: int = -1, stable_id: str | None = "one") -> None:
        known = self.known[code]
        token = known.tokens[which] if known.tokens else "nobody made this"
        may = token == known.token and known.status == V and self.now < known.token_ends
        facts = {"model": "ThinkPad X1", "stable_id": stable_id}
        answer = self.try_it(lambda: enrolment.begin(token, "agent", "linux", facts), may)
        if answer is None:
            return
        for other_code, other in self.known.items():
            if other_code != code and stable_id and other.stable_id == stable_id:
                if other.status in ENROLLED:
                    other.leave(W if other.status == WP else R)
                elif other.status == N:
                    other.status = X
        known.status, known.token, known.secret, known.began = N, "", answer[1], self.now
        known.stable_id = stable_id or known.stable_id
        known.secrets.append(answer[1])

    @rule(code=devices, which=WHICH)
    def check_in(self, code: str, which: int = -1) -> None:
        known = self.known[code]
        if not known.secrets:
            return
        secret = known.secrets[which]
        device = check_ins.device_of(secret)
        assert (device is not None and device.code == code) == (secret == known.secret)
        if device is not None:
            check_ins.record(device, {"battery_percent": 50})
            if known.status == N:
                known.status = A

    # Acting

    @rule(code=devices, kind=st.sampled_from(["lock", "refresh"]))
    def order(self, code: str, kind: str) -> None:
        known = self.known[code]
        possible = (A, L) if kind == "lock" else (A, L, RP, WP)
        may = known.status in possible and not known.live(kind)
        deed = device_actions.lock if kind == "lock" else device_actions.refresh
        self.note_order(known, self.try_it(lambda: deed(self.row(code), by=self.alice), may))

    @rule(code=devices)
    def wipe(self, code: str) -> None:
        known = self.known[code]
        may = known.status in (A, L, B, RP)
        command = self.try_it(lambda: device_actions.wipe(self.row(code), code, "", by=self.alice), may)
        if command:
            known.before = known.before or known.status
            known.status = WP
        self.note_order(known, command)

    @rule(code=devices)
    def retire(self, code: str) -> None:
        known = self.known[code]
        may = known.status in (A, L, B)
        command = self.try_it(lambda: device_actions.retire(self.row(code), "", by=self.alice), may)
        if command:
            known.before, known.status = known.status, RP
        self.note_order(known, command)

    @rule(code=devices)
    def lose(self, code: str) -> None:
        known = self.known[code]
        self.try_it(lambda: device_actions.report_lost(self.row(code), by=self.alice), known.status == A)
        if known.status == A:
            known.status = L
            if not known.live("lock"):
                command = Command.select().order_by(Command.id.desc()).get()
                self.note_order(known, command)
                known.orders[command.code]["because_lost"] = True

    @rule(code=devices)
    def find(self, code: str) -> None:
        known = self.known[code]
        self.try_it(lambda: device_actions.report_found(self.row(code), by=self.alice), known.status == L)
        if known.status == L:
            known.status = A
            lock = known.live("lock")
            if lock and lock["because_lost"]:
                is_given_up = lock["is_given_up"] = lock["state"] == "sent"
                lock["state"] = "failed" if is_given_up else "cancelled"

    @rule(
        code=devices,
        event=st.sampled_from([Event.BLOCK, Event.UNBLOCK, Event.LEAVE, Event.RETIRE_WITHOUT_DEVICE]),
    )
    def other_event(self, code: str, event: Event) -> None:
        known = self.known[code]
        may = known.status in {Event.BLOCK: (A,), Event.UNBLOCK: (B,)}.get(event, ENROLLED)
        self.try_it(lambda: lifecycle.change(self.row(code), event, by=None), may)
        if may and event in (Event.BLOCK, Event.UNBLOCK):
            known.status = B if event == Event.BLOCK else A
        elif may:
            known.leave(R)

    @rule(code=devices, data=st.data())
    def take_an_order_back(self, code: str, data: Any) -> None:
        known = self.known[code]
        if not known.orders:
            return
        chosen = data.draw(st.sampled_from(list(known.orders)))
        order, command = known.orders[chosen], commands.by_code(self.row(code), chosen)
        may = order["state"] == "queued"
        self.try_it(lambda: commands.cancel(command, by=self.alice), may)
        if may:
            order["state"] = "cancelled"
            known.take_back(order["kind"])

    @rule(code=devices)
    def offer(self, code: str) -> None:
        known = self.known[code]
        expected = []
        if known.status in (A, L, RP, WP):
            due = [
                (name, order)
                for name, order in known.orders.items()
                if order["state"] in LIVE and order["from"] <= self.now < order["ends"]
            ]
            if any(order["kind"] == "wipe" for _, order in due):
                due = [(name, order) for name, order in due if order["kind"] == "wipe"]
            for name, order in due:
                order["state"], order["was_sent"] = "sent", True
                expected.append(name)
        offered = deliveries.offer(self.row(code))
        assert sorted(command.code for command in offered) == sorted(expected)
        assert "retire" not in [command.kind for command in offered[:-1]]

    @rule(code=devices, status=st.sampled_from(["acknowledged", "failed", "not_now"]), data=st.data())
    def answer(self, code: str, status: Status, data: Any) -> None:
        known = self.known[code]
        if not known.orders:
            return
        sent = [code for code, order in known.orders.items() if order["state"] == "sent"]
        chosen = data.draw(st.sampled_from(sent or list(known.orders)))
        order = known.orders[chosen]
        was_ours_to_end = (order["state"] == "expired" and order["was_sent"]) or order["is_given_up"]
        is_late = was_ours_to_end and status == "acknowledged"
        is_heard = order["state"] == "sent" or is_late
        assert deliveries.finish(self.row(code), chosen, status) == is_heard
        if not is_heard:
            return
        if status == "not_now":
            order.update({"state": "queued", "from": self.now + 60})
            return
        order["state"], order["is_given_up"] = status, False
        if status == "failed":
            known.take_back(order["kind"])
        elif order["kind"] == "wipe" and known.status == WP:
            known.leave(W)
        elif order["kind"] == "retire":
            known.leave(R)

    # Time

    @rule(seconds=st.sampled_from([30, 60, HOUR // 2, HOUR, 4 * HOUR, 24 * HOUR, 31 * 24 * HOUR]))
    def time_goes_by(self, seconds: int) -> None:
        self.clock.move(seconds)

    @rule()
    def the_worker_comes_by(self) -> None:
        registrations.expire_due()
        enrolment.expire_due()
        commands.expire_due()
        for known in self.known.values():
            if known.status == P and known.ends <= self.now:
                known.status = X
            elif known.status == V and known.token_ends <= self.now:
                known.status, known.token = (P if known.ends > self.now else X), ""
            elif known.status == N and known.began + 24 * HOUR <= self.now:
                known.status = X
            for order in known.orders.values():
                if order["state"] in LIVE and order["ends"] <= self.now:
                    order["state"] = "expired"

    # What must always be so

    @invariant()
    def the_database_agrees(self) -> None:
        statuses = database.execute_sql("SELECT code, status, status_before FROM device").fetchall()
        assert set(statuses) == {(code, known.status, known.before) for code, known in self.known.items()}
        states = database.execute_sql("SELECT code, state FROM command").fetchall()
        assert dict(states) == {
            code: order["state"] for known in self.known.values() for code, order in known.orders.items()
        }

    def teardown(self) -> None:
        assert audit.verify() == []

    def note_order(self, known: Known, command: Command) -> None:
        if command:
            ends = self.now + LIVES.get(command.kind, 10**12)
            known.orders[command.code] = {
                "kind": command.kind,
                "state": "queued",
                "was_sent": False,
                "because_lost": False,
                "is_given_up": False,
                "from": self.now,
                "ends": ends,
            }


def run(clock: Clock, decide: Callable[..., None], examples: int, steps: int) -> None:
    decide(devices_per_user=LIMIT)
    Life.clock = clock
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(400)  # after a failure, hypothesis takes its time to find the shortest life that fails
def test_lives_of_devices(clock: Clock, decide: Callable[..., None]) -> None:
    run(clock, decide, examples=30, steps=40)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_many_more_and_longer_ones(clock: Clock, decide: Callable[..., None]) -> None:
    run(clock, decide, examples=60, steps=50)
