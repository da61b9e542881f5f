"""Running the portal: one web server and one worker, started together and ended together."""

from __future__ import annotations

import gc
import logging.config
import os
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import click
from flask import Flask
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from cli import logs, processes
from cli.bell import Bell
from config import Config
from services import database, locks

log = logging.getLogger("muster.server")

OLD_CHILDREN_SECONDS = (
    2.0  # after a kill, how long the children of the server before may still hold the folder
)
READY_SECONDS = 30.0
HEADER_SECONDS = 10  # how long a connection may stay silent before the next request


def take_data_folder(config: Config) -> None:
    """One server a data folder, or two workers would send each mail twice."""
    deadline = time.monotonic() + OLD_CHILDREN_SECONDS
    while not locks.hold("serve"):
        if time.monotonic() > deadline:
            raise click.ClickException(f"Muster is already running on the data folder {config.data}.")
        time.sleep(0.05)


def refuse_taken_port(config: Config) -> None:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((config.host, config.port))
            trial.listen(1)
        except OSError as error:
            words = f"Port {config.port} on {config.host} cannot be used: {error.strerror or error}."
            raise click.ClickException(f"{words} Set PORT to another one.") from None


def refuse_unsafe_sqlite() -> None:
    if not database.is_wal_safe():
        raise click.ClickException(
            f"SQLite {database.library_version()} can lose data when several processes write. "
            "Install pysqlite3 0.6.1 or newer."
        )


def run(app: Flask, config: Config, when_ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; what is under way then is finished, within ten seconds."""
    processes.share(app)
    logging.config.dictConfig(logs.settings(config.log_level))
    database.close()  # a connection must not be carried over a fork
    demo = app.config["DEMO"]
    server = Server(config, processes.WorkerKeeper(config, demo), when_ready)
    gc.collect()
    gc.freeze()  # the collector would write to shared pages, and unshare them
    application = partial(processes.web_application, os.getpid(), config, demo)
    server.serve(target_loader=application, wrap_loader=False)


class Server(MPServer):
    """Granian with our settings, and with the worker, which starts before its own processes and ends with them."""

    def __init__(
        self, config: Config, keeper: processes.WorkerKeeper, when_ready: Callable[[], None]
    ) -> None:
        super().__init__(
            "muster",
            address=config.host,
            port=config.port,
            interface=Interfaces.WSGI,
            workers=config.workers,
            blocking_threads=config.threads,
            blocking_threads_idle_timeout=600,  # a new thread has to open a new database connection
            websockets=False,
            http=HTTPModes.http1,  # by HTTP/2 a client that goes away in the middle of a body would take a thread along
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
            log_level=LogLevels.warning,
            log_dictconfig=logs.settings(config.log_level),
            ssl_cert=config.tls_certificate,
            ssl_key=config.tls_key,
            ssl_protocol_min=SSLProtocols.tls12,  # Windows 10 has no 1.3
            respawn_failed_workers=True,
            workers_kill_timeout=processes.END_SECONDS,
        )
        self.config = config
        self.keeper = keeper
        self.when_ready = when_ready
        self.process_id = os.getpid()
        self.main_loop_interrupt = Bell()
        self.on_startup(keeper.start)
        self.on_shutdown(keeper.wait)

    def startup(self, *arguments: Any, **named: Any) -> None:
        super().startup(*arguments, **named)  # type: ignore[no-untyped-call]
        self.keeper.watch()
        threading.Thread(target=self._tell_when_ready, name="ready", daemon=True).start()

    def signal_handler_interrupt(self, *arguments: Any, **named: Any) -> None:
        if os.getpid() != self.process_id:  # a child without handlers of its own has nothing under way yet
            os._exit(0)
        self.keeper.tell_to_end()
        super().signal_handler_interrupt(*arguments, **named)  # type: ignore[no-untyped-call]

    def shutdown(self, exit_code: int = 0) -> None:
        """A signal may reach a process before us. It has not failed then, though granian's own thread, whenever that
        hears of the end, counts it as one that did.
        """
        try:
            super().shutdown(exit_code)  # type: ignore[no-untyped-call]
        except SystemExit:
            if exit_code or not self.interrupt_signal:
                raise

    def _respawn_workers(self, *arguments: Any, **named: Any) -> None:
        """Before this granian clears what wakes it, and may so forget a signal that came the moment before."""
        if not self.interrupt_signal:
            super()._respawn_workers(*arguments, **named)
        if self.interrupt_signal:
            self.main_loop_interrupt.set()

    def _stop_workers(self) -> None:
        """Granian waits for each process in two threads, and the one that is told of its end second takes it for one
        that refuses to stop. So it is asked only once they have ended, or had their time. A process that has only just
        started may miss the first word, so it is told again and again.
        """
        deadline = time.monotonic() + processes.END_SECONDS
        while time.monotonic() < deadline and any(process.inner.is_alive() for process in self.wrks):
            for process in self.wrks:
                process.terminate()  # type: ignore[no-untyped-call]
            time.sleep(0.05)
        self.workers_kill_timeout = 1
        super()._stop_workers()  # type: ignore[no-untyped-call]

    def _tell_when_ready(self) -> None:
        anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
        address = (anywhere.get(self.config.host, self.config.host), self.config.port)
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                socket.create_connection(address, timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                self.when_ready()
                return
        log.error("the server does not answer")
