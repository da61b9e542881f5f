"""Static files under names that hold their digest, so that browsers keep them for ever; compressed once."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from wsgiref.headers import Headers

from flask import Flask
from whitenoise import WhiteNoise

from blueprints.shared import security

PREFIX = "/static/"
COMPRESSED = frozenset({".css", ".js", ".svg", ".txt"})


def init(app: Flask, source: Path, cache_folder: Path) -> None:
    """Serve every file of `source` before Flask is asked. Copies and compressed copies stand in the cache."""
    names = _names(source)
    served = WhiteNoise(
        app.wsgi_app,
        allow_all_origins=False,
        immutable_file_test=lambda path, url: True,
        add_headers_function=_headers(app.config["SESSION_COOKIE_SECURE"]),
    )
    cache_folder.mkdir(parents=True, exist_ok=True)
    for name, (hashed, content) in names.items():
        _store(cache_folder / hashed, content)
        if Path(name).suffix in COMPRESSED:
            _store(cache_folder / f"{hashed}.gz", _compressed(content))
        served.add_file_to_dictionary(PREFIX + hashed, str(cache_folder / hashed))
    app.wsgi_app = served  # type: ignore[method-assign]
    urls = {name: PREFIX + hashed for name, (hashed, _) in names.items()}
    app.jinja_env.globals["static_url"] = urls.__getitem__  # a wrong name is a KeyError, not a dead link


@cache
def _names(source: Path) -> dict[str, tuple[str, bytes]]:
    """Each file's hashed name and content, read once a process."""
    found = {}
    for path in sorted(source.iterdir()):
        if path.is_file():
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:12]
            found[path.name] = (f"{path.stem}.{digest}{path.suffix}", content)
    return found


@cache
def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _store(path: Path, content: bytes) -> None:
    """The name holds the digest, so a file that is there is the right one. Renaming makes it whole or absent."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def _headers(is_https: bool) -> Callable[[Headers, str, str], None]:
    def add(headers: Headers, path: str, url: str) -> None:
        for name, value in security.headers(is_https).items():
            headers[name] = value

    return add
