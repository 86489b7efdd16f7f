"""A time stamp by somebody else (RFC 3161) over a dossier's manifest: then its age is no claim of its author.

The request and the answer travel by the user's own means; nothing here opens a connection. The answer is kept only if
it is over this manifest, and is checked against the root certificate that a reader trusts. Needs the extra
`hydrometer[stamp]`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from hydrometer.base.errors import RunError, UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

FILE = "manifest.tsr"
MANIFEST = "manifest.json"
LARGEST_BYTES = 1_000_000
NOT_INSTALLED = "the package rfc3161-client is not installed"
REMEDY = "install hydrometer[stamp]"


def add(folder: Path, answer: Path) -> str:
    """Keep an authority's answer beside the manifest that it is over; the moment that it states.

    Args:
        folder: of the dossier.
        answer: the response to a request such as `openssl ts -query -data manifest.json -sha256 -cert` makes.

    Raises:
        UsageError: it is no granted response, or over other bytes; or the extra is not installed.
        RunError: the folder holds no dossier.
    """
    where = f"--stamp {answer}"
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError as problem:
        raise RunError(str(folder), "no manifest.json", "the folder of a dossier", "name one") from problem
    try:
        if answer.stat().st_size > LARGEST_BYTES:
            raise UsageError(where, "a large file", "a time-stamp response", "name the authority's answer")
        raw = answer.read_bytes()
    except OSError as problem:
        raise UsageError(where, type(problem).__name__, "a readable file", "check the path") from problem
    try:
        response = _decoded(raw)
    except ImportError as problem:
        raise UsageError(where, NOT_INSTALLED, "the library that reads time stamps", REMEDY) from problem
    except ValueError as problem:
        raise UsageError(
            where, "no time-stamp response", "a response of RFC 3161", "name the authority's answer"
        ) from problem
    if not _over(response, manifest):
        expected = "a stamp over the SHA-256 of this manifest.json"
        raise UsageError(where, "a stamp over other bytes, or none that was granted", expected, "ask for one over it")
    (folder / FILE).write_bytes(raw)
    return response.tst_info.gen_time.isoformat()


def checked(folder: Path, manifest: bytes, root: Certificate | None, problems: list[str]) -> str:
    """What is known of the stamp in a folder; one that does not hold is added to `problems`."""
    path = folder / FILE
    if not path.exists():
        if root is not None:
            problems.append(f"{FILE}: missing")
        return "not stamped"
    try:
        response = _decoded(path.read_bytes())
    except ImportError:
        return f"there is one, not checked: {NOT_INSTALLED} ({REMEDY})"
    except (OSError, ValueError):
        problems.append(f"{FILE}: no time-stamp response")
        return "cannot be read"
    if not _over(response, manifest):
        problems.append(f"{FILE}: over another manifest")
        return "does not hold"
    when = response.tst_info.gen_time.isoformat()
    if root is None:
        return f"says {when}; not checked: give the authority's root certificate with --stamp-root"
    if not _holds(response, manifest, root):
        problems.append(f"{FILE}: not by an authority under the given root")
        return "does not hold"
    return f"holds: the manifest existed at {when}"


def _decoded(raw: bytes) -> TimeStampResponse:
    """The response in some bytes.

    Raises:
        ImportError: the extra is not installed.
        ValueError: the bytes are no response.
    """
    from rfc3161_client import decode_timestamp_response

    return decode_timestamp_response(raw)


def _over(response: TimeStampResponse, manifest: bytes) -> bool:
    """Whether a response was granted over the SHA-256 of these bytes."""
    from rfc3161_client import PKIStatus

    if int(response.status) not in (PKIStatus.GRANTED.value, PKIStatus.GRANTED_WITH_MODS.value):
        return False
    return bool(response.tst_info.message_imprint.message == hashlib.sha256(manifest).digest())


def _holds(response: TimeStampResponse, manifest: bytes, root: Certificate) -> bool:
    """Whether the response was signed by an authority under a root."""
    from rfc3161_client import VerificationError, VerifierBuilder

    try:
        return bool(VerifierBuilder(roots=[root]).build().verify_message(response, manifest))
    except VerificationError:
        return False


def root_certificate(path: Path) -> Certificate:
    """The certificate in a PEM file.

    Raises:
        UsageError: it is none.
    """
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as problem:
        expected = "the root certificate of a stamping authority, as PEM"
        raise UsageError(f"--stamp-root {path}", type(problem).__name__, expected, "name such a file") from problem
