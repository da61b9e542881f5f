"""The house style, as far as a machine can see it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

ROOT = Path(__file__).parent.parent
SOURCES = [
    path
    for path in sorted(ROOT.rglob("*.py"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    and path.relative_to(ROOT).parts[0] != "tests"
]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PAGES_OF_HTML = [path for path in TEMPLATES if "mail" not in path.relative_to(ROOT / "templates").parts]
MACROS = "_macros.html"

# Our own packages and modules, and which of them each may import.
OURS = {
    "app",
    "agent",
    "benchmarks",
    "blueprints",
    "cli",
    "config",
    "delivery",
    "mdm",
    "migrations",
    "models",
    "services",
    "simulation",
    "worker",
}
MAY_IMPORT = {
    "blueprints": {"blueprints", "services", "models", "mdm"},
    "services": {"services", "models", "mdm"},
    "models": set(),
    "mdm": {"mdm"},
    "simulation": {"mdm", "simulation"},
    "agent": set(),
    "config": set(),
    "app": {"blueprints", "cli", "config", "services"},
    "delivery": {"blueprints", "delivery", "mdm", "models", "services"},  # of blueprints, only what all share
}
LONGEST = {"models.py": 800, "agent/muster_agent.py": 1000}  # the agent is one file on purpose
LONGEST_OF_ALL = 200


def of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=of)
def test_imports_go_one_way(path: Path) -> None:
    allowed = MAY_IMPORT.get(_area(path))
    if allowed is None:
        return
    if of(path).startswith("blueprints/admin/"):
        allowed = allowed | {"delivery"}  # it shows the outbox, and what the demo would mail
    wrong = sorted({name for name in _imported(path) if name in OURS} - allowed)
    assert not wrong, f"{of(path)} imports {', '.join(wrong)}"


def test_services_know_nothing_of_the_web() -> None:
    web = {
        "flask",
        "flask_babel",
        "flask_login",
        "flask_wtf",
        "htmx_flask",
        "jinja2",
        "markupsafe",
        "werkzeug",
        "wtforms",
    }
    for path in SOURCES:
        if _area(path) in ("services", "mdm", "models"):
            assert not web & set(_imported(path)), of(path)


def test_only_pages_knows_htmx() -> None:
    for path in SOURCES:
        if of(path) in ("blueprints/shared/pages.py", "app.py"):
            continue  # app.py installs the extension
        assert "htmx_flask" not in _imported(path), of(path)
        if _area(path) == "blueprints":
            assert not re.search(r"[\"']HX-", path.read_text("utf-8")), of(path)


def test_views_leave_transactions_and_the_audit_to_the_services() -> None:
    """In a transaction of a view's own, a refusal would take back the try that a service counted."""
    for path in SOURCES:
        if _area(path) == "blueprints":
            assert not re.search(r"\batomic\(|\baudit\.append\(", path.read_text("utf-8")), of(path)


def test_only_config_reads_the_environment() -> None:
    for path in SOURCES:
        if _area(path) not in ("config", "agent", "benchmarks"):
            assert not re.search(r"os\.(environ|getenv)", path.read_text("utf-8")), of(path)


def test_nothing_runs_a_shell() -> None:
    for path in SOURCES:
        assert not re.search(r"shell\s*=\s*True|os\.system|os\.popen|\beval\(", path.read_text("utf-8")), of(
            path
        )


@pytest.mark.parametrize("path", SOURCES, ids=of)
def test_files_are_short_and_say_what_lives_in_them(path: Path) -> None:
    text = path.read_text("utf-8")
    if _area(path) == "migrations":
        return  # a frozen copy of the tables is as long as they are
    assert len(text.splitlines()) <= LONGEST.get(of(path), LONGEST_OF_ALL)
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{of(path)} has no docstring"


def test_the_clock_is_the_only_clock() -> None:
    for path in SOURCES:
        if _area(path) in ("blueprints", "services") and of(path) != "services/clock.py":
            assert not re.search(r"time\.time\(|datetime\.now\(|utcnow\(", path.read_text("utf-8")), of(path)


@pytest.mark.parametrize("path", PAGES_OF_HTML, ids=of)
def test_templates_keep_the_house_rules(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"hx-on", text), "no script in attributes"
    assert not re.search(r"(?<!data-)\bhx-[a-z]", text), "write data-hx-*"
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=", text), "no style and no script in the page"
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "no script in the page"
    assert not re.search(r"\|\s*safe\b|autoescape", text), "nothing is trusted as it is"
    assert not re.search(r"\stitle\s*=", text), "no tooltips"
    # `_` marks what it gives as safe: it is for the words of this file, never for what a variable holds.
    assert not re.search(r"\b_\(\s*[^\"'\s]", text), "translate in Python what is not written here"
    for tag in re.findall(r"<form\b[^>]*>?", text):
        assert "method=" in tag and "action=" in tag, tag


@pytest.mark.parametrize("path", TEMPLATES, ids=of)
def test_a_template_imports_the_macros_that_it_uses_and_no_others(path: Path) -> None:
    parse = Environment(autoescape=True).parse
    here = parse(path.read_text("utf-8"))
    used = {node.name for node in here.find_all(nodes.Name) if node.ctx == "load"}
    called = {call.node.name for call in here.find_all(nodes.Call) if isinstance(call.node, nodes.Name)}
    names = [name for found in here.find_all(nodes.FromImport) for name in found.names]
    imported = {name if isinstance(name, str) else name[1] for name in names}  # an alias is a pair
    shared = parse((ROOT / "templates" / "shared" / MACROS).read_text("utf-8"))
    macros = {macro.name for macro in shared.find_all(nodes.Macro)}
    assert not imported - used, "imported and not used"
    assert path.name == MACROS or not (called & macros) - imported, "used and only imported elsewhere"


@pytest.mark.parametrize("path", PAGES_OF_HTML, ids=of)
def test_a_template_is_a_page_or_a_fragment(path: Path) -> None:
    is_page = path.name != MACROS and not path.name.startswith("_")
    extends = "{% extends " in path.read_text("utf-8")
    assert extends == (is_page and path.name != "layout.html"), of(path)


def test_every_route_has_a_template_of_its_name_or_none() -> None:
    """A folder of templates belongs to a blueprint, or is one that all share."""
    shared = {"shared", "mail", "errors"}
    areas = {path.stem for path in (ROOT / "blueprints").glob("[a-z]*")}
    for path in TEMPLATES:
        folder = path.relative_to(ROOT / "templates").parts[0]
        assert folder in shared | areas | {"layout.html", "narrow.html"}, of(path)


def _area(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def _imported(path: Path) -> Iterator[str]:
    """First part of the name of every module that is imported, also inside of functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
