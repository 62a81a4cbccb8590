"""Language of ads and sentences: probes of our own, none from the measured sets."""

import pytest

from classifiers.language import Script, detect_language, sentence_languages
from classifiers.text import normalise

PROBES = {
    "kk": """
        Құрылысқа жұмысшы керек, тамағы мен жатын орны тегін
        Кыздар керек, шетелге жумыс бар, билет бизден
        Кафеге даяшы қыз алынады, Астана, сол жағалау
        баламды асырап алатын адам бар ма
        Сиыр сатам бир бузауымен, тел жаздым
        жумыс издеймин, журектен шаршадым карыздан
        Айлыгы жаксы, апта сайын бериледи
        Бүйрегімді сатамын, қан тобым екінші
        Jumysshylar kerek, tamaǵy men jatyn orny tegin
        Qyzdar kerek, shetelge jumys bar, bilet bizden
        Zhumys izdeimin Almatyda, zhatatyn zhermen
        Kyzdar kerek, aqshasy jaqsy, habarlasynyz
        Üi jaldaimyz, üsh bölmeli, ortalyqqa jaqyn
        Mal bagatyn jigit izdeimiz, auylda turady
        Қойшы іздеймін, отбасымен келсе де болады
        Уйге комекши керек, туруга болады, кужат суралмайды
    """,
    "ru": """
        Требуются рабочие на стройку, питание и проживание
        Продам почку, вторая группа, срочно
        сниму квартиру на длит срок, без посредников
        Ищу работу няней, есть опыт и рекомендации
        ахахах ну ты даешь
        Девочки, кто работал в Турции? Стоит ехать?
        Куплю б/у холодильник в рабочем состоянии
        Нужен пастух на отгон, жилье есть
        Отдам котят в добрые руки
        Подработка после уроков, оплата сразу
    """,
    "uz": """
        Qurilishga ishchilar kerak, ovqat va yotoqxona bizdan
        Qizlar kerak, Dubayga, chipta bizning hisobimizdan
        Bolamni yaxshi odamlarga beraman, hujjatlari yoq
        Oylik maoshi yaxshi, har hafta beriladi
        Buyragimni sotaman, birinchi qon guruhi
        Ish bormi? Oilam bilan kelaman
        Paxta terimiga odam yigamiz, kuniga ellik ming
        Hovlida yashab molga qarab turadigan kishi kerak
        Қурилишга ишчилар керак, овқат ва ётоқхона биздан
        Кизлар керак, Дубайга, чипта бизнинг хисобимиздан
        Буйрагимни сотаман, биринчи кон гурухи
        Бола боқишга аёл керак, ойлиги яхши
        Пахта теримига одам йигамиз, кунига эллик минг
        Паспорт бизда туради, иш битгандан кейин берамиз
    """,
    "ky": """
        Курулушка жумушчулар керек, тамагы менен жатаканасы бар
        Кыздар керек, Түркияга, билет бизден, айлыгы жакшы
        Баламды жакшы үй-бүлөгө берем
        Бөйрөгүмдү сатам, канымдын тобу экинчи
        Жайлоого койчу керек, үй-бүлөсү менен болсо да болот
        Иш издеп жатам, жатаканасы менен болсо жакшы болмок
        Жумуш барбы? Эки киши барабыз
        Ооруп калдым, айлыгымды бербей жатышат
        Кыз-келиндер иштейт, акысы кун сайын толонот
        Паспортту биз сактайбыз, иш буткондо кайра беребиз
        Балдарды карай турган аял керек, уйдо жашайт
        Оруссиядан кайтып келдим, эми иш табалбай журом
    """,
    "en": """
        We are looking for girls to work in Dubai, visa and ticket paid
        Selling my kidney, blood group B positive
        Nanny wanted, live in, passport kept by the family
        Farm workers needed, food and bed included
        Is this agency a fraud?
        Kitten to a good home
    """,
    "mixed": """
        Здравствуйте, срочно ищем помощницу по дому. Үйде екі бала бар, тамақ істеу керек, жатын орны бөлек
        Нужны мужчины на стройку в Астану, оплата каждую неделю. Жатын орны бар, тамақ беріледі, тез хабарлас
        Мен Алматыда тұрамын, жұмыс іздеп жүрмін, екі балам бар. Если у кого есть работа, напишите мне
    """,
    "unknown": """
        +7 701 123 45 67
        💵 ✈️ 🍒
        Se busca señorita para trabajar en un bar, pagamos todo
        İş ilanı: bayan garson aranıyor, maaş çok iyi, konaklama var
    """,
}


@pytest.mark.parametrize(
    ("language", "text"),
    [(name, line.strip()) for name, lines in PROBES.items() for line in lines.strip().splitlines()],
)
def test_the_language_of_a_short_ad(language: str, text: str) -> None:
    assert detect_language(normalise(text)).value == language


def test_a_disguised_text_keeps_its_language() -> None:
    assert detect_language(normalise("Tpeбуютcя дeвyшки нa рaбoту в cayну")).value == "ru"
    assert detect_language(normalise("жұмыc icтeйтiн қыздap кepeк")).value == "kk"


def test_title_and_text_count_together() -> None:
    assert detect_language(normalise("Іс"), normalise("Kerek adam, jumys bar")).value == "kk"


def test_every_sentence_has_its_own_language() -> None:
    normalised = normalise(
        "Требуются девушки в кафе. Айлығы жақсы, тамағы тегін! Jumys bar, habarlasyńyz.\n"
        "Ishchilar kerak, oyligi yaxshi.\nTel.: 8 701 123 45 67. We pay every week"
    )
    found = sentence_languages(normalised)
    assert [one.language.value for one in found] == ["ru", "kk", "kk", "uz", "uz", "en"]
    assert [one.script for one in found[:3]] == [Script.CYRILLIC, Script.CYRILLIC, Script.LATIN]
    assert normalised.text[found[1].start : found[1].end].strip() == "айлығы жақсы, тамағы тегін!"


@pytest.mark.parametrize("text", ["", "…", "123", "\ud800", "\u200b\u200b", "👶👶"])
def test_a_text_without_words_has_no_language(text: str) -> None:
    assert detect_language(normalise(text)).value == "unknown"
    assert sentence_languages(normalise(text)) == ()
