"""Whether a found cue means what it says: denials, and where sentences end."""

import re
from bisect import bisect_right
from collections.abc import Sequence

from classifiers.lexicon.matcher import Match
from classifiers.text import NormalisedText, read_word

_CLAUSE_END = re.compile(r"[.!?…\n;,:()]|\s[-–—]+\s")

_NOT_BEFORE = frozenset(
    [
        "не",
        "ни",
        "без",
        "нет",
        "никакой",
        "никаких",
        "никакого",
        "никакую",
        "not",
        "no",
        "never",
        "without",
        "dont",
    ]
)
_NOT_AFTER = frozenset(
    ["нет", "емес", "жоқ", "жок", "эмес", "emas", "yoq", "исключен", "исключено", "исключена", "исключены"]
)
_IS_NOT = frozenset({"емес", "эмес", "emas"})
_NOT_ONLY = frozenset(["только", "просто", "лишь", "важно"])
# «интим не предлагать», «паспорт не забираем»: a verb of offering, asking or taking, denied.
_DENIED_VERB = re.compile(
    r"(?:предлаг|беспоко|интересу|требу|нужн|надо|забира|заберем|изыма|удержива|практику|занима|оказыва|прос|хоч|хот|буд"
    r"|собира|берем|отбира|остав|сда|подразумева|предусм|предполага|взима|вычита|запрещ)"
)
_DENIED_AFTER_KK = re.compile(
    r"(?:ұсынба|усынба|алмай|алынба|сұрама|сурама|тапсырылма|ұсталма|усталма|бермең|жүргізбе)"
)
_FORBIDDEN = re.compile(r"(?:запрещен|исключен|недопустим|тыйым|болмайды|taqiqlan)")
# A new clause has a denial of its own: «девушку, которая не хочет …».
_CLAUSE = re.compile(r"(?:котор|что|чтоб|если|who|which)")
_LOOK_AHEAD = 3
# «мимо опеки», «минуя нотариуса»: the honest way is named to be gone round.
_PASSED_BY = re.compile(r"(?:мимо|минуя|обход|обойд|избега|избежа|вместо|кроме|зачем|bypass|avoid|instead)")
_USELESS = re.compile(r"(?:незачем|лишн|необязательн|зря|подожд|unnecessary)")
# The thing handed over is a copy: «копию паспорта», «төлқұжаттың көшірмесі».
_COPY = re.compile(r"(?:ксеро|копи[яюией]|скан|көшірме|коширме|нусха|көчүрмө|copy|copies|photocop|nusxa)")


class Sentences:
    """Sentence and clause numbers of the words of one text, worked out when first asked for."""

    def __init__(self, normalised: NormalisedText) -> None:
        """Take a normalised text; nothing is worked out yet."""
        self._normalised = normalised

    def number(self, word_index: int) -> int:
        """Return the number of the sentence a word stands in, from 0."""
        return bisect_right(self._normalised.sentence_ends, self._normalised.word_spans[word_index][0])

    def is_one_clause(self, first: int, last: int) -> bool:
        """Whether no comma or other mark stands between two words, the first of them earlier."""
        spans = self._normalised.word_spans
        return _CLAUSE_END.search(self._normalised.text, spans[first][1], spans[last][0]) is None


def is_negated(words: Sequence[str], match: Match, sentences: Sentences) -> bool:
    """Whether a denial belongs to the match: before it, inside its gaps, or right after it."""
    if any(_reading(words[index]) in _NOT_BEFORE for index in match.skipped):
        return True
    sentence = sentences.number(match.first)
    return _denied_before(words, match.first, sentence, sentences) or _denied_after(
        words, match.last, sentence, sentences
    )


def is_part_denied(words: Sequence[str], part: Match) -> bool:
    """Whether «не» stands right before one part of a cue of several: «беременных не берём»."""
    return (
        part.first > 0
        and _reading(words[part.first - 1]) in {"не", "ни", "not"}
        and _reading(words[part.first]) not in _NOT_ONLY
    )


def is_waved_off(words: Sequence[str], match: Match, sentences: Sentences) -> bool:
    """Whether an honest sign is named only to keep the reader from it.

    «Не спешите в опеку», «опеку подключать ни к чему», «мимо опеки» are lures,
    not the way through guardianship.
    """
    for index in range(max(match.first - _LOOK_AHEAD, 0), match.first):
        word = _reading(words[index])
        if (word in {"не", "ни", "not"} or _PASSED_BY.match(word)) and sentences.is_one_clause(
            index, match.first
        ):
            return True
    for index in range(match.last + 1, min(match.last + 2 + _LOOK_AHEAD, len(words))):
        if not sentences.is_one_clause(match.last, index):
            return False
        word = _reading(words[index])
        if word == "ни" or _USELESS.match(word):
            return True
    return False


def is_of_copy(words: Sequence[str], match: Match) -> bool:
    """Whether the cue speaks of the copy of a thing, not of the thing itself."""
    before = range(max(match.first - 1, 0), match.first)
    return any(_COPY.match(_reading(words[index])) for index in (*before, *match.skipped))


def _reading(written: str) -> str:
    """A negation can be disguised like any other word: «нe» with a Latin e."""
    return read_word(written).reading


def _denied_before(words: Sequence[str], first: int, sentence: int, sentences: Sentences) -> bool:
    if first < 1 or sentences.number(first - 1) != sentence:
        return False
    before = _reading(words[first - 1])
    if before in _NOT_BEFORE:
        # «Денег нет, за ворота не пускают»: what stands before the comma denies nothing behind it.
        return _reading(words[first]) not in _NOT_ONLY and sentences.is_one_clause(first - 1, first)
    if first < 2 or sentences.number(first - 2) != sentence:
        return False
    return _reading(words[first - 2]) in _NOT_BEFORE and _DENIED_VERB.match(before) is not None


def _denied_after(words: Sequence[str], last: int, sentence: int, sentences: Sentences) -> bool:
    for index in range(last + 1, min(last + 1 + _LOOK_AHEAD, len(words))):
        if sentences.number(index) != sentence:
            return False
        word = _reading(words[index])
        if _CLAUSE.match(word):
            return False
        if word in _NOT_AFTER and (index == last + 1 or word in _IS_NOT):
            return True
        if _FORBIDDEN.match(word) and index <= last + 2:
            return True
        if _DENIED_AFTER_KK.match(word):
            return True
        if (
            word in {"не", "not"}
            and index + 1 < len(words)
            and _DENIED_VERB.match(_reading(words[index + 1]))
        ):
            return True
    return False
