"""Every sentence stands in the catalogue that translators work from, and nothing else does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
CATALOGUE = "translations/messages.pot"


def test_the_catalogue_holds_every_sentence_as_it_is_now(tmp_path: Path) -> None:
    found = tmp_path / "messages.pot"
    with_what_is_installed = ["-o", ".venv/development-installed", f"PYTHON={sys.executable}"]
    command = ["make", "--silent", *with_what_is_installed, "messages", f"CATALOGUE={found}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    assert found.read_text("utf-8") == (ROOT / CATALOGUE).read_text("utf-8"), "run: make messages"
