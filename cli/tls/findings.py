"""Will Apple's devices accept the server's TLS certificate? Each finding is a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509

from cli.tls import requirements
from cli.tls.chains import Chain, chain_of
from services.apple.tls_root import Root, name_of, printable

Finding = tuple[str, bool]
"""What there is to say, and whether it is fine so."""

UNREADABLE = (ValueError, x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType)


def findings(
    sent: Sequence[x509.Certificate],
    host: str,
    now: int,
    root: Root | None,
    public: Sequence[x509.Certificate],
) -> list[Finding]:
    """Where the certificate leads, then everything that devices refuse.

    `sent` is what the server shows, its own certificate first. `root` is the organisation's own authority,
    `public` are the roots that devices know from the start.
    """
    try:
        chain = chain_of(sent, root, public)
        problems = list(requirements.problems(chain, host, datetime.fromtimestamp(now, UTC)))
    except UNREADABLE as error:
        return [
            (f"the TLS certificate cannot be read ({printable(str(error))}): have a new one issued", False)
        ]
    return [_trust(chain, host, root), *((problem, False) for problem in problems)]


def _trust(chain: Chain, host: str, root: Root | None) -> Finding:
    ends = requirements.day(chain.leaf.not_valid_after_utc)
    if chain.kind == "own" and root is not None:
        leads = (
            f"leads to your own authority, {root.name}: each person has to trust it on the device first, and /go shows "
            f"how; its SHA-256 fingerprint is {root.fingerprint}"
        )
        return f"the TLS certificate of {host} (until {ends}) {leads}", True
    if chain.kind == "public":
        unneeded = ". Take MUSTER_TLS_ROOT away: people would trust it for nothing" if root else ""
        leads = f"leads to {name_of(chain.top)}, a public authority that devices know"
        return f"the TLS certificate of {host} (until {ends}) {leads}{unneeded}", True
    return _nowhere(chain, host), False


def _nowhere(chain: Chain, host: str) -> str:
    """The last of the chain has signed itself, or the one above it is missing; whose it is cannot be told from here."""
    top = chain.top
    if top.subject == top.issuer:
        return (
            f"devices will refuse {host}: {chain.called(top)} was issued by itself, and is neither a public authority "
            "that devices know nor MUSTER_TLS_ROOT. Take a public certificate, or set MUSTER_TLS_ROOT to the root of "
            "your own authority"
        )
    issuer = printable(top.issuer.rfc4514_string())
    return (
        f"devices will refuse {host}: {chain.called(top)} was issued by {issuer}, which the server does not send along "
        "and which is no root that we know. If it is between the two, add its certificate to the chain that the "
        "server sends; if it is the root of your own authority, set MUSTER_TLS_ROOT to it"
    )
