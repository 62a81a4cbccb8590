"""Which statistical model reads best? Cross-validation on corpus/train; the blind set is not touched.

    .venv/bin/python -m benchmarks.models [--seed N]

Two ways to hold texts out: by writer (most writers write one language, so this also
asks what carries over to a language that is hardly taught) and by scenario. Every
model sees the same parts. Per part: recall at 3 % false alarms and average
precision on the texts held out; printed are mean, worst part and seconds.
The simplest model that is not worse is the one to keep.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from classifiers.dataset import LabelledText, read_corpus
from classifiers.evaluate import recall_at
from classifiers.features import Features
from classifiers.lexicon import Lexicon, load_lexicon
from classifiers.risk import read_ad
from classifiers.train import _Design, _model  # what is shipped itself, not a copy that drifts
from models.progress import Progress

MAX_FALSE_ALARMS = 0.03
N_FOLDS = 5

Margins = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Blocks:
    """The same texts read in several ways; sparse, one row a text. ``concepts`` holds signs and form too."""

    pieces: sparse.csr_matrix
    concepts: sparse.csr_matrix
    pairs: sparse.csr_matrix


def blocks(features: Sequence[Features], lexicon: Lexicon) -> Blocks:
    """Take the columns that ``classifiers.train`` fits apart again."""
    design = _Design(features, lexicon)
    n = len(lexicon.concepts.definitions)
    columns = design.matrix(features).tocsc()
    ends = np.cumsum([len(design._keys), 2 * n, n * n])
    pieces, said, near, rest = (columns[:, a:b] for a, b in pairwise([0, *ends, columns.shape[1]]))
    concepts = sparse.hstack([said, rest], format="csr")
    return Blocks(pieces=pieces.tocsr(), concepts=concepts, pairs=near.tocsr())


def boosting() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.08, max_leaf_nodes=15, min_samples_leaf=10, random_state=0
    )


def margins_of(
    model: object, learn: sparse.csr_matrix, answers: NDArray[np.int64], ask: sparse.csr_matrix
) -> Margins:
    if isinstance(model, HistGradientBoostingClassifier):
        fitted = clone(model).fit(learn.toarray(), answers)
        return np.asarray(fitted.decision_function(ask.toarray()))
    return np.asarray(clone(model).fit(learn, answers).decision_function(ask))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model: parts (estimator, columns); several parts are stacked by a logistic regression."""

    name: str
    parts: tuple[tuple[object, sparse.csr_matrix], ...]

    def margins(
        self, learn: NDArray[np.int64], ask: NDArray[np.int64], y: NDArray[np.int64], groups: NDArray[np.str_]
    ) -> Margins:
        """Learn from some texts and ask about others; groups say which belong together."""
        asked = [margins_of(model, rows[learn], y[learn], rows[ask]) for model, rows in self.parts]
        if len(asked) == 1:
            return asked[0]
        # What each part says of texts it has not learned from, so that none is trusted for remembering.
        inner = np.zeros((len(learn), len(self.parts)))
        for some, others in GroupKFold(3).split(learn, y[learn], groups[learn]):
            for n, (model, rows) in enumerate(self.parts):
                inner[others, n] = margins_of(model, rows[learn[some]], y[learn[some]], rows[learn[others]])
        judge = LogisticRegression().fit(inner, y[learn])
        return np.asarray(judge.decision_function(np.column_stack(asked)))


def candidates(read: Blocks) -> list[Candidate]:
    with_concepts = sparse.hstack([read.pieces, read.concepts], format="csr")
    everything = sparse.hstack([with_concepts, read.pairs], format="csr")
    meanings = sparse.hstack([read.concepts, read.pairs], format="csr")
    return [
        Candidate("linear, pieces of words", ((_model(), read.pieces),)),
        Candidate("linear, concepts alone", ((_model(), read.concepts),)),
        Candidate("linear, concepts and pairs", ((_model(), meanings),)),
        Candidate("linear, pieces + concepts", ((_model(), with_concepts),)),
        Candidate("linear, pieces + concepts + pairs (shipped)", ((_model(), everything),)),
        Candidate("gradient boosting over concepts", ((boosting(), read.concepts),)),
        Candidate("stacked: pieces, concepts and pairs", ((_model(), read.pieces), (_model(), meanings))),
        Candidate("stacked: shipped, boosting", ((_model(), everything), (boosting(), read.concepts))),
    ]


def compare(texts: Sequence[LabelledText], seed: int) -> None:
    lexicon = load_lexicon()
    with Progress("read", len(texts)) as progress:
        features = []
        for text in texts:
            features.append(read_ad(text.text, text.title, lexicon).features)
            progress.advance()
    read = blocks(features, lexicon)
    y = np.array([int(text.is_flagged) for text in texts])
    held_out = {
        "writer": (
            np.array([text.writer for text in texts]),
            GroupKFold(min(N_FOLDS, len({t.writer for t in texts}))),
        ),
        "scenario": (
            np.array([text.scenario for text in texts]),
            StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed),
        ),
    }
    models = candidates(read)
    for by, (groups, folds) in held_out.items():
        parts = list(folds.split(read.pieces, y, groups))
        print(
            f"\n{len(texts)} texts, held out by {by}: {len(parts)} parts of {[len(ask) for _, ask in parts]}"
        )
        print(f"{'model':45} {'recall at 3 %':>22} {'average precision':>22} {'seconds':>8}")
        with Progress(f"held out by {by}", len(models)) as progress:
            for candidate in models:
                print(row_of(candidate, parts, y, groups), flush=True)
                progress.advance()


def row_of(
    candidate: Candidate,
    parts: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    y: NDArray[np.int64],
    groups: NDArray[np.str_],
) -> str:
    started = time.process_time()
    recalls, precisions = [], []
    for learn, ask in parts:
        margins = candidate.margins(learn, ask, y, groups)
        scores = [(float(m), bool(a)) for m, a in zip(margins, y[ask], strict=True)]
        recalls.append(recall_at(scores, MAX_FALSE_ALARMS).value or 0.0)
        precisions.append(float(average_precision_score(y[ask], margins)))
    seconds = time.process_time() - started
    return f"{candidate.name:45} {spread(recalls):>22} {spread(precisions):>22} {seconds:8.1f}"


def spread(values: Sequence[float]) -> str:
    return f"{np.mean(values):.3f} (worst {min(values):.3f})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    compare(read_corpus("train"), parser.parse_args().seed)
