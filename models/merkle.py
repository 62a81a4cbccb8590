"""Merkle trees as RFC 6962 hashes them, over pairs of a row's id and a SHA-256.

A leaf is SHA-256(0x00 + the 32 bytes), a node SHA-256(0x01 + left + right), so
a path can be followed with ``openssl dgst`` alone. The ids are kept beside the
tree: they say which row a leaf belongs to and are not hashed.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

Member = tuple[int, str]

_MEMBER = struct.Struct(">Q32s")


@dataclass(frozen=True)
class Step:
    """One step of a path: what is hashed beside the value so far, and on which side it stands."""

    sibling: str
    is_left: bool


def leaf_hash(digest: str) -> bytes:
    """Hash of a leaf."""
    return sha256(b"\x00" + bytes.fromhex(digest)).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of what two subtrees hang under."""
    return sha256(b"\x01" + left + right).digest()


def root_of(digests: Sequence[str]) -> str:
    """Root over SHA-256 values in hex, at least one."""
    return _levels(digests)[-1][0].hex()


def path_of(digests: Sequence[str], position: int) -> list[Step]:
    """What proves that the value at ``position`` is under the root, from the leaf up."""
    steps = []
    for level in _levels(digests)[:-1]:
        other = position ^ 1
        if other < len(level):
            steps.append(Step(level[other].hex(), is_left=other < position))
        position //= 2
    return steps


def follow(digest: str, steps: Sequence[Step]) -> str:
    """The root that a path leads to."""
    value = leaf_hash(digest)
    for step in steps:
        sibling = bytes.fromhex(step.sibling)
        value = node_hash(sibling, value) if step.is_left else node_hash(value, sibling)
    return value.hex()


def _levels(digests: Sequence[str]) -> list[list[bytes]]:
    """All levels from the leaves to the root; a node without a neighbour rises as it is."""
    levels = [[leaf_hash(digest) for digest in digests]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [node_hash(below[n], below[n + 1]) for n in range(0, len(below) - 1, 2)]
        levels.append(pairs + below[len(below) - len(below) % 2 :])
    return levels


def pack_members(members: Sequence[Member]) -> bytes:
    """Ids and hashes in the order of the leaves, 40 bytes each."""
    return b"".join(_MEMBER.pack(row_id, bytes.fromhex(digest)) for row_id, digest in members)


def unpack_members(packed: bytes) -> list[Member]:
    """What :func:`pack_members` put together.

    Raises:
        ValueError: cut off.
    """
    if len(packed) % _MEMBER.size:
        raise ValueError("members are cut off")
    return [(row_id, digest.hex()) for row_id, digest in _MEMBER.iter_unpack(packed)]
