"""From a server's certificate upwards: which of those that it sends belong together, and to which root they lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cryptography import x509

from services.apple.tls_root import Root, has_issued, is_authority, name_of


@dataclass(frozen=True)
class Chain:
    """`sent` starts with the server's own certificate; each one was issued by the next, the last by `root`."""

    sent: tuple[x509.Certificate, ...]
    root: x509.Certificate | None = None
    kind: Literal["own", "public", "unknown"] = "unknown"

    @property
    def leaf(self) -> x509.Certificate:
        return self.sent[0]

    @property
    def top(self) -> x509.Certificate:
        """The root, or the last that could be found."""
        return self.root or self.sent[-1]

    @property
    def all(self) -> tuple[x509.Certificate, ...]:
        return self.sent if self.root is None or self.root in self.sent else (*self.sent, self.root)

    def called(self, certificate: x509.Certificate) -> str:
        """As a sentence names it."""
        if certificate == self.leaf:
            return "the TLS certificate"
        return f"the certificate of the authority {name_of(certificate)}"


def chain_of(
    sent: Sequence[x509.Certificate], root: Root | None, public: Sequence[x509.Certificate]
) -> Chain:
    """Follow the signatures. The organisation's own root counts first: it is the one that needs a person's hand."""
    own = [x509.load_der_x509_certificate(root.certificate)] if root else []
    found = [sent[0]]
    while True:
        last = found[-1]
        for each in own:
            if each == last or has_issued(each, last):
                return Chain(tuple(found), each, "own")
        for each in public:
            if each == last or has_issued(each, last):
                return Chain(tuple(found), each, "public")
        above = (each for each in sent if each not in found and is_authority(each) and has_issued(each, last))
        following = next(above, None)
        if following is None:
            return Chain(tuple(found))
        found.append(following)
