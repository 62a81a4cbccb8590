"""Scoring with a fitted artifact: sums of weights, most of them looked up word by word.

The contribution of a written word is worked out once and kept, so an ad costs
one look-up per distinct word and a few small sums.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.artifact import Artifact
from classifiers.features import Features, word_pieces
from models.enums import Purpose

_CACHE_SIZE = 60_000


@dataclass(frozen=True, slots=True)
class Probabilities:
    """What the statistical part says of one ad; all in [0, 1], calibrated.

    Attributes:
        flag: that an analyst would want a person to look.
        purposes: independent; each at most ``flag``.
        demand: that the ad seeks, if it is to be flagged.
    """

    flag: float
    purposes: Mapping[Purpose, float]
    demand: float


class Scorer:
    """An artifact made ready for use; one per process, not shared between threads."""

    def __init__(self, artifact: Artifact) -> None:
        """Take the weights; caches fill as ads come."""
        self.artifact = artifact
        n_outputs = len(artifact.outputs)
        self._sign_rows = {code: row for row, code in enumerate(artifact.sign_codes)}
        self._rows = _WordRows(artifact, n_outputs)
        self._flag = artifact.outputs.index("flag")
        self._demand = artifact.outputs.index("demand")
        self._purposes = [(n, Purpose(o)) for n, o in enumerate(artifact.outputs) if o in set(Purpose)]

    def probabilities(self, features: Features) -> Probabilities:
        """Score one ad."""
        a = self.artifact
        margins = self._margins(features)
        every = 1 / (1 + np.exp(-(a.slope * margins + a.shift)))
        flag = float(every[self._flag])
        return Probabilities(
            flag, {p: flag * float(every[n]) for n, p in self._purposes}, float(every[self._demand])
        )

    def _margins(self, features: Features) -> NDArray[np.float32]:
        a = self.artifact
        total: NDArray[np.float32] = a.bias + np.asarray(features.form, np.float32) @ a.form
        if features.words:
            total = total + self._rows.total(features.words) * word_scale(len(features.words))
        if features.concepts:
            rarity = a.said_rarity[said := list(features.concepts)]
            total = total + rarity @ a.said[said] / _length(rarity)
        if features.near:
            rarity = a.near_rarity[near := list(features.near)]
            total = total + rarity @ a.near[near] / _length(rarity)
        known = [self._sign_rows[code] for code in features.signs if code in self._sign_rows]
        return total + a.signs[known].sum(axis=0) if known else total

    def word_weights(self, words: Sequence[str], n_distinct: int) -> NDArray[np.float32]:
        """Return what each written word adds to the margin of "flag", in the order given."""
        weights: NDArray[np.float32] = self._rows.of(words)[:, self._flag] * word_scale(n_distinct)
        return weights

    def concept_weights(self, features: Features) -> dict[int, float]:
        """Return what each concept said adds to the margin of "flag", with half of each pair it is in."""
        a, n = self.artifact, len(self.artifact.concepts)
        if not features.concepts:
            return {}
        said = np.array(list(features.concepts))
        length = _length(a.said_rarity[said])
        added = a.said[said, self._flag] * a.said_rarity[said] / length
        weights = {int(c): float(w) for c, w in zip(said, added, strict=True) if c < n}
        if features.near:
            near = list(features.near)
            rarity = a.near_rarity[near]
            halves = a.near[near, self._flag] * rarity / _length(rarity) / 2
            for pair, half in zip(near, halves.tolist(), strict=True):
                weights[pair // n] += half
                weights[pair % n] += half
        return weights


def _length(rarity: NDArray[np.float32]) -> np.float32:
    return np.sqrt(rarity @ rarity) or np.float32(1)


def word_scale(n_distinct: int) -> float:
    """Return the factor of the pieces of words: long ads have more words, not more meaning."""
    return float(1 / (3 * np.sqrt(n_distinct + 3)))


class _WordRows:
    """Summed weights of the pieces of each written word, in one growing table; bounded."""

    def __init__(self, artifact: Artifact, n_outputs: int) -> None:
        self._artifact = artifact
        self._row_of: dict[str, int] = {}
        self._table = np.zeros((1_024, n_outputs), np.float32)

    def of(self, words: Sequence[str]) -> NDArray[np.float32]:
        if len(self._row_of) + len(words) > _CACHE_SIZE:
            self._row_of.clear()
        row_of = self._row_of
        rows = [row_of[word] if word in row_of else self._add(word) for word in words]
        found: NDArray[np.float32] = self._table[rows]
        return found

    def total(self, words: Sequence[str]) -> NDArray[np.float32]:
        summed: NDArray[np.float32] = self.of(words).sum(axis=0)
        return summed

    def _add(self, word: str) -> int:
        row = len(self._row_of)
        if row == len(self._table):
            self._table = np.concatenate([self._table, np.zeros_like(self._table)])
        keys = np.array(word_pieces(word), np.uint32)
        at = np.searchsorted(self._artifact.piece_keys, keys)
        at[at == len(self._artifact.piece_keys)] = 0
        known = at[self._artifact.piece_keys[at] == keys]
        self._table[row] = self._artifact.pieces[known].sum(axis=0)
        self._row_of[word] = row
        return row
