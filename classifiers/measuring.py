"""Running the classifier over sets of texts, to be measured; nothing but ``evaluate`` uses it."""

import gzip
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from classifiers.artifacts import Installed
from classifiers.dataset import CORPUS, BadText, LabelledText, read_corpus, read_texts
from classifiers.disguises import TRICKS, disguise
from classifiers.evaluate import Judged, SetFigures, Share, set_figures, share
from classifiers.experiments import (
    LANGUAGES,
    CurvePoint,
    LeftOut,
    learning_curve,
    leave_languages_out,
    n_curve_fits,
)
from classifiers.judging import OnStep, judge, probability_of
from classifiers.risk import classifier_version, classify
from classifiers.statistics import Scorer

_N_REASONS = 40


@dataclass(frozen=True, slots=True)
class FlaggedAd:
    """A flagged text of an unlabelled set: never quoted, since it may name people."""

    id: str
    probability: float
    rules: tuple[str, ...]
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlagRate:
    """How many texts of an unlabelled set are flagged, and the surest of them."""

    name: str
    flagged: Share
    by_rule: dict[str, int]
    flagged_ads: tuple[FlaggedAd, ...]


@dataclass(frozen=True, slots=True)
class PlainText:
    """A text without a label."""

    id: str
    text: str
    title: str | None


def read_plain_texts(path: Path) -> Iterator[PlainText]:
    """Read JSON lines ``{text, title?, id?}``, gzipped or not; lines without text are passed over.

    Raises:
        BadText: a line is not JSON.
    """
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                raw = orjson.loads(line)
            except orjson.JSONDecodeError:
                raise BadText(f"{path.name}, line {number}: the line is not JSON.") from None
            if isinstance(raw, dict) and isinstance(raw.get("text"), str) and raw["text"]:
                yield PlainText(str(raw.get("id", number)), raw["text"], raw.get("title") or None)


def measure_flag_rate(path: Path, scorer: Scorer, on_step: OnStep = lambda: None) -> FlagRate:
    """Count what is flagged in a file of unlabelled texts."""
    n_texts = 0
    flagged: list[FlaggedAd] = []
    by_rule: Counter[str] = Counter()
    for text in read_plain_texts(path):
        n_texts += 1
        result = classify(text.text, text.title, scorer)
        if result.flagged:
            probability = probability_of(text.text, text.title, scorer)
            codes = tuple(dict.fromkeys(hit.code for hit in result.indicators if hit.counted))
            flagged.append(FlaggedAd(text.id, round(probability, 4), result.rules, codes))
            by_rule.update(result.rules)
        on_step()
    flagged.sort(key=lambda ad: (-ad.probability, ad.id))
    name = path.name.removesuffix(".gz").removesuffix(".jsonl")
    surest = tuple(flagged[:_N_REASONS])
    return FlagRate(name, share(len(flagged), n_texts), dict(sorted(by_rule.items())), surest)


@dataclass(frozen=True, slots=True)
class Disguised:
    """What one trick costs.

    Attributes:
        trick: of ``disguises.TRICKS``.
        n_changed: texts the trick changed at all; the others are not counted below.
        recall_clean: of those to be flagged, flagged as they stand.
        recall: the same in their disguised copies.
        newly_flagged: of clear ones that are not flagged as they stand, flagged in their copies.
    """

    trick: str
    n_changed: int
    recall_clean: Share
    recall: Share
    newly_flagged: Share


def measure_disguises(
    judged: Sequence[Judged], scorer: Scorer, on_step: OnStep = lambda: None
) -> tuple[Disguised, ...]:
    """Compare texts with their disguised copies, trick by trick."""
    return tuple(_measure_trick(judged, trick, scorer, on_step) for trick in TRICKS)


def _measure_trick(judged: Sequence[Judged], trick: str, scorer: Scorer, on_step: OnStep) -> Disguised:
    n_changed = 0
    n: Counter[tuple[bool, bool, bool]] = Counter()
    for one in judged:
        label = one.label
        text = disguise(label.text, trick, label.language)
        title = disguise(label.title, trick, label.language) if label.title else None
        if (text, title) != (label.text, label.title):
            n_changed += 1
            copy = classify(text, title, scorer)
            n[label.is_flagged, one.result.flagged, copy.flagged] += 1
        on_step()
    n_wanted = sum(count for (wanted, _, _), count in n.items() if wanted)
    return Disguised(
        trick=trick,
        n_changed=n_changed,
        recall_clean=share(n[True, True, True] + n[True, True, False], n_wanted),
        recall=share(n[True, True, True] + n[True, False, True], n_wanted),
        newly_flagged=share(n[False, False, True], n[False, False, True] + n[False, False, False]),
    )


@dataclass(frozen=True, slots=True)
class Taught:
    """What a classifier was fitted on: counts of texts by quality."""

    n_texts: int
    n_flagged: int
    n_everyday: int
    by_language: dict[str, int]
    by_writer: dict[str, int]
    by_purpose: dict[str, int]
    n_long: int

    @classmethod
    def of(cls, texts: Sequence[LabelledText], long_from: int = 400) -> "Taught":
        """Count."""
        return cls(
            n_texts=len(texts),
            n_flagged=sum(text.is_flagged for text in texts),
            n_everyday=sum(text.is_everyday for text in texts),
            by_language=_counts(text.language for text in texts),
            by_writer=_counts(text.writer for text in texts),
            by_purpose=_counts(purpose.value for text in texts for purpose in text.purposes),
            n_long=sum(len(text.text) > long_from for text in texts),
        )


def _counts(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a set shares with ``corpus/train``; false when nothing is shared.

    Attributes:
        n_texts: texts that were taught, but for spaces and case.
        n_of_writers: texts by writers whose other texts were taught.
    """

    n_texts: int
    n_of_writers: int

    def __bool__(self) -> bool:
        return bool(self.n_texts or self.n_of_writers)

    @classmethod
    def of(cls, texts: Sequence[LabelledText], train: Sequence[LabelledText]) -> "Overlap":
        """Compare."""
        taught = {_bare(text) for text in train}
        writers = {text.writer for text in train if text.writer}
        return cls(
            n_texts=sum(_bare(text) in taught for text in texts),
            n_of_writers=sum(text.writer in writers for text in texts),
        )


def _bare(text: LabelledText) -> str:
    return "".join(text.text.casefold().split())


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything one run of ``saqshy evaluate`` measured.

    Attributes:
        classifier_version: that was measured.
        threshold: of the probability of "flag".
        taught: what it was fitted on.
        sets: labelled, one by one; never together.
        overlaps: by set, what it shares with the texts taught.
        empty_sets: names of own parts that hold no text yet.
        flag_rates: of unlabelled sets.
        disguised_set: whose copies were measured; "" if none.
        disguised: by trick.
        curve: empty unless asked for.
        left_out: likewise.
    """

    classifier_version: str
    threshold: float
    taught: Taught
    sets: tuple[SetFigures, ...]
    overlaps: dict[str, Overlap] = field(default_factory=dict)
    empty_sets: tuple[str, ...] = ()
    flag_rates: tuple[FlagRate, ...] = ()
    disguised_set: str = ""
    disguised: tuple[Disguised, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure.

    Attributes:
        files: labelled; empty for our own parts ``test`` and ``blind``.
        unlabelled: files of which only the flag rate is measured.
        has_curve: fit on growing parts.
        has_left_out: fit without each language.
    """

    files: Sequence[Path] = ()
    unlabelled: Sequence[Path] = ()
    has_curve: bool = False
    has_left_out: bool = False


OWN_PARTS = ("test", "blind")
StartStage = Callable[[str, int], OnStep]
"""Told the name of a stage and its number of steps; returns what is to be called at each step."""


def run(plan: Plan, installed: Installed, start: StartStage = lambda _, __: lambda: None) -> Evaluation:
    """Measure what the plan says.

    Args:
        plan: what to measure.
        installed: the classifier.
        start: for a progress bar.
    """
    scorer = installed.scorer
    # All texts at once: what is written while this runs belongs to the next run.
    train, blind, sources = read_corpus("train"), read_corpus("blind"), _sources(plan.files)
    judged = {
        name: judge(texts, scorer, start(name, len(texts))) for name, (texts, _) in sources.items() if texts
    }
    disguised_set = next((name for name in OWN_PARTS if name in judged), "") if not plan.files else ""
    disguised: tuple[Disguised, ...] = ()
    if disguised_set:
        of_set = judged[disguised_set]
        disguised = measure_disguises(of_set, scorer, start("disguised copies", len(of_set) * len(TRICKS)))
    return Evaluation(
        classifier_version=classifier_version(installed.sha256),
        threshold=scorer.artifact.threshold,
        taught=Taught.of(train),
        sets=tuple(set_figures(name, judged[name], is_own=sources[name][1]) for name in judged),
        overlaps={name: Overlap.of(sources[name][0], train) for name in judged},
        empty_sets=tuple(name for name, (texts, _) in sources.items() if not texts),
        flag_rates=tuple(
            measure_flag_rate(path, scorer, start(path.name, count_lines(path))) for path in plan.unlabelled
        ),
        disguised_set=disguised_set,
        disguised=disguised,
        curve=learning_curve(train, blind, start("learning curve (fits)", n_curve_fits()))
        if plan.has_curve
        else (),
        left_out=leave_languages_out(train, blind, start("languages left out (fits)", len(LANGUAGES)))
        if plan.has_left_out
        else (),
    )


def _sources(files: Sequence[Path]) -> dict[str, tuple[Sequence[LabelledText], bool]]:
    """Return by name of set: its texts, and whether they are ours."""
    if not files:
        return {part: (read_corpus(part), True) for part in OWN_PARTS}
    names = Counter(path.name for path in files)
    return {
        (path.name if names[path.name] == 1 else str(path)): (
            tuple(read_texts(path)),
            path.resolve().is_relative_to(CORPUS.resolve()),
        )
        for path in files
    }


def count_lines(path: Path) -> int:
    """Return how many lines a file has, gzipped or not."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        return sum(1 for _ in lines)
