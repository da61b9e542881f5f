"""The server's child processes: they share what was loaded before the fork, and never outlive their parent."""

from __future__ import annotations

import ctypes
import logging.config
import multiprocessing
import os
import signal
import sys
import threading
import time
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess

from flask import Flask

import worker
from cli import logs
from cli.bell import Bell
from cli.one_at_a_time import OneAtATime
from config import Config

log = logging.getLogger("muster.server")

PR_SET_PDEATHSIG = 1  # prctl(2)
A_MOMENT = 0.5  # seconds until it is clear that a worker that ended was not meant to
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0  # seconds before a worker that died again and again is started once more
END_SECONDS = 7  # how long requests and mails under way may take when the server is told to end

_app: Flask | None = None


def share(app: Flask) -> None:
    """Where processes are forked, all of them use this one application and its memory."""
    global _app
    _app = app
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork", force=True)


def web_application(parent: int, config: Config, demo: bool) -> OneAtATime:
    """Runs in each web process: what it serves."""
    die_with(parent)
    return OneAtATime(_the_app(config, demo), config.threads)


class WorkerKeeper:
    """Starts the worker, and starts it again if it dies, after a pause that grows.

    `start` forks, so it must come before any thread: a lock that a thread holds at that moment would stay
    held in the child for ever. What `watch` starts later begins with an interpreter of its own.
    """

    def __init__(self, config: Config, demo: bool) -> None:
        self.config = config
        self.demo = demo
        self.is_ending = Bell()
        self.process: BaseProcess | None = None

    def start(self) -> None:
        self.process = self._started(multiprocessing.get_context())

    def watch(self) -> None:
        threading.Thread(target=self._watch, name="worker keeper", daemon=True).start()

    def tell_to_end(self) -> None:
        self.is_ending.set()
        if self.process is not None and self.process.is_alive():
            self.process.terminate()

    def wait(self) -> None:
        self.tell_to_end()
        if self.process is not None:
            self.process.join(END_SECONDS)
            if self.process.is_alive():
                self.process.kill()

    def _watch(self) -> None:
        pause = FIRST_PAUSE
        while self.process is not None:
            began = time.monotonic()
            self.process.join()
            if self.is_ending.wait(A_MOMENT):  # a signal to the whole group may reach the worker first
                return
            log.error("worker ended with %s; again in %s s", self.process.exitcode, pause)
            self.is_ending.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE) if time.monotonic() - began < LONGEST_PAUSE else FIRST_PAUSE
            if not self.is_ending.is_set():
                self.process = self._started(multiprocessing.get_context("spawn"))

    def _started(self, context: BaseContext) -> BaseProcess:
        process: BaseProcess = context.Process(  # type: ignore[attr-defined]
            target=_work, args=(os.getpid(), self.config, self.demo), name="worker"
        )
        process.start()
        if self.is_ending.is_set():
            process.terminate()
        return process


def die_with(parent: int) -> None:
    """Called in a child: it is killed as soon as its parent has gone, however the parent went."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it went before the kernel was told
            os._exit(1)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _work(parent: int, config: Config, demo: bool) -> None:
    """Runs in the worker's process. Ctrl-C reaches it too, but the server decides when it ends."""
    stop = Bell()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    die_with(parent)
    logging.config.dictConfig(logs.settings(config.log_level))
    app = _the_app(config, demo)
    worker.run(app, stop)


def _the_app(config: Config, demo: bool) -> Flask:
    """What was made before the fork; where processes are not forked, a new one."""
    if _app is not None:
        return _app
    from app import create_app  # app imports this package

    return create_app(config, demo)
