"""Fitting the statistical part from the texts of ``corpus/train``: the same bytes every time.

One linear model a question (to be flagged? which purposes, and which side, if
flagged?) over the blocks of :mod:`classifiers.features`. Probabilities are
calibrated on texts whose writer the model had not read.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import GroupKFold  # type: ignore[import-untyped]
from sklearn.preprocessing import normalize  # type: ignore[import-untyped]

from classifiers.artifact import Artifact
from classifiers.dataset import LabelledText
from classifiers.features import Features, pair_pieces, word_pieces
from classifiers.lexicon import Lexicon
from classifiers.parallel import in_processes, n_processors
from classifiers.risk import read_ad
from classifiers.statistics import word_scale
from models.enums import Purpose, Side

SCALES = {"said": 1.0, "near": 1.4, "signs": 0.3, "form": 0.3}
"""How far each block may lead beside the pieces of words (1.0); chosen by ``benchmarks.models``."""
STRENGTH = 1.0
"""C of the logistic regressions; from 0.5 to 2 recall on writers not read differs by less than 0.2 points."""
MAX_TELLING = 3.0
"""A column e times as frequent in one answer is stretched by 1 more; none by more than this."""
MAX_FALSE_ALARMS = 0.03
"""Share of hard honest texts flagged, on writers not read, at which the threshold is set; the rules flag
nearly 1 % more of them, and together they should stay within 5 %."""
_MIN_TEXTS = 2
_MIN_TEXTS_OF_PAIR = 3
"""In so many texts a piece of a word, or of two neighbours, must stand."""
_N_FOLDS = 4


def fit(
    texts: Sequence[LabelledText], lexicon: Lexicon, on_step: Callable[[str], None] = lambda _: None
) -> Artifact:
    """Fit an artifact.

    Args:
        texts: flagged and clear, of several writers.
        lexicon: whose concepts and signs it reads.
        on_step: told what is being done, for a progress bar.
    """
    on_step("read")
    rows_read = _read(texts, lexicon)
    design = _Design(rows_read, lexicon)
    matrix = design.matrix(rows_read)
    questions = _questions(texts)
    writers = np.array([text.writer for text in texts])
    everyday = np.array([text.is_everyday for text in texts])

    def model_of(output: str) -> _Model:
        rows, answers = questions[output]
        return _fit_question(matrix[rows], answers, writers[rows], everyday[rows])

    models: dict[str, _Model] = {}
    # "flag" is asked of most texts and comes first, so that no processor is left alone with it.
    fitted = chain.from_iterable(in_processes(model_of, questions, n_processors(), chunk=1))
    for output, model in zip(questions, fitted, strict=True):
        on_step(output)
        models[output] = model
    return design.artifact(models)


@dataclass(frozen=True, slots=True)
class _Model:
    """What answers one question.

    Attributes:
        coefficients: of the margin, one a column.
        intercept: likewise.
        slope: of the calibration.
        shift: likewise.
        threshold: probability from which ``MAX_FALSE_ALARMS`` of the ads answered 0 would be called 1.
    """

    coefficients: NDArray[np.float64]
    intercept: float
    slope: float
    shift: float
    threshold: float


@dataclass(frozen=True, slots=True)
class _Row:
    """One text as the design needs it, small enough to come back from another process.

    Attributes:
        n_words: distinct ones.
        pieces: of its words and then of its neighbours, each once.
        counts: how often each of ``pieces`` stands.
        n_word_pieces: so many of ``pieces`` are of words.
        pairs: of its neighbours, also those that are pieces of words.
        near: pairs of concepts.
        concepts: see :class:`classifiers.features.Features`, as the rest.
    """

    n_words: int
    pieces: NDArray[np.uint32]
    counts: NDArray[np.uint16]
    n_word_pieces: int
    pairs: NDArray[np.uint32]
    near: Sequence[int]
    concepts: frozenset[int]
    signs: frozenset[str]
    form: tuple[float, ...]


def _read(texts: Sequence[LabelledText], lexicon: Lexicon) -> list[_Row]:
    """Return what is read of each text; most of the time of a fit, so all processors read."""

    def read(text: LabelledText) -> _Row:
        return _row(read_ad(text.text, text.title, lexicon).features)

    return list(chain.from_iterable(in_processes(read, texts, n_processors())))


def _row(ad: Features) -> _Row:
    pairs = {piece for words in ad.lines for piece in pair_pieces(words)}
    counts = Counter(chain.from_iterable(map(_pieces_of, ad.words)))
    n_word_pieces = len(counts)
    counts.update(pairs)
    return _Row(
        n_words=len(ad.words),
        pieces=np.fromiter(counts, np.uint32, len(counts)),
        counts=np.fromiter(counts.values(), np.uint16, len(counts)),
        n_word_pieces=n_word_pieces,
        pairs=np.fromiter(pairs, np.uint32, len(pairs)),
        near=tuple(ad.near),
        concepts=ad.concepts,
        signs=ad.signs,
        form=ad.form,
    )


class TellingRegression(LogisticRegression):  # type: ignore[misc]  # scikit-learn has no types
    """Logistic regression in which columns that part the answers may lead further.

    Each column is stretched by 1 + the log of its ratio between the answers, after Wang and
    Manning, "Baselines and Bigrams" (2012). The fitted weights are those of the columns as given.
    """

    def fit(
        self, matrix: sparse.csr_matrix, answers: "Answers", everyday: "NDArray[np.bool_] | None" = None
    ) -> "TellingRegression":
        """Fit on columns of values from 0 up.

        Args:
            matrix: a row a text.
            answers: 1 or 0 for each.
            everyday: rows that say nothing of how telling a column is: beside chat every word of
                an ad would tell.
        """
        is_ad = np.ones(len(answers), bool) if everyday is None else ~everyday
        stands = matrix > 0
        yes, no = (_frequencies(stands[is_ad & (answers == answer)]) for answer in (1, 0))
        telling = 1 + np.minimum(np.abs(np.log(yes / no)), MAX_TELLING)
        super().fit(matrix @ sparse.diags(telling), answers)
        self.coef_: NDArray[np.float64] = telling * self.coef_
        return self


def _frequencies(stands: sparse.csr_matrix) -> NDArray[np.float64]:
    """Return in which share of the rows each column stands; never 0."""
    n: int = stands.shape[0]
    return (np.asarray(stands.sum(axis=0)).ravel() + 1) / max(n, 1)


def _fit_question(
    matrix: sparse.csr_matrix, answers: "Answers", writers: NDArray[np.str_], everyday: NDArray[np.bool_]
) -> _Model:
    model = _model().fit(matrix, answers, everyday)
    held_out = _held_out(matrix, answers, writers, everyday)
    asked = answers[~everyday]
    slope, shift = _calibrate(held_out, asked)
    threshold = _threshold(1 / (1 + np.exp(-(slope * held_out + shift))), asked)
    return _Model(model.coef_[0], float(model.intercept_[0]), slope, shift, threshold)


def _model() -> TellingRegression:
    return TellingRegression(C=STRENGTH, solver="liblinear", dual=True, max_iter=2_000, random_state=0)


Rows = NDArray[np.int64]
Answers = NDArray[np.int64]


def _questions(texts: Sequence[LabelledText]) -> dict[str, tuple[Rows, Answers]]:
    """Return by output: the texts that can answer it, and their answers."""
    flagged = [row for row, text in enumerate(texts) if text.is_flagged]
    questions = {"flag": (np.arange(len(texts)), np.array([int(text.is_flagged) for text in texts]))}
    for purpose in Purpose:
        questions[purpose.value] = (
            np.array(flagged),
            np.array([int(purpose in texts[row].purposes) for row in flagged]),
        )
    with_side = [row for row in flagged if texts[row].side is not None]
    demand = np.array([int(texts[row].side is Side.DEMAND) for row in with_side])
    return questions | {"demand": (np.array(with_side), demand)}


def _held_out(
    matrix: sparse.csr_matrix, answers: Answers, writers: NDArray[np.str_], everyday: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the margin of each ad under a model that has read none of its writer's ads.

    Everyday texts always teach and are not asked: they are easy, and would make hard ads look rare.
    """
    ads, always = np.flatnonzero(~everyday), np.flatnonzero(everyday)
    margins = np.zeros(len(ads))
    folds = GroupKFold(min(_N_FOLDS, len(set(writers[ads]))))
    for learn, ask in folds.split(ads, groups=writers[ads]):
        rows = np.concatenate([ads[learn], always])
        model = _model().fit(matrix[rows], answers[rows], everyday[rows])
        margins[ask] = model.decision_function(matrix[ads[ask]])
    return margins


def _calibrate(margins: NDArray[np.float64], answers: Answers) -> tuple[float, float]:
    """Return slope and shift of Platt's scaling."""
    fitted = LogisticRegression(C=1e6).fit(margins[:, None], answers)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def _threshold(probabilities: NDArray[np.float64], answers: Answers) -> float:
    clear = np.sort(probabilities[answers == 0])[::-1]
    return round(float(clear[int(MAX_FALSE_ALARMS * len(clear))]), 4)


# Words come again in other texts, and in other rounds.
_pieces_of = lru_cache(maxsize=100_000)(word_pieces)


class _Design:
    """Columns of the design matrix, and the way back from coefficients to an artifact."""

    def __init__(self, rows: Sequence[_Row], lexicon: Lexicon) -> None:
        pieces, n_of_piece = _n_texts([row.pieces[: row.n_word_pieces] for row in rows])
        pairs, n_of_pair = _n_texts([row.pairs for row in rows])
        self._n_texts = len(rows)
        self._keys = np.union1d(pieces[n_of_piece >= _MIN_TEXTS], pairs[n_of_pair >= _MIN_TEXTS_OF_PAIR])
        n_texts = _looked_up(self._keys, pieces, n_of_piece) + _looked_up(self._keys, pairs, n_of_pair)
        self._rarity = np.array([math.log((1 + len(rows)) / (1 + n)) + 1 for n in n_texts.tolist()])
        self._concepts = tuple(lexicon.concepts.definitions)
        n = len(self._concepts)
        self._said_rarity = _rarity(_binary([row.concepts for row in rows], 2 * n))
        self._near_rarity = _rarity(_binary([row.near for row in rows], n * n))
        self._signs = (*lexicon.indicators, *lexicon.counter_signs)
        self._row_of_sign = {code: row for row, code in enumerate(self._signs)}

    def matrix(self, rows: Sequence[_Row]) -> sparse.csr_matrix:
        n = len(self._concepts)
        return sparse.hstack(
            [
                self._pieces(rows),
                _of_length_one(_binary([row.concepts for row in rows], 2 * n), self._said_rarity)
                * SCALES["said"],
                _of_length_one(_binary([row.near for row in rows], n * n), self._near_rarity)
                * SCALES["near"],
                _binary([[self._row_of_sign[c] for c in row.signs] for row in rows], len(self._signs))
                * SCALES["signs"],
                sparse.csr_matrix(np.array([row.form for row in rows])) * SCALES["form"],
            ],
            format="csr",
        )

    def _pieces(self, rows: Sequence[_Row]) -> sparse.csr_matrix:
        pieces = np.concatenate([row.pieces for row in rows])
        columns = np.minimum(np.searchsorted(self._keys, pieces), len(self._keys) - 1)
        known = self._keys[columns] == pieces
        columns = columns[known]
        lengths = [len(row.pieces) for row in rows]
        scales = np.repeat([word_scale(row.n_words) for row in rows], lengths)[known]
        counts = np.concatenate([row.counts for row in rows])[known]
        values = counts * scales * self._rarity[columns]
        at = np.repeat(np.arange(len(rows)), lengths)[known]
        return sparse.csr_matrix((values, (at, columns)), shape=(len(rows), len(self._keys)))

    def artifact(self, models: Mapping[str, _Model]) -> Artifact:
        """Return the artifact of the models by the question they answer, one of them "flag"."""
        coefficients = np.stack([model.coefficients for model in models.values()], axis=1)
        n = len(self._concepts)
        ends = np.cumsum([len(self._keys), 2 * n, n * n, len(self._signs)])
        pieces, said, near, signs, form = np.split(coefficients.astype(np.float32), ends)
        return Artifact(
            outputs=tuple(models),
            concepts=self._concepts,
            piece_keys=self._keys,
            pieces=pieces * self._rarity[:, None].astype(np.float32),
            said=said * np.float32(SCALES["said"]),
            said_rarity=self._said_rarity.astype(np.float32),
            near=near * np.float32(SCALES["near"]),
            near_rarity=self._near_rarity.astype(np.float32),
            sign_codes=self._signs,
            signs=signs * np.float32(SCALES["signs"]),
            form=form * np.float32(SCALES["form"]),
            bias=np.array([model.intercept for model in models.values()], np.float32),
            slope=np.array([model.slope for model in models.values()], np.float32),
            shift=np.array([model.shift for model in models.values()], np.float32),
            threshold=models["flag"].threshold,
            n_texts=self._n_texts,
        )


def _n_texts(pieces: Sequence[NDArray[np.uint32]]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return each piece once, ascending, and in how many texts it stands."""
    distinct, n_texts = np.unique(np.concatenate(pieces), return_counts=True)
    return distinct, n_texts


def _looked_up(
    keys: NDArray[np.uint32], known: NDArray[np.uint32], numbers: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the number of each key; 0 of one that is not known."""
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, numbers[at], 0)


def _binary(columns: Sequence[Sequence[int] | frozenset[int]], n_columns: int) -> sparse.csr_matrix:
    rows = [row for row, ones in enumerate(columns) for _ in ones]
    flat = [column for ones in columns for column in ones]
    return sparse.csr_matrix((np.ones(len(flat)), (rows, flat)), shape=(len(columns), n_columns))


def _rarity(ones: sparse.csr_matrix) -> NDArray[np.float64]:
    """Return 1 + log of how many times rarer than every text a column is; 0 for one that never stands."""
    n_texts, counts = ones.shape[0], np.asarray(ones.sum(axis=0)).ravel()
    rarity: NDArray[np.float64] = np.log((1 + n_texts) / (1 + counts)) + 1
    rarity[counts == 0] = 0
    return rarity


def _of_length_one(ones: sparse.csr_matrix, rarity: NDArray[np.float64]) -> sparse.csr_matrix:
    return normalize(ones @ sparse.diags(rarity), copy=False)
