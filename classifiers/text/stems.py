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


def _root_forms(roots: Iterable[str], changes: Mapping[str, str]) -> dict[str, str]:
    """Return roots by the letters they show before an ending: «бүйрек» also as «бүйрег»."""
    forms: dict[str, str] = {}
    for root in sorted(roots):
        if len(root) > 2 and root[-1] in changes:
            forms.setdefault(root[:-1] + changes[root[-1]], root)
    return forms | {root: root for root in roots}


# Endings of an unknown word are read from its end, so their patterns are spelled backwards:
# a chain is one match, and what stands before an ending is looked at ahead.
_VOWELS, _VOICELESS = "аеиоуыэюя", "кпстшфхцчщбгв"
# й is folded to и: after a vowel it is a consonant. In folded writing ә, ө, ү look like back vowels,
# so a front ending may follow them.
_LAST_VOWEL = rf"(?:и(?=[{_VOWELS}])|[^{_VOWELS}])*"
_BEFORE_BACK, _BEFORE_FRONT = rf"(?={_LAST_VOWEL}[аоуыюя])", rf"(?={_LAST_VOWEL}[еиэаоую])"
_BEFORE_ROUNDED = rf"(?={_LAST_VOWEL}[оую])"
_ROUNDED_NEXT = frozenset("мнптсбз")
_WITHOUT_HARMONY = frozenset({"мен", "бен", "пен", "менен"})
# Three letters and a vowel stay.
_REST = rf"(?=\w*[{_VOWELS}])(?=\w{{3}})"


def _backwards(endings: str) -> str:
    """Return a pattern of endings spelled backwards, longest first, each with what it asks of the rest."""
    # Endings of one length exclude each other, so those that ask the same share one look ahead:
    # the pattern means the same and is ready in a third of the time.
    groups: dict[tuple[int, str], list[str]] = {}
    for ending in sorted(set(endings.split())):
        groups.setdefault((-len(ending), _asked_of_rest(ending)), []).append(ending[::-1])
    return "|".join(f"(?:{'|'.join(alike)}){asked}" for (_, asked), alike in sorted(groups.items()))


def _asked_of_rest(ending: str) -> str:
    """Return what must stand before an ending: its harmony, a vowel or a voiceless consonant."""
    first, vowel = ending[0], next((c for c in ending if c in _VOWELS), "")
    pattern = ""
    if not vowel or ending in _AFTER_VOWEL:
        pattern += rf"(?=[{_VOWELS}])"
    elif first in _VOWELS:
        # «балы» is no "his ба".
        pattern += rf"(?![{_VOWELS}])"
    elif first in "тк":
        pattern += rf"(?=[{_VOICELESS}])"
    elif first in "дгл":
        pattern += "(?![кпстшфхцчщ])"
    if vowel and ending not in _WITHOUT_HARMONY:
        pattern += (
            _BEFORE_FRONT if vowel in "еи" else _harmony_of_rounded(ending) if vowel in "оу" else _BEFORE_BACK
        )
    return pattern


def _harmony_of_rounded(ending: str) -> str:
    """Kyrgyz rounds an ending after a rounded vowel alone: «кызылорда» is no plural of «кызы»."""
    return "" if ending.startswith("у") and ending[1:2] not in _ROUNDED_NEXT else _BEFORE_ROUNDED


# й of «ойнаймын» is folded to и.
_PRESENT_OF_VOWELS = (
    "имын имин исын исин исун исыз исиз имыз имиз иды иди им ит ибыз ибиз ибуз ибыс ибис ибус"
)
_AFTER_VOWEL = frozenset(
    f"{_PRESENT_OF_VOWELS} мыз миз быз биз буз ныз низ нуз сы си су сын син сун ны ни ну".split()
)
# Layers of a noun, outermost first; folded letters (KAZAKH_FOLD). The о/у rows are Kyrgyz.
_CASES = (
    "га ге ка ке дан ден тан тен нан нен да де та те ды ди ты ти ны ни нын нин дын дин тын тин"
    " мен бен пен менен дагы деги тагы теги го ко дон тон до то ду ту ну нун дун тун догу"
)
# A case after "my" and "his": «балама», «баласына», «баласында», «баласын».
_OWNED_CASES = "а е о н на не но нда нде ндо нан нен нон ндагы ндеги ны ни ну нын нин нун"
_POSSESSIVES = (
    "м н сын син сун ым им ум ын ин ун мыз миз быз биз буз ныз низ нуз"
    " ымыз имиз ыбыз ибиз убуз ыныз иниз унуз сы си су ы и у"
)
_PLURALS = "лар лер дар дер тар тер лор дор тор"
_COPULAS = "мын мин пын пин бын бин пыз пиз быз биз"
# Verb endings are whole, tense and person together, so that short roots (ал, бер, сат) survive.
_TENSES = (
    "амын емин асын есин асыз есиз амыз емиз ады еди ам ем ад ед ат ет от ом осун обуз омун"
    " абыз ебиз абыс ебис обус асындар есиндер осундар ашат ишет атат етет отот"
    " дым дим дум тым тим тум дык дик дук тык тик тук ды ди ду ты ти ту дын дин дун тын тин тун"
    " дыныз диниз дунуз тыныз тиниз тунуз гын гин гун кын кин кун гыныз гиниз кыныз киниз"
    " ган ген гон кан кен кон ганмын генмин канмын кенмин гонмун конмун ганбыз генбиз канбыз кенбиз"
    " ып ип уп п ыптыр иптир уптур птыр птир птур атын етин итын итин ар ер ор"
    " са се со сам сем сом сак сек сок сан сен сон саныз сениз сонуз"
    " ылады иледи ылсын илсин ылган илген ылат илет улат ыныз иниз унуз ыныздар иниздер"
    " ууда ууга оо аиык еиик аиын еиин оюн гым гим кым ким сын син сун "
)
_NOUN_CHAIN = re.compile(
    rf"(?:(?:{_backwards(_COPULAS)})(?=\w{{5}}))?"
    rf"(?:(?:{_backwards(_CASES)})(?:{_backwards(_POSSESSIVES)})?"
    rf"|(?:{_backwards(_OWNED_CASES)})?(?:{_backwards(_POSSESSIVES)})|)"
    rf"(?:{_backwards(_PLURALS)})?{_REST}"
)
_TENSE = rf"(?=\w{{4}})(?:{_backwards(_TENSES + _PRESENT_OF_VOWELS)}|(?:[ыи]д|н[ыи]д|[ае]г|[ае]д)?у)"
# Roots of two letters («аш», «же») where no longer one fits.
_VERB_CHAIN = re.compile(rf"{_TENSE}{_REST}|{_TENSE}(?=(?:[{_VOWELS}][^{_VOWELS}]|[^{_VOWELS}][{_VOWELS}])$)")
# All of them after a known root, where nothing else needs to be guarded against («балама» is "to my child").
_NOUN_ENDINGS = re.compile(
    r"(?:[лдт][ае]р)?"
    r"(?:[ыи]?м(?:[ыи]з|[ае])?|[ыи]?н(?:[ыи]з|[ае])?|с?[ыи]|с[ыи]н(?:д[ае]р)?)?"
    r"(?:[гк][ае]|н[ае]н?|[дт][ае]н?|нд[ае]|[дтн][ыи]н?|[мбп]ен|менен|[ыи]м[ае]|н?[дт][ае]г[ыи])?"
    r"(?:[мпб][ыи][нз])?"
)
# Kyrgyz after a known root: «көлдөрү», «үйүбүз», «жолунун».
_KYRGYZ_ENDINGS = re.compile(
    r"(?:[лдт][аоеу]р)?(?:[ыиу]?(?:м|н|быз|биз|буз|ныз|низ|нуз)|с?[ыиу])?"
    r"(?:[дтн][ыиу]н?|[гк][аоуе]|[дтн][аоуе]н?|н|на|не|но|нд[аоуе]|нан|нен|нон|[дт][аое]г[ыиу])?"
)
# Verbs after a known root: a tense with its person, as Kazakh and Kyrgyz have them; no negation.
_VERB_ENDINGS = re.compile(
    r"(?:[аеоиыу]?(?:м[ыиу]?н?|м[ыи]з|б[ыиу]з|д[ыи]|(?<=[аеоиыу])т|д|с[ыиу][зн](?:дар|дер|нар|нер)?)"
    rf"|(?:д|(?<=[{_VOICELESS}])т)[ыиу](?:м|к|н|н[ыиу]з)?"
    rf"|(?:г|(?<=[{_VOICELESS}])к)[аеоу]н(?:м[ыиу]н|б[ыиу]з|с[ыиу][зн])?|[ыиу]?п|с[аеоу](?:м|к|н|н[ыиу]з)?"
    r"|и?у(?:ды|ди|га|ге|дын|дин)?|[ыиу]?н[ыиу]з(?:дар|дер)?|[аеоу]|ар|ер)?"
)
_MIN_STEM = 3


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
    known_noun, known_verb = _known_root(word), _known_verb(word)
    noun = known_noun or _unvoice(_bare(_NOUN_CHAIN, word))
    # A guess beside what is known is no reading: «адам» is a man and of no verb that nobody knows,
    # «мәлімдеді» "stated" and no form of «мал»; «алда» is "in front" and "deceive!", and both are known.
    verb = known_verb or (word if word in ROOTS else _unvoice(_without(_VERB_CHAIN, word)))
    if not known_noun and len(noun) < len(known_verb):
        noun = known_verb
    return (noun,) if verb == noun else (noun, verb)


def _bare(chain: re.Pattern[str], word: str) -> str:
    """Take endings off until none is left: a root that ends like one loses it in all its forms."""
    while (shorter := _without(chain, word)) != word:
        word = shorter
    return word


def _without(chain: re.Pattern[str], word: str) -> str:
    found = chain.match(word[::-1])
    return word[: len(word) - found.end()] if found else word


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
_LATIN_REST = r"(?=\w*[aeiou])(?=\w{3})"
_AFTER_LATIN_VOWEL, _AFTER_LATIN_CONSONANT = "(?=[aeiou])", "(?![aeiou])"
# «otam», «kitobim»: i stands after a consonant only.
_LINK = rf"(?:i{_AFTER_LATIN_CONSONANT}|{_AFTER_LATIN_VOWEL})"
# Spelled backwards, as the Cyrillic ones.
_UZBEK_NOUN_CHAIN = re.compile(
    r"(?:gnin|in|ag(?![kq])|ak(?=k)|aq(?=q)|ahcag|nad|igad|ad)?"
    rf"(?:(?:zim|zign|m|gn){_LINK}|is{_AFTER_LATIN_VOWEL}|i(?![aeioukq]))?(?:ral)?{_LATIN_REST}"
)
_UZBEK_VERB_CHAIN = re.compile(
    rf"(?:(?:(?:ralid|id|nam|zim|nas|zis)(?:a{_AFTER_LATIN_CONSONANT}|y{_AFTER_LATIN_VOWEL})"
    r"|(?:nam|zim|nas|zis|ralit|it)pay|(?:mi|gni|i|ki|zigni|rali)d|(?:nam|zim|nas|zis|ral)?na[gkq]"
    rf"|(?:m|gn|k|zign|ral)?as|b{_LINK}"
    rf"|(?:ag|in|mi|zimi)?hs(?:i{_AFTER_LATIN_CONSONANT}|(?=[ai]))|(?:nam|zim|zis)?ihcqom"
    rf"|nis|(?:ida|id|nag)li)(?:{_LATIN_REST}|(?=(?:hs|hc|[^aeiou])[aeiou]$)))"
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
    r"|i?ng(?:lar|iz|izlar)?|sin|il(?:adi|di|gan)|u?vchi(?:lar)?)?"
)


# What may be of the root or of an ending («piyolamiz», «qozoni») is of neither.
_UZBEK_LAST_LETTER = re.compile(r"(?<=\w{3}[^aeiou])a$|(?<=\w{3}[aeiou])n$")
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
    word = _bare(_UZBEK_NOUN_CHAIN, _without(_UZBEK_VERB_CHAIN, word))
    word = _UZBEK_LAST_LETTER.sub("", word)
    return word[:-1] + "k" if len(word) > _MIN_STEM and word[-1] in "gq" else word


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
