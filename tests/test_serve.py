"""flask serve with real processes: it starts on anything sound, refuses the rest in one line, and leaves nothing."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import server as cli_server
from cli.bell import Bell
from cli.processes import END_SECONDS, WorkerKeeper
from cli.server import HEADER_SECONDS
from config import Config
from tests import mail_servers, servers
from tests.servers import Server, is_alive, running, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for children in /proc"),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def served(data: Path) -> Iterator[Server]:
    with running("serve", data) as server:
        yield server


def test_an_empty_folder_gives_a_link_for_the_first_administrator(served: Server) -> None:
    until(lambda: "first-administrator" in served.said())
    assert f"Muster is at {served.url}" in served.said()
    found = re.search(r"/first-administrator/\S+", served.said())
    assert found
    assert "first administrator" in served.get(found[0])
    assert served.get("/readyz")
    assert found[0] not in served.log.read_text()


def test_a_second_server_on_the_folder_says_so(served: Server) -> None:
    second = Server("serve", served.data)
    assert second.ended() == 1
    assert second.log.read_text() == f"Error: Muster is already running on the data folder {served.data}.\n"
    assert served.get("/livez") == "ok\n"


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = Server("serve", tmp_path / "data", port)
        assert server.ended() == 1
    assert re.fullmatch(f"Error: Port {port} .*Set PORT to another one.\n", server.log.read_text())


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("muster.db", b"hello", "is not a database"),
        ("muster.db", b"", "is not a database"),
        ("muster.db", None, "its end is missing"),
        ("muster.key", b"short", "is damaged"),
    ],
)
def test_what_is_damaged_is_refused_in_one_line(
    data: Path, name: str, content: bytes | None, says: str
) -> None:
    _flask("migrate", data)
    path = data / name
    path.write_bytes(content if content is not None else path.read_bytes()[:10_000])
    before = path.read_bytes()
    server = Server("serve", data)
    assert server.ended() == 1
    assert re.fullmatch(f"Error: .*{says}.*\n", server.log.read_text())
    assert path.read_bytes() == before


def test_a_missing_key_is_refused_in_one_line(data: Path) -> None:
    _flask("migrate", data)
    (data / "muster.key").unlink()
    server = Server("serve", data)
    assert server.ended() == 1
    assert re.fullmatch("Error: The key file .* is missing.*\n", server.log.read_text())
    assert not (data / "muster.key").exists()


def test_a_wrong_variable_is_refused_in_one_line(data: Path) -> None:
    server = Server("serve", data, MUSTER_THREADS="many")
    assert server.ended() == 1
    assert re.fullmatch("Error: MUSTER_THREADS .*\n", server.log.read_text())


def test_four_processes_migrate_an_empty_folder_at_once(data: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "app", "migrate"],
            cwd=servers.HOME,
            env=os.environ | {"MUSTER_DATA": str(data)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [process.communicate(timeout=100)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert said.count("The database is up to date.\n") == 3
    assert "Applied 0001_first_tables\n" in "".join(said)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order(served: Server, how: signal.Signals) -> None:
    children = served.children()
    assert len(children) == 2
    os.killpg(served.process.pid, how)  # Ctrl-C reaches the children too
    assert served.ended() == 0
    assert not [pid for pid in children if is_alive(pid)]
    assert "Traceback" not in served.log.read_text()
    assert "Killing" not in served.log.read_text()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_though_its_children_hear_of_it_first(served: Server, how: signal.Signals) -> None:
    (web,) = set(served.children()) - {served.worker()}
    os.kill(served.process.pid, signal.SIGSTOP)
    until(lambda: servers.state(served.process.pid) == "T")
    os.killpg(served.process.pid, how)
    until(lambda: not is_alive(web))
    os.kill(served.process.pid, signal.SIGCONT)
    assert served.ended() == 0
    assert "worker ended with" not in served.log.read_text()


def test_a_web_process_that_missed_the_first_word_is_told_again(data: Path) -> None:
    class Deaf:
        """Hears the second word, as one that had not got as far as listening."""

        told = 0
        idx = 0

        @property
        def inner(self) -> Deaf:
            return self

        def is_alive(self) -> bool:
            return self.told < 2

        def terminate(self) -> None:
            self.told += 1

        def join(self, _: float) -> None:
            pass

    config = Config(data=data)
    server, process = cli_server.Server(config, WorkerKeeper(config, demo=False), lambda: None), Deaf()
    server.wrks = [process]
    began = time.monotonic()
    server._stop_workers()
    assert time.monotonic() - began < END_SECONDS - 1


def test_a_signal_just_before_a_dead_web_process_is_replaced_is_not_forgotten(data: Path) -> None:
    config = Config(data=data)
    server = cli_server.Server(config, WorkerKeeper(config, demo=False), lambda: None)

    class Unlucky(Bell):
        def clear(self) -> None:
            server.signal_handler_interrupt()
            super().clear()

    server.main_loop_interrupt = Unlucky()
    server.interrupt_children = [0]
    server.main_loop_interrupt.set()
    loop = threading.Thread(target=server._serve_loop, args=(None, None), daemon=True)
    loop.start()
    loop.join(30)
    assert not loop.is_alive()


def test_a_child_without_handlers_of_its_own_ends_and_touches_nothing(data: Path) -> None:
    config, fork = Config(data=data), multiprocessing.get_context("fork")
    keeper = WorkerKeeper(config, demo=False)
    keeper.process = fork.Process(target=time.sleep, args=(60,))
    keeper.process.start()
    child = fork.Process(target=cli_server.Server(config, keeper, lambda: None).signal_handler_interrupt)
    child.start()
    child.join(30)
    assert (child.exitcode, keeper.process.is_alive()) == (0, True)
    keeper.process.kill()
    keeper.process.join()


def test_a_killed_server_takes_its_children_with_it_and_can_start_again(served: Server) -> None:
    children = served.children()
    served.process.kill()
    served.process.wait()
    until(lambda: not [pid for pid in children if is_alive(pid)])
    with running("serve", served.data, served.port) as again:
        assert again.get("/livez") == "ok\n"


def test_a_killed_worker_is_started_again(served: Server) -> None:
    until(lambda: "worker started" in served.log.read_text())
    old = served.worker()
    os.kill(old, signal.SIGKILL)
    until(lambda: served.log.read_text().count("worker started") == 2)
    assert old not in served.children()
    assert "worker ended with -9" in served.log.read_text()
    assert served.get("/livez") == "ok\n"
    children = served.children()
    served.process.kill()
    served.process.wait()
    until(lambda: not [pid for pid in children if is_alive(pid)])


def test_a_killed_web_process_is_started_again(served: Server) -> None:
    (web,) = set(served.children()) - {served.worker()}
    os.kill(web, signal.SIGKILL)
    until(lambda: web not in served.children() and served._answers())
    assert served.process.poll() is None


def test_a_request_under_way_is_answered_before_it_ends(served: Server) -> None:
    body = b"{" + b" " * 2000 + b"}"
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as client:
        head = (
            "POST /api/agent/v1/enroll HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Expect: 100-continue\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        client.sendall(head.encode() + body[:100])
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n", "it has begun to read"
        served.process.terminate()
        until(lambda: "worker stopped" in served.log.read_text())
        client.sendall(body[100:])
        answer = b""
        while part := client.recv(65_536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 4"), answer
    assert b"\r\n\r\n{" in answer
    assert served.ended() == 0


def test_sigterm_under_load_fails_no_request(served: Server) -> None:
    """Whatever was accepted is answered whole; later connections are refused, and never left hanging."""
    results: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                results.append("ok" if "<html" in served.get("/sign-in") else "half")
            except urllib.error.URLError as error:
                refused = isinstance(
                    error.reason, ConnectionRefusedError | ConnectionResetError | BrokenPipeError
                )
                results.append("refused" if refused else str(error))
                return
            except (ConnectionResetError, BrokenPipeError):
                results.append("refused")
                return
            except (OSError, http.client.HTTPException) as error:
                results.append(repr(error))
                return

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: results.count("ok") > 20)
    served.process.terminate()
    assert served.ended() == 0
    stop.set()
    for thread in threads:
        thread.join()
    assert set(results) <= {"ok", "refused"}, set(results)


def test_half_open_connections_keep_nobody_out(served: Server) -> None:
    held = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(300)]
    try:
        for client in held:
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: loc")
        began = time.monotonic()
        assert served.get("/livez") == "ok\n"
        assert time.monotonic() - began < HEADER_SECONDS - 1, "only once the others had been thrown out"
    finally:
        for client in held:
            client.close()


def test_no_secret_of_an_address_is_logged(served: Server) -> None:
    for path in ("/go/the-secret-of-the-link", "/first-administrator/the-secret-of-the-link"):
        with pytest.raises(urllib.error.HTTPError):
            served.get(path)
    served.process.terminate()
    served.ended()
    log = served.log.read_text()
    assert "the-secret-of-the-link" not in log
    for line in log.splitlines():
        json.loads(line)


def test_https_from_files(data: Path, tmp_path: Path) -> None:
    certificate, key = mail_servers.certificate(tmp_path)
    server = Server(
        "serve",
        data,
        MUSTER_TLS_CERTIFICATE=str(certificate),
        MUSTER_TLS_KEY=str(key),
        MUSTER_PUBLIC_URL="https://muster.example.org",
    )
    try:
        until(lambda: "Muster is at https://muster.example.org" in server.said(), servers.LONGEST_START)
        context = ssl.create_default_context(cafile=str(certificate))
        request = urllib.request.Request(f"https://127.0.0.1:{server.port}/sign-in")
        with urllib.request.urlopen(request, context=context, timeout=10) as answer:
            assert answer.headers["Strict-Transport-Security"]
            assert "__Host-" in answer.headers["Set-Cookie"]
    finally:
        server.end()


def _flask(command: str, data: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", command],
        cwd=servers.HOME,
        env=os.environ | {"MUSTER_DATA": str(data)},
        check=True,
        capture_output=True,
    )
