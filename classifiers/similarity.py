"""Near-duplicates: MinHash over shingles of normalised words.

Two texts meet as candidates by a band of their signatures or by a contact they
share (classifiers.linking); whether they are one ad is decided exactly, here.

Source: Broder, "On the resemblance and containment of documents", 1997;
bands as in Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", ch. 3.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from classifiers.text import search_terms

N_PERMUTATIONS = 128
N_BANDS = 32
SHINGLE_WORDS = 3
SHORT_TEXT_SHINGLES = 12
SIMILAR = 0.7
SIMILAR_SHORT = 0.95
# With the same phone, a copy that was re-broken, shortened or set with emoji keeps its words
# (two thirds of them and more) and half of its runs; another vacancy of the same employer shares the
# frame («график, питание, оформление») and so keeps runs too, but not the words of the work.
SAME_WORDS_WITH_CONTACT = 0.65
SIMILAR_WITH_CONTACT = 0.3

T = TypeVar("T")
Signature = NDArray[np.uint64]

_PRIME = np.uint64((1 << 31) - 1)
_random = np.random.default_rng(20_261_121)
_A = _random.integers(1, int(_PRIME), N_PERMUTATIONS, dtype=np.uint64)
_B = _random.integers(0, int(_PRIME), N_PERMUTATIONS, dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What of a text is compared.

    Attributes:
        runs: 31-bit hashes of its runs of three words; of the whole if it is shorter.
        words: its search terms.
    """

    runs: frozenset[int]
    words: frozenset[str]


def fingerprint(text: str) -> Fingerprint:
    """Return what a text is compared by.

    Numbers are left out, because prices, dates and phones are what copies
    change; emoji and line breaks are no words.
    """
    terms = [term for term in search_terms(text) if not term.isdecimal()]
    return Fingerprint(_runs(terms), frozenset(terms))


def _runs(terms: Sequence[str]) -> frozenset[int]:
    if not terms:
        return frozenset()
    runs = {" ".join(terms[i : i + SHINGLE_WORDS]) for i in range(max(len(terms) - SHINGLE_WORDS + 1, 1))}
    return frozenset(
        int.from_bytes(hashlib.blake2b(run.encode(), digest_size=4).digest()) % int(_PRIME) for run in runs
    )


def signature(runs: frozenset[int]) -> Signature:
    """Return the MinHash signature, shape (128,); all ones for an empty set."""
    if not runs:
        return np.full(N_PERMUTATIONS, _PRIME, dtype=np.uint64)
    values = np.fromiter(runs, dtype=np.uint64, count=len(runs))
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


def jaccard(one: frozenset[T], other: frozenset[T]) -> float:
    """Return the resemblance of two sets, 0 to 1; exact."""
    if not one or not other:
        return 0.0
    return len(one & other) / len(one | other)


def is_near_duplicate(one: Fingerprint, other: Fingerprint, *, shares_contact: bool) -> bool:
    """Whether two texts are one ad posted twice.

    Short texts have few words to differ in, so they must be nearly identical;
    the same phone or handle in both makes up for a changed layout.
    """
    resemblance = jaccard(one.runs, other.runs)
    if shares_contact and resemblance >= SIMILAR_WITH_CONTACT:
        return jaccard(one.words, other.words) >= SAME_WORDS_WITH_CONTACT or resemblance >= SIMILAR
    is_short = min(len(one.runs), len(other.runs)) < SHORT_TEXT_SHINGLES
    return resemblance >= (SIMILAR_SHORT if is_short else SIMILAR)


def band_rows(runs: frozenset[int]) -> Sequence[tuple[int, str]]:
    """Return (band number, key) pairs of a text; empty for a text without words."""
    return list(enumerate(bands(signature(runs)))) if runs else []
