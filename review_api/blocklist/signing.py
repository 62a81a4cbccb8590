"""The release's manifest in its one canonical form, and Ed25519 over it."""

import base64
import json
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.blocklist import BlocklistRelease
from review_api.blocklist.names import FORMATS, file_name
from review_api.keys import load_secret

MANIFEST_FORMAT = "saqshy-release/1"


class Signer:
    """Signs with this installation's key; the key is made at the first start."""

    def __init__(self, keys_dir: Path) -> None:
        seed = load_secret(keys_dir / "release-signing.key", "signing key")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, manifest: bytes) -> str:
        """The signature, base64."""
        return base64.b64encode(self._key.sign(manifest)).decode()


def is_signed(manifest: bytes, signature: str, public_key: str) -> bool:
    """Whether the signature is the key's over exactly these bytes."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), manifest)
    except (ValueError, InvalidSignature):
        return False
    return True


def canonical_manifest(release: BlocklistRelease) -> bytes:
    """What is signed: everything the row says of the release, as JSON with sorted keys and no spaces.

    Made from the row alone, so that the stored file, the row and the signature
    can each be checked against the others.
    """
    hashes = {"csv": release.csv_sha256, "xlsx": release.xlsx_sha256, "json": release.json_sha256}
    facts = {
        "format": MANIFEST_FORMAT,
        "number": release.number,
        "created_at": release.created_at.isoformat(timespec="microseconds"),
        "n_entries": release.n_entries,
        "n_added": release.n_added,
        "n_removed": release.n_removed,
        "content_sha256": release.content_sha256,
        "files": {file_name(release.number, kind): hashes[kind] for kind in FORMATS},
        "audit_head": {"seq": release.audit_seq, "mac": release.audit_mac},
        "public_key": release.public_key,
    }
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
