"""A lexicon made ready for finding: every cue and concept as numbers of phrases.

That takes many seconds, so it is kept in a file, named by what it was made
from: never out of date, letters and numbers only. A file that cannot be read
is made anew.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from classifiers.lexicon import Cue, Lexicon
from classifiers.lexicon.grammar import Phrase, WordGroups, parse_cue, parse_phrases
from classifiers.lexicon.phrase_tables import LABEL_LANGUAGES, Label, PhraseTables, phrase_tables

VICTIM = "live_victim"
"""Stands for a code where cues cry for help."""
_DEMAND_GROUPS = ("buy", "seek", "take")

# Words that many ordinary ads have; a phrase is looked for by its other words.
_FREQUENT_WORDS = (
    "работа работать опыт в с на у из по от до и не нет без за для мы наш вы ваш компания клиент "
    "день год месяц рабочий время человек офис данные документ модель онлайн рынок часть знание "
    "готовый другой новый команда счёт анализ рост магазин продажа искать нужный требоваться "
    "возможность зарплата оплата выходной график with for your work in of to a the we you our "
    "looking and on is are be team new data experience жумыс "
)


@dataclass(frozen=True, slots=True)
class CompiledCue:
    """A cue with its phrases as numbers.

    Attributes:
        code: of its indicator or counter-sign, or ``VICTIM``.
        parts: number (``CompiledLexicon.choices``) of the phrases of each part.
        absent: likewise, of what must not stand there.
        is_near: see ``grammar.ParsedCue``.
        is_ordinary: see ``grammar.Cue``.
    """

    code: str
    parts: Sequence[int]
    absent: Sequence[int]
    is_near: bool
    is_ordinary: bool


@dataclass(frozen=True, slots=True)
class CompiledLexicon:
    """All that a text is searched for; concepts are the labels of phrases and words.

    Attributes:
        tables: of all phrases.
        cues: in the order of the lexicon.
        choices: numbers of phrases of which any one will do.
        void: phrases that make a counter-sign void, by code.
        demand: phrases by which something is sought or bought.
    """

    tables: PhraseTables
    cues: Sequence[CompiledCue]
    choices: Sequence[Sequence[int]]
    void: Mapping[str, Sequence[int]]
    demand: Sequence[int]


def compile_lexicon(lexicon: Lexicon) -> CompiledLexicon:
    """Return the lexicon ready for finding, from the file where it is kept if it is there.

    Raises:
        BadCue: a cue or concept that cannot be read; the message names it.
    """
    if lexicon.kept_in is None:
        return _Compiling(lexicon).compiled()
    path = lexicon.kept_in / f"lexicon-{_code_sha256()[:12]}-{lexicon.sha256[:20]}.json"
    compiled = _read(path)
    if compiled is None:
        compiled = _Compiling(lexicon).compiled()
        _write(path, compiled)
    return compiled


def _code_sha256() -> str:
    """Return the hash of the code that turns words into keys and phrases into tables."""
    here = Path(__file__).parent
    code = [*sorted(here.glob("*.py")), *sorted((here.parent / "text").glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()


def _read(path: Path) -> CompiledLexicon | None:
    """Return what is kept in a file; None if it is not there or is damaged."""
    try:
        kept = orjson.loads(path.read_bytes())
        kept["tables"] = PhraseTables(**kept["tables"])
        kept["cues"] = [CompiledCue(*cue) for cue in kept["cues"]]
        return CompiledLexicon(**kept)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, compiled: CompiledLexicon) -> None:
    """Keep it in a file; a disk that refuses is no error."""
    kept = asdict(compiled) | {"cues": [list(asdict(cue).values()) for cue in compiled.cues]}
    written = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        written.write_bytes(orjson.dumps(kept))
        written.replace(path)
    except OSError:
        written.unlink(missing_ok=True)


class _Compiling:
    """A lexicon while its phrases are numbered."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._groups = _word_groups(lexicon.word_groups)
        self._numbers: dict[Phrase, int] = {}
        self._choices: dict[tuple[int, ...], int] = {}

    def compiled(self) -> CompiledLexicon:
        lexicon = self._lexicon
        owners: Iterable[tuple[str, Sequence[Cue]]] = (
            *((i.code, i.cues) for i in lexicon.indicators.values()),
            *((s.code, s.cues) for s in lexicon.counter_signs.values()),
            (VICTIM, lexicon.live_victim),
        )
        cues = [self._cue(code, cue) for code, cues in owners for cue in cues]
        void = {
            code: self._phrases(p for text in s.void_with for p in parse_phrases(text, "any", self._groups))
            for code, s in lexicon.counter_signs.items()
            if s.void_with
        }
        demand = self._phrases(p for name in _DEMAND_GROUPS for p in self._groups[name])
        n_asked = len(self._numbers)
        labels, labels_of_key = self._labels()
        frequent = [word.replace("ё", "е") for word in _FREQUENT_WORDS.split()]
        tables = phrase_tables(tuple(self._numbers), labels, labels_of_key, frequent, n_asked)
        return CompiledLexicon(tables, cues, [list(choice) for choice in self._choices], void, demand)

    def _phrases(self, phrases: Iterable[Phrase]) -> list[int]:
        numbers = self._numbers
        return sorted({numbers.setdefault(phrase, len(numbers)) for phrase in phrases})

    def _choice(self, phrases: Iterable[Phrase]) -> int:
        return self._choices.setdefault(tuple(self._phrases(phrases)), len(self._choices))

    def _cue(self, code: str, cue: Cue) -> CompiledCue:
        parsed = parse_cue(cue.text, cue.language, self._groups)
        parts, absent = ([self._choice(part) for part in some] for some in (parsed.parts, parsed.absent))
        return CompiledCue(code, parts, absent, parsed.is_near, cue.is_ordinary)

    def _labels(self) -> tuple[dict[int, list[Label]], dict[str, list[Label]]]:
        """Return the concepts that phrases stand for, and single words by their keys."""
        of_phrase: dict[int, list[Label]] = {}
        of_key: dict[str, list[Label]] = {}
        for concept, phrases in enumerate(self._lexicon.concepts.phrases().values()):
            for phrase, languages in phrases.items():
                label = (concept, sum(1 << LABEL_LANGUAGES.index(language) for language in languages))
                if len(phrase) > 1:
                    number = self._numbers.setdefault(phrase, len(self._numbers))
                    of_phrase.setdefault(number, []).append(label)
                else:
                    for key in phrase[0].keys:
                        of_key.setdefault(key, []).append(label)
        return of_phrase, of_key


def _word_groups(raw: Mapping[str, Mapping[str, Sequence[object]]]) -> WordGroups:
    groups: dict[str, tuple[Phrase, ...]] = {}
    for name, by_language in raw.items():
        phrases: dict[Phrase, None] = {}
        for language, words in by_language.items():
            for words_of_one in words:
                phrases.update(dict.fromkeys(parse_phrases(str(words_of_one), language, groups)))
        groups[name] = tuple(phrases)
    return groups
