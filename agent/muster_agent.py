#!/usr/bin/env python3
"""The Muster agent: joins this computer to a Muster server, reports facts about it and carries out commands.

One file and the Python standard library (3.8 or newer), for Linux, macOS and Windows. From top to bottom: the
command line, a check-in, the five commands it obeys, talking to the server, what it remembers, and the facts
it reports (`muster_agent.py facts` prints them). It reports no location, no person, no program and no file.
It deletes nothing but its own state, unless it was started with --allow-wipe FOLDER.

Exit codes: 0 done, 1 error, 2 wrong usage, 3 not enrolled or unknown to the server, 4 blocked by an
administrator, 5 retired by the server.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import dataclasses
import functools
import hmac
import http.client
import io
import ipaddress
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VERSION = "1.0"
PLATFORM = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")
ERROR, WRONG_USAGE, UNKNOWN, BLOCKED, RETIRED = 1, 2, 3, 4, 5  # exit codes

TIMEOUT_SECONDS = 30
LARGEST_ANSWER = 1024 * 1024  # bytes
LONGEST_PAUSE = 15 * 60  # seconds between two tries when something is wrong
LONGEST_POLL = 24 * 60 * 60  # seconds
MOST_ROUNDS = 20  # check-ins one after the other, as long as the server has more to do
MOST_AT_ONCE = 100  # commands taken and results sent in one check-in
MOST_REMEMBERED = 200  # results
MOST_LEVELS = 500  # of folders inside each other that a wipe goes down
LONGEST_FACT, LONGEST_DETAIL = 255, 500  # characters


class AgentError(Exception):
    """What went wrong, in a sentence for a person, and the exit code if it ends the agent."""

    def __init__(self, sentence: str, exit_code: int = ERROR) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


# The command line


def main(arguments: list[str] | None = None) -> int:
    """Run one command of the command line and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a message may hold what this terminal cannot show
    options = command_line().parse_args(arguments)
    try:
        return int(options.command(options))
    except (AgentError, OSError) as error:
        complain(error)
        return getattr(error, "exit_code", ERROR)
    except KeyboardInterrupt:
        complain("Interrupted.")
        return ERROR


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Joins this computer to a Muster server.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command, takes_wipe, summary in (
        (enroll, True, "join a server, then go on as run"),
        (run, True, "check in again and again, as often as the server asks"),
        (once, True, "check in now, do what is asked, and end"),
        (facts, False, "print what is reported"),
        (status, False, "print what this agent remembers"),
    ):
        subparser = commands.add_parser(command.__name__, help=summary)
        subparser.set_defaults(command=command)
        subparser.add_argument("--state", metavar="FILE", type=Path, default=default_state_file())
        if takes_wipe:
            words = "let the server delete what is in this folder; never remembered, else refused"
            subparser.add_argument("--allow-wipe", metavar="FOLDER", type=full_path, help=words)
        if command is enroll:
            subparser.add_argument("--server", metavar="URL", required=True)
            subparser.add_argument("--token", help="- reads it from input; or set MUSTER_TOKEN")
            subparser.add_argument("--ca-file", metavar="PEM", help="trust this certificate authority too")
            subparser.add_argument("--insecure-http", action="store_true", help="http to other computers")
            subparser.add_argument("--once", action="store_true", help="end after the first check-in")
    return parser


def full_path(path: str) -> str:
    # A relative path may be an empty variable of a script, and would then be wherever the agent was started.
    if not os.path.isabs(path):
        raise argparse.ArgumentTypeError("give the full path")
    return os.path.abspath(path)


def enroll(options: argparse.Namespace) -> int:
    check_wipe_folder(options.allow_wipe, options.state)
    server = checked_server(options.server, options.insecure_http)
    token = sys.stdin.readline() if options.token == "-" else options.token or os.environ.get("MUSTER_TOKEN")
    if not token or not token.strip():
        raise AgentError("No token: give --token, or --token - and type it, or MUSTER_TOKEN.", WRONG_USAGE)
    if options.state.exists() and load_state(options.state).server != server:
        raise AgentError(f"Enrolled with another server. Retire it there, or move {options.state} away.")
    ca_file = os.path.abspath(options.ca_file) if options.ca_file else None
    if ca_file and not os.path.isfile(ca_file):
        raise AgentError(f"There is no {ca_file}.", WRONG_USAGE)

    # The token works once. That the state cannot be written must show before it is used up.
    options.state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=str(options.state.parent)).close()

    body = {"token": token.strip(), "platform": PLATFORM, "facts": collect_facts()}
    answer = post(server, ca_file, "enroll", body)
    device_id, secret = str(answer.get("device_id", "")), str(answer.get("secret", ""))
    if not re.fullmatch(r"[!-~]+", device_id) or not re.fullmatch(r"[!-~]+", secret):
        raise AgentError(f"{server} does not answer as a Muster server does.")
    state = State(server, ca_file, options.insecure_http, device_id, secret, poll_seconds(answer))
    save_state(options.state, state)
    say(f"Enrolled with {server} as device {device_id}.")
    return once(options) if options.once else run(options)


def run(options: argparse.Namespace) -> int:
    check_wipe_folder(options.allow_wipe, options.state)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    failures = 0
    try:
        while True:
            try:
                if not check_in(options.state, options.allow_wipe):
                    return 0
                failures, pause = 0, load_state(options.state).poll_seconds
            except (AgentError, OSError) as error:
                exit_code = getattr(error, "exit_code", ERROR)
                if exit_code == RETIRED or not options.state.exists():
                    raise
                complain(error)
                if exit_code == UNKNOWN:
                    # A server restored from an old backup may know this device again tomorrow.
                    complain("The secret is kept; trying again from time to time.")
                    pause = LONGEST_PAUSE
                elif exit_code == BLOCKED:
                    pause = load_state(options.state).poll_seconds
                else:
                    pause = min(2**failures, LONGEST_PAUSE)
                    failures = min(failures + 1, 10)
            # Never longer than agreed, and not at the same moment as everybody else.
            time.sleep(pause * random.uniform(0.8, 1))
    except KeyboardInterrupt:
        say("Stopped.")
        return 0


def once(options: argparse.Namespace) -> int:
    check_wipe_folder(options.allow_wipe, options.state)
    check_in(options.state, options.allow_wipe)
    return 0


def facts(options: argparse.Namespace) -> int:
    say(json.dumps(collect_facts(), indent=2))
    return 0


def status(options: argparse.Namespace) -> int:
    state = load_state(options.state)
    checked_in = time.ctime(state.last_check_in) if state.last_check_in else "never"
    say(f"Enrolled with {state.server} as device {state.device_id}.")
    say(f"Last check-in: {checked_in}. Results still to be reported: {len(unreported(state))}.")
    return 0


# A check-in


def check_in(state_file: Path, allow_wipe: str | None) -> bool:
    """Report, do what is asked and report that, until nothing is left; False once this device has left."""
    state = load_state(state_file)
    for _ in range(MOST_ROUNDS):
        results = unreported(state)[:MOST_AT_ONCE]
        report = [{name: result[name] for name in ("command_id", "status", "detail")} for result in results]
        body = {"facts": collect_facts(), "results": report}
        try:
            server = checked_server(state.server, state.insecure_http)
            answer = post(server, state.ca_file, "checkin", body, state.secret)
        except AgentError as error:
            if error.exit_code == RETIRED:
                state_file.unlink(missing_ok=True)
            raise
        commands = commands_in(answer)
        for result in results:
            result["reported"] = True
        state.poll_seconds, state.last_check_in = poll_seconds(answer), int(time.time())
        save_state(state_file, state)
        if state.leaving and not unreported(state):
            state_file.unlink(missing_ok=True)
            say("This device has left the server; its secret is deleted.")
            return False
        for command in commands:
            if not state.leaving:  # after that, only the report is left to do
                perform(command, state, state_file, allow_wipe)
                save_state(state_file, state)
        if not unreported(state):
            break
    return True


def commands_in(answer: dict[str, Any]) -> list[dict[str, Any]]:
    commands = answer.get("commands")
    if not isinstance(commands, list) or not all(isinstance(command, dict) for command in commands):
        raise AgentError("The answer is not from a Muster server.")
    if not all(isinstance(command.get(name), str) for command in commands for name in ("id", "type")):
        raise AgentError("The server sent a command without id or type.")
    return commands[:MOST_AT_ONCE]


def poll_seconds(answer: dict[str, Any]) -> int:
    seconds = answer.get("poll_seconds")
    return min(max(seconds, 1), LONGEST_POLL) if type(seconds) is int else LONGEST_PAUSE


def perform(command: dict[str, Any], state: State, state_file: Path, allow_wipe: str | None) -> None:
    """Carry a command out, once however often it is sent, and note the result for the next report."""
    for result in state.results:
        if result["command_id"] == command["id"]:
            result["reported"] = False
            return
    try:
        detail, outcome = carry_out(command, state_file, allow_wipe), "acknowledged"
    except Exception as error:  # Whatever it is, the server must hear of it and the agent must go on.
        detail, outcome = str(error) or type(error).__name__, "failed"
    detail = tidy(detail, LONGEST_DETAIL)
    say(f"{tidy(command['type'], 20)}: {outcome}. {detail}")
    state.leaving = outcome == "acknowledged" and command["type"] in ("retire", "wipe")
    result = {"command_id": command["id"], "status": outcome, "detail": detail}
    state.results = [*state.results, {**result, "reported": False}][-MOST_REMEMBERED:]


# The five commands


def carry_out(command: dict[str, Any], state_file: Path, allow_wipe: str | None) -> str:
    """Do it and say how, in a sentence for the server; raises an exception that says why not."""
    if command["type"] == "refresh":
        return "The facts come with this report."
    if command["type"] == "lock":
        return lock()
    if command["type"] == "message":
        return show_message(command.get("params"))
    if command["type"] == "retire":
        return "The agent deletes its secret and ends."
    if command["type"] == "wipe":
        return wipe(allow_wipe, state_file)
    raise AgentError("This agent does not know this command.")


def lock() -> str:
    if sys.platform == "win32":
        if not ctypes.windll.user32.LockWorkStation():
            raise AgentError("Windows refused; the agent must run in the session of the person signed in.")
        return "Locked by Windows."
    if sys.platform == "darwin":
        switcher = "/System/Library/CoreServices/Menu Extras/User.menu/Contents/Resources/CGSession"
        if os.path.exists(switcher):  # not on newer systems
            call(switcher, "-suspend")
            return "The login window is shown."
        call("pmset", "displaysleepnow")
        return "The display sleeps, and is locked if this Mac asks for a password straight away."
    if not call("loginctl", "list-sessions", "--no-legend").strip():
        raise AgentError("Nobody is signed in.")
    if os.geteuid() == 0:
        call("loginctl", "lock-sessions")
    else:
        screen = call("loginctl", "show-user", str(os.getuid()), "--property=Display", "--value")
        call("loginctl", "lock-session", *screen.split())
    return "The screen was told to lock (loginctl)."


def show_message(params: Any) -> str:
    text = params.get("text") if isinstance(params, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise AgentError("The message has no text.")
    # No control characters: they could take over the terminal it may be printed on.
    text = "\n".join(tidy(line, 1000) for line in text.splitlines())
    title = "Message from your organisation"
    try:
        if PLATFORM == "windows":
            call("msg", "*", given=f"{title}: {text}")
        elif PLATFORM == "macos":
            script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
            call("osascript", "-e", script, title, text)
        else:
            call("notify-send", "--", title, text)
    except AgentError:
        say(f"\n{title}:\n{text}\n")
        return "Printed where the agent runs; it could not be shown on the screen."
    return "Shown on the screen."


def wipe(folder: str | None, state_file: Path) -> str:
    if folder is None:
        raise AgentError("Refused: this agent was started without --allow-wipe.")
    check_wipe_folder(folder, state_file)
    with opened_folder(folder) as opened:
        stayed = empty_folder(opened, os.stat(opened).st_dev)
    if stayed:
        raise AgentError(f"Not everything could be deleted; still there, with what they hold: {stayed}.")
    return "Everything in the folder is deleted. The agent deletes its secret and ends."


def check_wipe_folder(folder: str | None, state_file: Path) -> None:
    """Raise AgentError if a wipe of this folder (an absolute path) could destroy more than its content."""
    if folder is None:
        return
    real = os.path.realpath(folder)
    reason = "" if os.path.isdir(folder) else "is not a folder"
    if os.path.normcase(real) != os.path.normcase(folder):
        reason = f"is reached through a link; give {real} if that is meant"
    if os.path.dirname(folder) == folder:
        reason = "is a whole drive"
    needed = {
        "the home directory": os.path.expanduser("~"),
        "the agent": __file__,
        "its state": str(state_file),
    }
    needed.update({"Python": sys.executable, "Python's folder": sys.prefix, "Python's library": os.__file__})
    for name, path in needed.items():
        if not reason and (is_inside(path, folder) or is_inside(os.path.realpath(path), folder)):
            reason = f"is or holds {name}"
    if any(point.startswith(real + os.sep) for point in linux_mount_points()):
        reason = "holds another file system"
    if reason:
        raise AgentError(f"Refused: {folder} {reason}.", WRONG_USAGE)


def is_inside(path: str, folder: str) -> bool:
    """Whether `path` is the folder or in it. Asks the file system, as case may not matter in names."""
    absolute = Path(os.path.abspath(path))
    return any(above.exists() and os.path.samefile(above, folder) for above in [absolute, *absolute.parents])


def linux_mount_points() -> list[str]:
    """All of them, as a folder of the same disk may be mounted elsewhere, which its device number hides."""
    lines = read_text("/proc/self/mountinfo").splitlines()
    return [re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), line.split(" ")[4]) for line in lines]


@contextlib.contextmanager
def opened_folder(path: str, parent: int | None = None) -> Iterator[int | str]:
    """The folder, held open so that nobody puts a link in its place meanwhile; on Windows just its path."""
    if sys.platform == "win32":
        yield path
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def empty_folder(folder: int | str, device: int, levels: int = MOST_LEVELS) -> int:
    """Delete what is in the folder and on that device, never following a link; returns how much stayed."""
    parent = folder if isinstance(folder, int) else None  # then every path below is a name relative to it
    stayed = 0
    with os.scandir(folder) as listing:
        entries = list(listing)
    for entry in entries:
        try:
            if is_real_folder(entry):
                with opened_folder(entry.path, parent) as inner:
                    may_enter = levels > 1 and os.stat(inner).st_dev == device
                    inside = empty_folder(inner, device, levels - 1) if may_enter else 1
                stayed += inside
                if not inside:
                    os.rmdir(entry.path, dir_fd=parent)
            else:
                if sys.platform == "win32" and not entry.is_symlink():  # it deletes no read-only file
                    os.chmod(entry.path, stat.S_IWRITE)
                os.unlink(entry.path, dir_fd=parent)
        except OSError:
            stayed += 1
    return stayed


def is_real_folder(entry: os.DirEntry[str]) -> bool:
    # Windows has junctions, which pass for folders and lead elsewhere.
    attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    return entry.is_dir(follow_symlinks=False) and not attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT


def call(*arguments: str, given: str = "") -> str:
    """What a program of the system prints, with `given` as its input. There is no shell in between."""
    try:
        done = subprocess.run(
            arguments,
            input=given,
            capture_output=True,
            encoding="oem" if sys.platform == "win32" else "utf-8",
            errors="replace",
            timeout=TIMEOUT_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        raise AgentError(f"{arguments[0]} is not there or does not answer.") from None
    if done.returncode:
        raise AgentError(f"{arguments[0]} failed: {tidy(done.stderr, 200) or done.returncode}")
    return done.stdout


# Talking to the server


def checked_server(address: str, insecure_http: bool) -> str:
    """The server's address without a slash at its end; plain http is for this computer itself only."""
    try:
        parts = urllib.parse.urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[^!-~]|[@?#\\]", address):
        raise AgentError("The address of the server must be like https://muster.example.org.", WRONG_USAGE)
    is_loopback = parts.hostname == "localhost"
    with contextlib.suppress(ValueError):  # it is a name
        is_loopback = is_loopback or ipaddress.ip_address(parts.hostname or "").is_loopback
    if parts.scheme == "http" and not is_loopback and not insecure_http:
        raise AgentError("Refused: plain http lets anybody on the way command this computer.", WRONG_USAGE)
    return parts.geturl().rstrip("/")


class RefuseRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the secret to somebody else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def post(server: str, ca_file: str | None, path: str, body: object, secret: str = "") -> dict[str, Any]:
    """Send one request and return the JSON object that answers it; anything else raises AgentError."""
    headers = {"Content-Type": "application/json", "User-Agent": f"muster-agent/{VERSION}"}
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    address = f"{server}/api/agent/v1/{path}"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers, method="POST")
    try:
        if server.startswith("https:"):
            context = ssl.create_default_context()
            if ca_file:
                context.load_verify_locations(ca_file)
            handler: urllib.request.BaseHandler = urllib.request.HTTPSHandler(context=context)
        else:
            handler = urllib.request.ProxyHandler({})  # no proxy: it would read along
        opener = urllib.request.build_opener(RefuseRedirects(), handler)
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            return read_json(response)
    except urllib.error.HTTPError as error:
        raise refusal(server, error) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise AgentError(f"No answer from {server}: {tidy(str(reason), 200)}") from None


def read_json(response: Any) -> dict[str, Any]:
    """The JSON object in an answer; raises ValueError if it is something else or too large."""
    text = response.read(LARGEST_ANSWER + 1)
    try:
        answer = json.loads(text) if len(text) <= LARGEST_ANSWER else None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise ValueError("what it says is not from a Muster server.")
    return answer


def refusal(server: str, error: urllib.error.HTTPError) -> AgentError:
    """What an answer other than 2xx means."""
    if 300 <= error.code < 400:
        return AgentError(f"{server} redirects elsewhere, which is refused: give the address it leads to.")
    try:
        problem = read_json(error) if error.headers.get_content_type() == "application/problem+json" else {}
    except (OSError, http.client.HTTPException, ValueError):
        problem = {}
    # Only the server itself decides about this device, not a proxy or the sign-in page of a hotel.
    known = {401: UNKNOWN, 403: BLOCKED, 410: RETIRED} if problem else {}
    title = tidy(str(problem.get("title", "not as a Muster server does.")), 200)
    return AgentError(f"{server} answers {error.code}: {title}", known.get(error.code, ERROR))


# What the agent remembers


@dataclasses.dataclass
class State:
    """What stands in the state file."""

    server: str
    ca_file: str | None
    insecure_http: bool
    device_id: str
    secret: str
    poll_seconds: int
    last_check_in: int | None = None
    """Seconds since 1970."""
    leaving: bool = False
    """A retire or wipe was carried out and is still to be reported."""
    results: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    """command_id, status, detail and reported, newest last."""


def unreported(state: State) -> list[dict[str, Any]]:
    return [result for result in state.results if not result["reported"]]


def default_state_file() -> Path:
    home = Path(os.path.expanduser("~"))
    if PLATFORM == "windows":
        local = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
        return local / "Muster Agent" / "state.json"
    if PLATFORM == "macos":
        return home / "Library" / "Application Support" / "Muster Agent" / "state.json"
    return Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state") / "muster-agent" / "state.json"


def load_state(state_file: Path) -> State:
    try:
        return State(**json.loads(state_file.read_bytes()))
    except FileNotFoundError:
        raise AgentError(f"Not enrolled: there is no {state_file}.", UNKNOWN) from None
    except (ValueError, TypeError):
        raise AgentError(f"{state_file} is damaged. Move it away and enrol again.") from None


def save_state(state_file: Path, state: State) -> None:
    """Write it so that even a power cut leaves the old or the new state, readable by its owner only."""
    descriptor, name = tempfile.mkstemp(dir=str(state_file.parent), prefix=".state-")  # has mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(dataclasses.asdict(state), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, str(state_file))
    except BaseException:
        Path(name).unlink(missing_ok=True)  # told to stop just now, it may have its new name already
        raise


# The facts


def collect_facts() -> dict[str, Any]:
    """All that is ever reported; None is what this computer does not tell."""
    name, version = operating_system()
    texts = {**hardware(), "os_name": name, "os_version": version, "host_name": socket.gethostname()}
    home = os.path.expanduser("~")
    disk = shutil.disk_usage(home if os.path.isdir(home) else os.sep)
    return {
        **{name: tidy(text, LONGEST_FACT) or None for name, text in texts.items()},
        "battery_percent": battery_percent(),
        "disk_total_bytes": disk.total,
        "disk_free_bytes": disk.free,
        "agent_version": VERSION,
    }


@functools.lru_cache
def hardware() -> dict[str, str]:
    """Manufacturer, model, serial and stable id; asked once, as they do not change while the agent runs."""
    found = {"linux": linux_hardware, "macos": macos_hardware, "windows": windows_hardware}[PLATFORM]()
    manufacturer, model, serial, identity = (without_placeholder(text) for text in found)
    # machine-id(5): never hand out a machine's own id, but a hash keyed with it that is ours alone.
    stable_id = hmac.new(identity.encode(), b"muster-agent", "sha256").hexdigest() if identity else ""
    return {"manufacturer": manufacturer, "model": model, "serial": serial, "stable_id": stable_id}


def linux_hardware() -> tuple[str, str, str, str]:
    firmware, arm_board = Path("/sys/class/dmi/id"), Path("/proc/device-tree")
    vendor, model = read_text(firmware / "sys_vendor"), read_text(firmware / "product_name")
    if vendor == "LENOVO":  # which keeps the name that people know in another field
        model = without_placeholder(read_text(firmware / "product_version")) or model
    model = model or read_text(arm_board / "model")
    # Often root only.
    serial = read_text(firmware / "product_serial") or read_text(arm_board / "serial-number")
    return vendor, model, serial, read_text("/etc/machine-id")


def macos_hardware() -> tuple[str, str, str, str]:
    try:
        found = json.loads(printed_by("system_profiler", "-json", "SPHardwareDataType"))[
            "SPHardwareDataType"
        ][0]
    except (ValueError, LookupError, TypeError):
        found = {}
    identifier = found.get("machine_model") or printed_by("sysctl", "-n", "hw.model")
    model = f"{found.get('machine_name', 'Mac')} ({identifier})"
    return "Apple", model, found.get("serial_number", ""), found.get("platform_UUID", "")


def windows_hardware() -> tuple[str, str, str, str]:
    firmware = r"HARDWARE\DESCRIPTION\System\BIOS"
    vendor, model = (windows_registry(firmware, name) for name in ("SystemManufacturer", "SystemProductName"))
    serial = printed_by("powershell", "-NoProfile", "-Command", "(Get-CimInstance Win32_BIOS).SerialNumber")
    return vendor, model, serial, windows_registry(r"SOFTWARE\Microsoft\Cryptography", "MachineGuid")


def operating_system() -> tuple[str, str]:
    """Name and full version, as in Debian GNU/Linux 12.5, macOS 14.4.1 and Windows 11 Pro 10.0.22631.3296."""
    if PLATFORM == "macos":
        return "macOS", printed_by("sw_vers", "-productVersion")
    if PLATFORM == "windows":
        place = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
        name, build, update = (windows_registry(place, key) for key in ("ProductName", "CurrentBuild", "UBR"))
        if build.isdigit() and int(build) >= 22000:  # where Windows 11 still calls itself 10
            name = name.replace("Windows 10", "Windows 11")
        return name or "Windows", f"10.0.{build}.{update}".strip(".") if build else ""
    lines = (read_text("/etc/os-release") or read_text("/usr/lib/os-release")).splitlines()
    release = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    name, version, long_version, kind = (
        release.get(key, "").strip("\"'") for key in ("NAME", "VERSION_ID", "VERSION", "ID")
    )
    # The point release: Debian keeps it in a file of its own, Ubuntu in VERSION ("24.04.1 LTS").
    full = read_text("/etc/debian_version") if kind == "debian" else long_version.split(" ")[0]
    return name or "Linux", full if full.startswith(f"{version}.") else version


def battery_percent() -> int | None:
    """Charge of the computer's own first battery, 0 to 100."""
    found = ""
    if sys.platform == "win32":
        power = (ctypes.c_ubyte * 12)()  # SYSTEM_POWER_STATUS; byte 2 is BatteryLifePercent, 255 unknown
        found = str(power[2]) if ctypes.windll.kernel32.GetSystemPowerStatus(power) else ""
    elif sys.platform == "darwin":
        found = "".join(re.findall(r"(\d+)%", printed_by("pmset", "-g", "batt"))[:1])
    else:
        for supply in sorted(Path("/sys/class/power_supply").glob("*")):
            # Scope "Device" is the battery of a mouse or a headset.
            if read_text(supply / "type") == "Battery" and read_text(supply / "scope") != "Device":
                found = found or read_text(supply / "capacity")
    return int(found) if found.isdigit() and int(found) <= 100 else None


def read_text(path: str | Path) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8", "replace").strip("\0 \t\r\n")
    except OSError:
        return ""


def printed_by(*arguments: str) -> str:
    try:
        return call(*arguments).strip()
    except AgentError:
        return ""


def windows_registry(path: str, name: str) -> str:
    if sys.platform == "win32":
        import winreg

        access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        with contextlib.suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path, 0, access) as key:
            return str(winreg.QueryValueEx(key, name)[0])
    return ""


def without_placeholder(text: str) -> str:
    """The text, or "" for what manufacturers leave in the firmware when they have nothing to say."""
    empty = r"|none|n/a|not (applicable|specified)|unknown|o\.?e\.?m\.?|default string|to be filled.*|[0 .-]*"
    empty += r"|0?123456789|system (product name|manufacturer|serial number|version)"
    return "" if re.fullmatch(empty, text, re.IGNORECASE) else text


def tidy(text: str, longest: int) -> str:
    """One line of printable characters, which the server accepts and which is safe to print."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:longest].rstrip()


def say(sentence: object) -> None:
    print(sentence, flush=True)


def complain(sentence: object) -> None:
    print(f"muster-agent: {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
