"""Somebody who signs in over HTTP as a browser without JavaScript would, and keeps the cookies."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from benchmarks.portal import PASSWORD

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """Keeps cookies and the CSRF token of the last page."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.jar = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.token = ""

    def sign_in(self, name: str = "alice", password: str = PASSWORD) -> None:
        self.get("/sign-in")
        page = self.post("/sign-in", username=name, password=password)
        if "/sign-out" not in page:
            raise RuntimeError("sign-in failed")

    def get(self, path: str) -> str:
        return self._open(urllib.request.Request(self.url + path))

    def post(self, path: str, htmx: bool = False, **fields: str) -> str:
        body = urllib.parse.urlencode({"csrf_token": self.token, **fields}).encode()
        headers = {"HX-Request": "true"} if htmx else {}
        return self._open(urllib.request.Request(self.url + path, body, headers))

    @property
    def cookies(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)

    def _open(self, request: urllib.request.Request) -> str:
        with self.opener.open(request, timeout=30) as answer:
            text = str(answer.read().decode())
        found = TOKEN.search(text)
        if found:
            self.token = found.group(1)
        return text
