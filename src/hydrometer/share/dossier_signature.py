"""Signs a dossier's manifest and checks the signature: Ed25519 (RFC 8032), keys as PEM files, nothing kept by us.

The signature stands in a file of its own, as 64 bytes over the manifest's bytes, so that it can be checked with other
tools: `openssl pkeyutl -verify -pubin -inkey KEY.pub -rawin -in manifest.json -sigfile manifest.sig`. A signature
proves that whoever holds the key sealed these bytes, not that what they say is true.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hydrometer.base.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FILE = "manifest.sig"
OWNER_ONLY = 0o600
LARGEST_KEY_BYTES = 16_384
EXPECTED = "an Ed25519 key as PEM, made by `hydrometer dossier --new-key FILE`"


def new_key(path: Path) -> Path:
    """Write a new private key to `path`, readable by its owner alone, and its public key beside it; the latter's path.

    Raises:
        UsageError: one of the two is there already, or the folder is not.
    """
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    public = path.with_name(f"{path.name}.pub")
    secret = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    for target, content in ((path, secret), (public, _public_pem(key.public_key()))):
        try:
            opened = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        except OSError as problem:
            found = "a file from before" if isinstance(problem, FileExistsError) else type(problem).__name__
            raise UsageError(
                f"--new-key {path}", f"{target}: {found}", "a path that is free", "name another"
            ) from problem
        with os.fdopen(opened, "wb") as file:
            file.write(content)
    return public


def _public_pem(key: Ed25519PublicKey) -> bytes:
    from cryptography.hazmat.primitives import serialization as form

    return key.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)


def private_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a PEM file.

    Raises:
        UsageError: it is no Ed25519 key without a password.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_content(path, "--key"), None)
    except (ValueError, TypeError) as problem:
        raise UsageError(f"--key {path}", type(problem).__name__, EXPECTED, "name such a file") from problem
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"--key {path}", f"a key of another kind ({type(key).__name__})", EXPECTED, "name such a file")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file.

    Raises:
        UsageError: it is no Ed25519 public key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    expected = "the file KEY.pub of an Ed25519 key"
    try:
        key = load_pem_public_key(_content(path, "--public-key"))
    except (ValueError, TypeError) as problem:
        raise UsageError(f"--public-key {path}", type(problem).__name__, expected, "name such a file") from problem
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"--public-key {path}", f"a {type(key).__name__}", expected, "name such a file")
    return key


def _content(path: Path, option: str) -> bytes:
    """The bytes of a small file."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_KEY_BYTES)
    except OSError as problem:
        raise UsageError(f"{option} {path}", type(problem).__name__, "a readable file", "check the path") from problem


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of a public key (its DER form), by which the manifest names who signed."""
    from cryptography.hazmat.primitives import serialization as form

    return hashlib.sha256(key.public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def sign(key: Ed25519PrivateKey, manifest: bytes) -> bytes:
    """The 64 bytes of the signature; the same key and bytes give the same signature."""
    return key.sign(manifest)


def holds(key: Ed25519PublicKey, signature: bytes, manifest: bytes) -> bool:
    """Whether the signature is by this key and over these bytes."""
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, manifest)
    except InvalidSignature:
        return False
    return True
