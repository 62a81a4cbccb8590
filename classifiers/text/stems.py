"""Light stemmers of our own: Kazakh and Kyrgyz, Uzbek, English.

They need not find the dictionary form; they must bring the forms of one word
to one key, alike in a cue, a document and a query, and never merge a verb with
its negation («сатпаймын» is not «сатамын»).

Source: the endings and the consonant change of Kazakh as taught in school
grammars; docs/add-an-indicator.md, "word forms".
"""

import re
from collections.abc import Iterable, Mapping

from classifiers.text.characters import KAZAKH_FOLD
from classifiers.text.roots import ROOTS, UZBEK_ROOTS, UZBEK_VERB_ROOTS, VERB_ROOTS

_BACK, _FRONT = frozenset("аоуыюя"), frozenset("еиэ")
# In folded writing ә, ө, ү look like back vowels, so a front ending may follow them.
_MAYBE_FRONT = frozenset("аоую")
_VOWELS = _BACK | _FRONT


class _Endings(tuple[str, ...]):
    """Endings, longest first, because «ларымызды» must go before «ды»; ``known`` for a look-up by length."""

    known: frozenset[str]
    longest: int
    last_letters: frozenset[str]


def _harmonic(*endings: str) -> _Endings:
    found = {ending for group in endings for ending in group.split()}
    layer = _Endings(sorted(found, key=len, reverse=True))
    layer.known, layer.longest = frozenset(found), len(layer[0])
    layer.last_letters = frozenset(ending[-1] for ending in found)
    return layer


def _root_forms(roots: Iterable[str], changes: Mapping[str, str]) -> dict[str, str]:
    """Return roots by the letters they show before an ending: «бүйрек» also as «бүйрег»."""
    forms: dict[str, str] = {}
    for root in sorted(roots):
        if len(root) > 2 and root[-1] in changes:
            forms.setdefault(root[:-1] + changes[root[-1]], root)
    return forms | {root: root for root in roots}


# Layers of a noun, outermost first; folded letters (KAZAKH_FOLD). The о/у rows are Kyrgyz.
_CASES = _harmonic(
    "га ге ка ке на не нан нен дан ден тан тен да де та те нда нде ды ди ты ти ны ни нын нин дын дин тын тин",
    "мен бен пен менен ыма име дагы деги тагы теги ндагы ндеги",
    "го ко дон тон до то ду ту ну нун дун тун",
)
_POSSESSIVES = _harmonic(
    "ымыз имиз мыз миз ыныз иниз ныз низ ым им ын ин сы си ы и м н",
    "сындар синдер лары лери дары дери тары тери сын син лор дор ум ун су унуз",
)
_WITHOUT_HARMONY = frozenset({"мен", "бен", "пен", "менен"})
_PLURALS = _harmonic("лар лер дар дер тар тер лор дор тор")
# Verb endings are whole, tense and person together, so that short roots (ал, бер, сат) survive.
_COPULAS = _harmonic("мын мин пын пин бын бин пыз пиз быз биз")
_VERBS = _harmonic(
    "амын емин имын имин асын есин асыз есиз исыз исиз амыз емиз имыз имиз ады еди иды иди ам ем ад ед",
    "дым дим тым тим дык дик тык тик дыныз диниз тыныз тиниз ганмын генмин канмын кенмин ганбыз генбиз",
    "ып ип п ган ген кан кен гон атын етин итын итин ар ер гым гим кым ким гыныз гиниз",
    "са се сан сен саныз сениз сам сем сак сек ылады иледи ылсын илсин ылган илген ындар индер ыныз иниз",
    "ыныздар иниздер у уди уды уга уге удин удын ууда ууга оо айык аиык еиик аиын еиин оюн",
    "абыз ебиз обуз абыс ебис обус атат етет отот ылат илет улат ыптыр иптир",
)
_NOUN_LAYERS = (_COPULAS, _CASES, _POSSESSIVES, _PLURALS)
# All of them after a known root, where nothing else needs to be guarded against («балама» is "to my child").
_NOUN_ENDINGS = re.compile(
    "".join(f"(?:{'|'.join(layer)})?" for layer in (_PLURALS, _POSSESSIVES, (*_CASES, "а", "е"), _COPULAS))
)
# «аспазшы», who cooks: its last vowel is no "his", or «аспазшыға» would not meet «аспазшылар».
_PERSON = re.compile(r"\w{4}ш[ыи]$")
# Kyrgyz after a known root: «көлдөрү», «үйүбүз», «жолунун».
_KYRGYZ_ENDINGS = re.compile(
    r"(?:[лдт][аоеу]р)?(?:[аеыиоу]?(?:м|н|быз|биз|буз|ныз|низ|нуз)|с?[ыиу])?"
    r"(?:[дтн][ыиу]н?|[гк][аоуе]|[дтн][аоуе]н?|н|на|не|но|нд[аоуе]|нан|нен|нон|[дт][аое]г[ыиу])?"
)
# Verbs after a known root: a tense with its person, as Kazakh and Kyrgyz have them; no negation.
_VERB_ENDINGS = re.compile(
    r"(?:[аеоиыу]?(?:м[ыиу]?н?|м[ыи]з|б[ыиу]з|д[ыи]|т|д|с[ыиу][зн](?:дар|дер|нар|нер)?)"
    r"|[дт][ыиу](?:м|к|н|н[ыиу]з)?|[гк][аеоу]н(?:м[ыиу]н|б[ыиу]з|с[ыиу][зн])?|[ыиу]?п|с[аеоу](?:м|к|н|н[ыиу]з)?"
    r"|и?у(?:ды|ди|га|ге|дын|дин)?|[ыиу]?н[ыиу]з(?:дар|дер)?|[аеоу]|ар|ер)?"
)
_MIN_STEM = 3
# Roots of two letters, folded; any other rest of two letters is an accident («ин» of «интим»).
_SHORT_ROOTS = frozenset(
    {"ал", "ат", "ас", "ет", "ек", "от", "уш", "уй", "ел", "ай", "аи", "уи", "су", "ис", "ун", "уз"}
)


def fold_kazakh(word: str) -> str:
    """Return a lower-case Cyrillic word without the letters only Kazakh and Kyrgyz have."""
    return word.translate(KAZAKH_FOLD)


_LONGEST_ROOT = 14
_UNVOICED_BY_VOICED = {"к": "г", "п": "б"}
_NOUN_ROOTS = _root_forms(ROOTS, _UNVOICED_BY_VOICED)
_VERB_ROOTS = _root_forms(VERB_ROOTS, _UNVOICED_BY_VOICED)


def turkic_stems(word: str) -> tuple[str, ...]:
    """Return the keys of a folded Kazakh or Kyrgyz word: as a noun first, then as a verb.

    «сатам» is "I sell" and could be "my сата"; both readings are kept and an
    ad meets a cue on either. The last consonant is unvoiced.
    """
    noun = _known_root(word)
    if not noun:
        noun = word
        for layer in _NOUN_LAYERS:
            if layer is not _POSSESSIVES or not _PERSON.search(noun):
                noun = _strip(noun, layer)
        noun = _unvoice(noun)
    known_verb = _known_verb(word)
    if known_verb:
        # «алда» is "in front" and "deceive!": both are kept.
        return (noun,) if known_verb == noun else (noun, known_verb)
    verb = _unvoice(_strip(word, _VERBS))
    return (noun,) if verb in {noun, word} else (noun, verb)


def _known_root(word: str) -> str:
    """Return the longest known root that the word is with a chain of noun endings, or ""."""
    for length in range(min(len(word), _LONGEST_ROOT), 1, -1):
        root = _NOUN_ROOTS.get(word[:length])
        if root and (_NOUN_ENDINGS.fullmatch(word, length) or _KYRGYZ_ENDINGS.fullmatch(word, length)):
            return root
    return ""


def _known_verb(word: str) -> str:
    """Return the longest known verb root that the word is with a tense and its person, or ""."""
    for length in range(min(len(word), _LONGEST_ROOT), 1, -1):
        root = _VERB_ROOTS.get(word[:length])
        if root and _VERB_ENDINGS.fullmatch(word, length):
            return root
    return ""


def _strip(word: str, endings: _Endings) -> str:
    """Take off the longest ending that fits."""
    if word[-1:] not in endings.last_letters:
        return word
    known = endings.known
    for length in range(min(endings.longest, len(word) - 2), 0, -1):
        ending = word[-length:]
        if ending in known:
            stem = word[:-length]
            if (len(stem) >= _MIN_STEM or stem in _SHORT_ROOTS) and _agrees(stem, ending):
                return stem
    return word


def _agrees(stem: str, ending: str) -> bool:
    """Vowel harmony: whether ``ending`` may follow ``stem``."""
    stem_vowel = next((c for c in reversed(stem) if c in _VOWELS), "")
    if not stem_vowel:
        return False
    if ending in _WITHOUT_HARMONY:
        return True
    ending_vowel = next((c for c in ending if c in _VOWELS), "")
    if ending_vowel in _FRONT:
        return stem_vowel in _FRONT or stem_vowel in _MAYBE_FRONT
    if ending_vowel in _BACK:
        return stem_vowel in _BACK or ending_vowel == "у"
    # A bare м, н, п follows a vowel only.
    return stem[-1] in _VOWELS


def _unvoice(stem: str) -> str:
    """Final г → к, б → п: бүйрегім and бүйрек, кітабым and кітап share a key."""
    if len(stem) > 2 and stem[-1] in "гб":
        return stem[:-1] + ("к" if stem[-1] == "г" else "п")
    return stem


# --- Latin Kazakh ------------------------------------------------------------

_LATIN_PAIRS = (("sch", "щ"), ("sh", "ш"), ("ch", "ч"), ("zh", "ж"), ("kh", "х"), ("gh", "г"), ("ng", "н"))
_LATIN_LETTERS = str.maketrans(
    "aáäbcçdeəfgǵğhiıíjklmnńñoóöpqrsştuúüvwxyýz",
    "аааbсчдеафгггхиииж" + "клмнннооопкрсштуууву" + "хыуз",
)
_Y_AFTER_VOWEL = re.compile(r"(?<=[aeouáóúäöüəıi])[yıi]")


def cyrillic_from_latin_kazakh(word: str) -> str:
    """Spell a Latin Kazakh word (official or chat spelling) in folded Cyrillic."""
    spelled = _Y_AFTER_VOWEL.sub("и", word)
    for pair, letter in _LATIN_PAIRS:
        spelled = spelled.replace(pair, letter)
    return spelled.translate(_LATIN_LETTERS).replace("b", "б")


# --- Uzbek ---------------------------------------------------------------------

_UZBEK_PAIRS = {
    "ш": "sh",
    "ч": "ch",
    "ё": "yo",
    "ю": "yu",
    "я": "ya",
    "е": "e",
    "э": "e",
    "ц": "ts",
    "щ": "sh",
}
_UZBEK_LATIN = str.maketrans(
    {
        **_UZBEK_PAIRS,
        **dict(zip("абвгджзийклмнопрстуфхўқғҳыъь", "abvgdjziyklmnoprstufxoqghi  ", strict=True)),
        "ъ": "",
        "ь": "",
    }
)
_UZBEK_ENDINGS = _harmonic(
    "ning lar larni larga lardan larning ni ga ka qa da dan dagi im ing i si imiz ingiz lari",
    "aman amiz asan asiz adi ydi yman ymiz moqchiman moqchimiz yapman yapmiz di dim dik ib gan sin ay",
    "iladi ish ishni ishga uvchi man miz",
)


def latin_from_cyrillic_uzbek(word: str) -> str:
    """Spell an Uzbek word in Latin without apostrophes, as people type it."""
    return word.translate(_UZBEK_LATIN)


_UZBEK_NOUN_ENDINGS = re.compile(
    r"(?:lar)?(?:i?miz|i?ngiz|i?m|i?ng|s?i)?(?:ning|ni|[gkq]a|gacha|dan|dagi|da)?(?:man|miz|siz|san|dir|mi)?"
)
# A tense with its person; no negation.
_UZBEK_VERB_ENDINGS = re.compile(
    r"(?:[ay](?:man|miz|san|siz|di|dilar|y|ylik)?|yap(?:man|miz|san|siz|ti|tilar)|d(?:im|ing|i|ik|ingiz|ilar)"
    r"|[gkq]an(?:man|miz|san|siz|lar)?|sa(?:m|ng|k|ngiz|lar)?|i?b|i?sh(?:ga|ni|im|imiz)?|moqchi(?:man|miz|siz)?"
    r"|i?ng(?:lar|iz|izlar)?|sin|i?l(?:adi|di|gan)|u?vchi(?:lar)?)?"
)


# «buyragi» is of «buyrak», «qishlogi» of «qishloq».
_UZBEK_ROOTS = _root_forms(UZBEK_ROOTS, {"k": "g", "q": "g"})


def stem_uzbek(word: str) -> str:
    """Return the key of a Latin Uzbek word without apostrophes; a final g or q reads k."""
    for length in range(min(len(word), _LONGEST_ROOT), 1, -1):
        written = word[:length]
        if written in UZBEK_VERB_ROOTS and _UZBEK_VERB_ENDINGS.fullmatch(word, length):
            return written
        root = _UZBEK_ROOTS.get(written)
        if root and _UZBEK_NOUN_ENDINGS.fullmatch(word, length):
            return root
    for _ in range(2):
        if not word.endswith(_UZBEK_ENDINGS):
            break
        for ending in _UZBEK_ENDINGS:
            if len(word) - len(ending) >= _MIN_STEM and word.endswith(ending):
                word = word[: -len(ending)]
                break
    return word


# --- English -------------------------------------------------------------------

_ENGLISH = (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("s", ""))


def stem_english(word: str) -> str:
    """Return a plain key of an English word: plural, -ing and -ed off, doubled consonant single."""
    for ending, instead in _ENGLISH:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM and not word.endswith("ss"):
            stem = word[: -len(ending)] + instead
            if (
                ending in {"ing", "ed"}
                and len(stem) > _MIN_STEM
                and stem[-1] == stem[-2]
                and stem[-1] not in "ls"
            ):
                stem = stem[:-1]
            return stem.removesuffix("e") if len(stem) > _MIN_STEM else stem
    return word.removesuffix("e") if len(word) > _MIN_STEM else word
