"""Every form of a common Kazakh root is found by the root, and roots stay apart."""

import pytest

from classifiers.text import search_terms
from classifiers.text.stems import fold_kazakh, turkic_stems

_COMMON = """
адам бала ана ата әке аға қыз ұл ел жер су үй ай күн түн жыл жас бас аяқ қол көз құлақ тіл тіс шаш
бет жүрек бүйрек бауыр қан сүйек дене жан нан сүт ет май шай тұз тамақ ас жұмыс табыс дауыс көмек
еңбек айлық ақша қарыз несие төлем баға есеп қала ауыл көше алаң базар дүкен мектеп жол көпір өзен
көл теңіз тау дала орман мал қой ешкі сиыр жылқы түйе ит мысық күшік бұзау қозы тауық құс балық
құлын шопан малшы жұмысшы мұғалім дәрігер маман бастық қожайын көрші дос туыс қонақ жігіт келіншек
әйел келін қалыңдық нәресте сәби жетім мүгедек қария кемпір қыстау жайлау отар қора ферма зауыт
құрылыс жүк көлік ұшақ билет виза құжат төлқұжат куәлік паспорт шарт келісім заң полиция қылмыс
өтініш анықтама неке той кілт телефон нөмір хат сурет үміт қуаныш ауру баспана пәтер бөлме төсек
есік терезе орын мекен қызмет маусым апта таң кітап дәптер қалам сабақ білім сағат теңге шетел
шекара халық мешіт садақа көмір темір алтын тас шөп гүл ағаш жеміс алма
"""
ROOTS = _COMMON.split()

_BACK = set("аоұыуя")
_FRONT = set("әеөүіэи")
_VOICELESS = set("кқпстшфхцчщ")
_VOWELS = _BACK | _FRONT


def _is_back(root: str) -> bool:
    letters = [c for c in root if c in _VOWELS]
    if letters[-1] in "уи" and len(letters) > 1:
        letters.pop()
    return letters[-1] in _BACK


def inflect(root: str) -> list[str]:
    """Return forms of a noun as a school grammar gives them: cases, plural, possessives and both together."""
    back = _is_back(root)

    def harmony(ending_back: str, ending_front: str) -> str:
        return ending_back if back else ending_front

    def cases(stem: str) -> list[str]:
        last = stem[-1]
        if last in _VOICELESS:
            d, g, n, m = "т", harmony("қа", "ке"), "т", "пен"
        elif last in _VOWELS or last in "мнң":
            d, g, n, m = "д", harmony("ға", "ге"), "н", "мен"
        else:
            d, g, n, m = "д", harmony("ға", "ге"), "д", "бен" if last == "з" else "мен"
        accusative = "н" if last in _VOWELS else d
        genitive = n if last not in "мнң" else "н"
        ablative = "н" if last in "мнң" else d
        return [
            stem + accusative + harmony("ы", "і"),
            stem + genitive + harmony("ың", "ің"),
            stem + g,
            stem + d + harmony("а", "е"),
            stem + ablative + harmony("ан", "ен"),
            stem + m,
        ]

    def third(stem: str) -> str:
        return (
            stem + harmony("сы", "сі")
            if stem[-1] in _VOWELS - {"у", "и"}
            else _voiced(stem) + harmony("ы", "і")
        )

    def of_third(stem: str) -> list[str]:
        owned = third(stem)
        return [
            owned,
            owned + "н",
            owned + harmony("на", "не"),
            owned + harmony("нда", "нде"),
            owned + harmony("нан", "нен"),
        ]

    last = root[-1]
    plural = root + ("т" if last in _VOICELESS else "д" if last in "лмнңз" else "л") + harmony("ар", "ер")
    mine = root + "м" if last in _VOWELS - {"у", "и"} else _voiced(root) + harmony("ым", "ім")
    ours = mine + harmony("ыз", "із")
    forms = [
        *cases(root),
        plural,
        *cases(plural),
        third(plural),
        *of_third(root),
        mine,
        mine + harmony("ды", "ді"),
        mine + harmony("а", "е"),
        ours,
    ]
    # «қалам» is "my city" and a pen: the pen wins, with all its forms.
    longer = tuple(other for other in ROOTS if other.startswith(root) and other != root)
    return [form for form in forms if not form.startswith(longer)]


def _voiced(root: str) -> str:
    return root[:-1] + {"к": "г", "қ": "ғ", "п": "б"}.get(root[-1], root[-1])


def _keys(word: str) -> set[str]:
    return set(turkic_stems(fold_kazakh(word)))


def test_the_forms_are_kazakh() -> None:
    # The generator is a test of its own kind: known forms must come out of it.
    assert {"адамды", "адамға", "адамдар", "адамдарға", "адамы", "адамым"} <= set(inflect("адам"))
    assert {"бүйрегім", "бүйрегі", "бүйректі", "бүйректер"} <= set(inflect("бүйрек"))
    assert {"баласы", "баласын", "балам", "баламыз", "балалар"} <= set(inflect("бала"))
    assert {"кітабы", "кітапқа", "кітаптан", "кітаптар"} <= set(inflect("кітап"))


@pytest.mark.parametrize("root", ROOTS)
def test_a_root_and_its_forms_share_a_key(root: str) -> None:
    assert [form for form in inflect(root) if _keys(root).isdisjoint(_keys(form))] == []


# Everyday Russian words as well («мая», «бас», «дала»): search reads some of their forms as Russian.
ALSO_RUSSIAN = {"май", "ай", "ас", "бас", "тас", "дала", "бет", "неке", "хат"}


@pytest.mark.parametrize("root", sorted(set(ROOTS) - ALSO_RUSSIAN))
def test_a_root_and_its_forms_are_searched_by_one_term(root: str) -> None:
    (term,) = search_terms(root)
    assert [form for form in inflect(root) if search_terms(form) != [term]] == []


@pytest.mark.parametrize("root", ROOTS)
def test_a_root_keeps_its_own_letters(root: str) -> None:
    assert turkic_stems(fold_kazakh(root))[0] == fold_kazakh(root)


def test_roots_stay_apart() -> None:
    terms = [turkic_stems(fold_kazakh(root))[0] for root in ROOTS]
    # «қол» and «көл» are one word once their letters are folded, as people type them.
    assert len(set(terms)) == len({fold_kazakh(root) for root in ROOTS})


def test_a_form_is_found_without_its_letters_too() -> None:
    assert search_terms("кызметке") == search_terms("қызметке")
    assert search_terms("ел") == search_terms("елге") == ["ел"]
    assert search_terms("адам") == search_terms("адамдар") == ["адам"]
