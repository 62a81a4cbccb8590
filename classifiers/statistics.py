"""Scoring with a fitted artifact: sums of weights, most of them looked up word by word.

What a written word adds to "flag" is worked out once and kept, so most ads cost
one look-up per distinct word and a few small sums; the other questions are
asked only of ads that may be flagged.
"""

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from classifiers.artifact import Artifact
from classifiers.features import Features, pair_pieces, word_pieces
from models.enums import Purpose

_CACHE_SIZE = 60_000
MIN_SCORE = 0.1
"""A purpose less likely than this is not named."""
RULED_OUT = 0.1
"""Where words and concepts make "flag" less likely than this, pairs of neighbours are not read; on 3 870
texts they lifted none of those over 0.27."""
FAR_OFF = 0.02
"""Where words and single concepts make "flag" less likely than this, concepts near each other are not read;
on 12 789 texts they lifted none of those over 0.12."""


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
        self._sign_rows = {code: row for row, code in enumerate(artifact.sign_codes)}
        self._flag = artifact.outputs.index("flag")
        self._demand = artifact.outputs.index("demand")
        self._purposes = [(n, Purpose(o)) for n, o in enumerate(artifact.outputs) if o in set(Purpose)]
        flags = artifact.pieces[:, self._flag].tolist()
        self._flag_of_piece: dict[int, float] = dict(zip(artifact.piece_keys.tolist(), flags, strict=True))
        self._word_flags = _WordFlags(self._flag_of_piece)
        self._word_rows = _WordRows(artifact)
        self._of_flag = _FlagWeights(artifact, self._flag)

    def probabilities(self, features: Features) -> Probabilities:
        """Score one ad.

        A purpose is at most as likely as "flag", so where that is next to
        nothing no purpose is worked out: most ads end with one sum.
        """
        a = self.artifact
        scale = word_scale(len(features.words))
        of_words = sum(map(self._word_flags.__getitem__, features.words))
        margin = self._of_flag.margin(features) + of_words * scale
        flag = self._calibrated(margin)
        if flag < FAR_OFF:
            return Probabilities(flag, {}, 0.0)
        margin += self._of_flag.of_near(features)
        flag = self._calibrated(margin)
        pairs: Sequence[int] = ()
        if flag >= RULED_OUT:
            pairs = self._known_pairs(features)
            flag = self._calibrated(margin + sum(map(self._flag_of_piece.__getitem__, pairs)) * scale)
        if flag < MIN_SCORE:
            return Probabilities(flag, {}, 0.0)
        every = 1 / (1 + np.exp(-(a.slope * self._margins(features, pairs) + a.shift)))
        return Probabilities(
            flag, {p: flag * float(every[n]) for n, p in self._purposes}, float(every[self._demand])
        )

    def _calibrated(self, margin: float) -> float:
        a, n = self.artifact, self._flag
        return 1 / (1 + math.exp(-(float(a.slope[n]) * margin + float(a.shift[n]))))

    def _known_pairs(self, features: Features) -> list[int]:
        """Return each distinct pair of neighbours that is known, ascending."""
        return sorted(self._flag_of_piece.keys() & chain.from_iterable(map(pair_pieces, features.lines)))

    def _margins(self, features: Features, pairs: Sequence[int]) -> NDArray[np.float32]:
        a = self.artifact
        total: NDArray[np.float32] = a.bias + np.asarray(features.form, np.float32) @ a.form
        if features.words:
            scale = word_scale(len(features.words))
            total = total + np.array([self._word_rows[w] for w in features.words]).sum(axis=0) * scale
            total = total + (a.pieces[_rows(a, pairs)] * np.float32(scale)).sum(axis=0)
        if features.concepts:
            rarity = a.said_rarity[said := list(features.concepts)]
            total = total + rarity @ a.said[said] / _length(rarity)
        if features.near:
            rarity = a.near_rarity[near := list(features.near)]
            total = total + rarity @ a.near[near] / _length(rarity)
        known = [self._sign_rows[code] for code in features.signs if code in self._sign_rows]
        return total + a.signs[known].sum(axis=0) if known else total

    def word_weights(self, words: Sequence[str], n_distinct: int) -> NDArray[np.float64]:
        """Return what each written word adds to the margin of "flag", in the order given.

        Half of what two neighbours add together goes to each of them.
        """
        weights = np.array(list(map(self._word_flags.__getitem__, words)))
        halves = np.array(list(map(self._flag_of_piece.get, pair_pieces(words), repeat(0.0)))) / 2
        weights[:-1] += halves
        weights[1:] += halves
        return weights * word_scale(n_distinct)

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
    return 1 / (3 * math.sqrt(n_distinct + 3))


class _FlagWeights:
    """What everything but pieces of words adds to the margin of "flag", as plain numbers.

    An ad has a few dozen of them; numpy takes longer to be called than to add.
    """

    def __init__(self, artifact: Artifact, flag: int) -> None:
        self._bias = float(artifact.bias[flag])
        self._form: list[float] = artifact.form[:, flag].tolist()
        self._signs = dict(zip(artifact.sign_codes, artifact.signs[:, flag].tolist(), strict=True))
        self._said = (artifact.said_rarity.tolist(), (artifact.said_rarity * artifact.said[:, flag]).tolist())
        self._near = (artifact.near_rarity.tolist(), (artifact.near_rarity * artifact.near[:, flag]).tolist())

    def margin(self, features: Features) -> float:
        total: float = self._bias + sum(map(operator.mul, features.form, self._form))
        total += sum(self._signs.get(code, 0.0) for code in sorted(features.signs))
        return total + _mean(features.concepts, *self._said)

    def of_near(self, features: Features) -> float:
        return _mean(features.near, *self._near)


def _mean(numbers: Iterable[int], rarity: Sequence[float], weighted: Sequence[float]) -> float:
    """Return the sum of weighted values over the length of the vector of rarities; 0 of none."""
    found = sorted(numbers)
    length = math.hypot(*map(rarity.__getitem__, found))
    return sum(map(weighted.__getitem__, found)) / length if length else 0.0


def _rows(artifact: Artifact, pieces: Sequence[int]) -> NDArray[np.intp]:
    """Return the rows of the weights of known pieces."""
    return np.searchsorted(artifact.piece_keys, np.array(pieces, np.uint32))


class _WordFlags(dict[str, float]):
    """What the pieces of a written word add to "flag", before scaling; bounded, filled on demand."""

    def __init__(self, flag_of_piece: Mapping[int, float]) -> None:
        super().__init__()
        self._flag_of = flag_of_piece.get

    def __missing__(self, written: str) -> float:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        flag = self[written] = sum(map(self._flag_of, word_pieces(written), repeat(0.0)), 0.0)
        return flag


class _WordRows(dict[str, NDArray[np.float32]]):
    """What the pieces of a written word add to every output, before scaling; bounded, filled on demand."""

    def __init__(self, artifact: Artifact) -> None:
        super().__init__()
        self._artifact = artifact

    def __missing__(self, written: str) -> NDArray[np.float32]:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        keys, pieces = self._artifact.piece_keys, np.array(word_pieces(written), np.uint32)
        at = np.minimum(np.searchsorted(keys, pieces), len(keys) - 1)
        row: NDArray[np.float32] = self._artifact.pieces[at[keys[at] == pieces]].sum(axis=0)
        self[written] = row
        return row
