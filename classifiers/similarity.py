"""Near-duplicates: MinHash over shingles of normalised words.

Source: Broder, "On the resemblance and containment of documents", 1997;
bands as in Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", ch. 3.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.text import search_terms

N_PERMUTATIONS = 128
N_BANDS = 32
SHINGLE_WORDS = 3
SHORT_TEXT_SHINGLES = 12
SIMILAR = 0.7
SIMILAR_SHORT = 0.95
SIMILAR_WITH_CONTACT = 0.5

Signature = NDArray[np.uint64]

_PRIME = np.uint64((1 << 31) - 1)
_random = np.random.default_rng(20_261_121)
_A = _random.integers(1, int(_PRIME), N_PERMUTATIONS, dtype=np.uint64)
_B = _random.integers(0, int(_PRIME), N_PERMUTATIONS, dtype=np.uint64)


def shingles(text: str) -> frozenset[int]:
    """Return 31-bit hashes of the runs of three words of a text; of the whole if it is shorter.

    Numbers are left out: prices, dates and phones are what copies change.
    """
    terms = [term for term in search_terms(text) if not term.isdecimal()]
    if not terms:
        return frozenset()
    runs = {" ".join(terms[i : i + SHINGLE_WORDS]) for i in range(max(len(terms) - SHINGLE_WORDS + 1, 1))}
    return frozenset(
        int.from_bytes(hashlib.blake2b(run.encode(), digest_size=4).digest()) % int(_PRIME) for run in runs
    )


def signature(shingled: frozenset[int]) -> Signature:
    """Return the MinHash signature, shape (128,); all ones for an empty set."""
    if not shingled:
        return np.full(N_PERMUTATIONS, _PRIME, dtype=np.uint64)
    values = np.fromiter(shingled, dtype=np.uint64, count=len(shingled))
    lowest = np.full(N_PERMUTATIONS, _PRIME, dtype=np.uint64)
    # In slices, so that a text of ten million characters needs megabytes, not gigabytes.
    for start in range(0, len(values), 4_096):
        part = values[start : start + 4_096]
        hashed = (part[:, None] * _A + _B) % _PRIME
        np.minimum(lowest, hashed.min(axis=0), out=lowest)
    return lowest


def bands(signed: Signature) -> list[str]:
    """Return 32 keys; texts that share one are candidates for :func:`jaccard`."""
    rows = signed.reshape(N_BANDS, -1)
    return [hashlib.blake2b(row.tobytes(), digest_size=8).hexdigest() for row in rows]


def jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the resemblance of two shingle sets, 0 to 1; exact."""
    if not one or not other:
        return 0.0
    return len(one & other) / len(one | other)


def estimated_jaccard(one: Signature, other: Signature) -> float:
    """Return the resemblance of two texts as their signatures show it, 0 to 1, ± 0.09."""
    return float(np.mean(one == other))


def is_near_duplicate(one: frozenset[int], other: frozenset[int], *, shares_contact: bool) -> bool:
    """Whether two texts are one ad posted twice.

    Short texts have few words to differ in, so they must be nearly identical;
    the same phone or handle in both makes up for much.
    """
    resemblance = jaccard(one, other)
    if shares_contact:
        return resemblance >= SIMILAR_WITH_CONTACT
    is_short = min(len(one), len(other)) < SHORT_TEXT_SHINGLES
    return resemblance >= (SIMILAR_SHORT if is_short else SIMILAR)


def band_rows(shingled: frozenset[int]) -> Sequence[tuple[int, str]]:
    """Return (band number, key) pairs of a text; empty for a text without words."""
    return list(enumerate(bands(signature(shingled)))) if shingled else []
