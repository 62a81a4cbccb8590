"""Kazakh roots that a stemmer without a dictionary would cut: their own end looks like an ending.

Folded (қ as к, ә as а, і as и), the last consonant unvoiced. The list need not
be complete: a root whose end is no ending is safe without it. More everyday
words are in ``vocabulary_kk.py``, ``vocabulary_ky.py`` and ``vocabulary_uz.py``; they are
Python so that a kept lexicon is compiled anew when one changes.
"""

from classifiers.text import vocabulary_kk, vocabulary_ky, vocabulary_uz
from classifiers.text.characters import KAZAKH_FOLD

_ENDING_LIKE = """
адам заман маман аман ата ана бала апа әке әже аға іні қыз ұл ер ел жер су от үй ай күн түн жыл жас
бас аяқ қол көз құлақ тіл тіс ауыз шаш бет жүрек бүйрек бауыр өкпе қан сүйек ми дене жан нан сүт ет
май шай тұз тамақ ас қант дәм жұмыс табыс дауыс келіс орыс қыс көмек еңбек айлық ақша ақы пайда
қарыз несие төлем баға сан есеп шот карта банк қала ауыл көше алаң базар дүкен мектеп балабақша жол
көпір өзен көл теңіз тау дала орман аспан жұлдыз бұлт жел мал қой ешкі сиыр жылқы түйе ит мысық
күшік бұзау қозы лақ тауық құс балық қасқыр құлын арба ат ерттеу шопан қойшы малшы жұмысшы қызметші
мұғалім дәрігер бастық қожайын иесі көрші дос туыс қонақ жігіт келіншек әйел келін қалыңдық күйеу
нәресте сәби бөпе шақалақ жетім мүгедек қарт қария кемпір шал құл күң қыстау қыстақ жайлау отар қора
ферма зауыт цех құрылыс жүк көлік мәшине такси автобус пойыз ұшақ билет виза құжат төлқұжат куәлік
паспорт шарт келісім заң сот полиция іс қылмыс шағым өтініш анықтама туу неке той дорба пакет сөмке
кілт телефон нөмір хат сурет тілек арман үміт қуаныш қайғы ауру дәрі емхана ота интим сатпа тіркеу
баспана пәтер бөлме төсек есік терезе орын жай мекен мекеме кеңсе қызмет маусым апта таң кеш кітап
дәптер қалам сабақ емтихан білім ғылым ән күй би кино сағат минут теңге доллар мың миллион жарты бір
екі үш шетел қытай корея түркия ресей өзбек қырғыз қазақ елші шекара кеден билік үкімет халық ұлт
дін мешіт шіркеу садақа қайыр тіленші көмір мұнай газ темір алтын күміс тас құм топырақ шөп гүл ағаш
жеміс алма өрік қауын қарбыз
"""

# Kyrgyz roots that Kazakh has not, or has otherwise; folded they share one list.
_KYRGYZ = """
адам бала кыз аял жигит ата апа байке эже ини карындаш эркек дос кошуна конок жумушчу айдоочу ашпозчу
койчу дарыгер мугалим башчы кожоюн кардар киши үй-бүлө ымыркай келин күйөө чоң-апа боор бөйрөк жүрөк кан
дене кол бут баш көз кулак тил тиш чач бет сөөк мээ дары оору оорукана үй бөлмө батир эшик терезе короо
бак талаа тоо өзөн көл деңиз чөл жол көчө базар дүкөн мектеп шаар айыл район облус мамлекет чек ара өлкө
акча сом айлык карыз насыя баа төлөм киреше пайда зыян паспорт документ күбөлүк келишим мыйзам сот милиция
кылмыш виза билет учак поезд автобус машина жумуш кесип завод фабрика кампа курулуш ферма пахта помидор
сабиз жүзүм алма жемиш жашылча нан эт сүт кой эчки уй ат музоо тоок ит мышык козу мал жайлоо тоют суу от
аба топурак таш темир алтын телефон номер компьютер китеп дептер калем кат сүрөт сөз тилек үмүт кыял
коркунуч бакыт күн түн ай жыл жума саат мүнөт кеч эртең жаз жай күз кыш
"""
_VERBS = """
кел кет ал бер сат қыл бол жаз оқы істе бар тұр жат отыр күт қара тап ізде сұра айт сөйле түсін біл көр
ести жүр шық кір түс көтер таста жібер төле қайтар жина пісір жу тазала бақ сақта асыра ұста шақыр жұмса
қорқыт қина алда ұр байла қама қаш көмектес хабарлас телефонда тапсыр апар әкел үйрен кыл оку иште тур
отур кара изде сура сүйлө түшүн бил ук чык кир түш көтөр ташта жөнөт төлө кайтар жый тер бышыр жуу бак
сакта
"""
_UZBEK = """
odam bola qiz ayol yigit ota ona aka opa uka singil xotin er do'st qo'shni mehmon ishchi haydovchi oshpaz
cho'pon shifokor hamshira o'qituvchi rahbar xo'jayin mijoz kishi oila farzand chaqaloq kelin kuyov buvi
bobo jigar buyrak yurak qon tana qo'l oyoq bosh ko'z quloq til tish soch yuz suyak miya nafas dard kasal
dori shifoxona uy xona kvartira eshik deraza hovli bog' dala tog' daryo ko'l dengiz cho'l yo'l ko'cha
bozor do'kon maktab shahar qishloq tuman viloyat davlat chegara mamlakat pul so'm oylik maosh qarz kredit
narx to'lov daromad foyda zarar pasport hujjat guvohnoma shartnoma qonun sud politsiya jinoyat viza chipta
samolyot poyezd avtobus mashina ish kasb zavod fabrika ombor qurilish ferma paxta pomidor sabzi uzum olma
meva sabzavot non go'sht sut qo'y echki sigir ot buzoq tovuq it mushuk qo'zi chorva o'tloq yem suv olov
havo tuproq tosh temir oltin telefon raqam kompyuter kitob daftar qalam xat rasm surat gap so'z tilak umid
orzu qo'rquv baxt kun tun oy yil hafta soat daqiqa kech ertalab bahor yoz kuz qish
"""
_UZBEK_VERBS = """
kel ket ol ber sot qil bo'l yoz o'qi ishla bor tur yot o'tir kut qara top izla so'ra ayt gapir tushun bil
ko'r eshit yur chiq kir tush ko'tar tashla yubor jo'nat to'la qaytar olib sog'in yig ter pishir yuv tozala
boq asra
"""

ROOTS = frozenset(
    (_ENDING_LIKE + _KYRGYZ + vocabulary_kk.NOUNS + vocabulary_ky.NOUNS).translate(KAZAKH_FOLD).split()
)
VERB_ROOTS = frozenset((_VERBS + vocabulary_kk.VERBS + vocabulary_ky.VERBS).translate(KAZAKH_FOLD).split())
UZBEK_ROOTS = frozenset((_UZBEK + vocabulary_uz.NOUNS).replace("'", "").split())
UZBEK_VERB_ROOTS = frozenset((_UZBEK_VERBS + vocabulary_uz.VERBS).replace("'", "").split())

# Roots written without a Kazakh letter whose forms are also Russian words («ел», «бала», «мал»);
# in ads of Kazakhstan the Kazakh reading is the one searched for. «от» and «он» stay Russian.
_KAZAKH_FIRST_ROOTS = """
бала ана ата апа мал адам ел жер ауыл жас той ет кара жыл терезе нан дене ауру су алма
"""
# Whole words of the same kind.
_KAZAKH_FIRST_WORDS = """
сату сатам сатады беру берем берет алу аламыз керек айлык акша акы тамак жумыс жумысшы толем орын бар жок
"""
_BACK_ENDINGS = """
га да дан ды дын м мыз сы сын сына сында нын ны мен ы ым ымыз лар ларга ларды лары дар дарга дарды дары
"""
_FRONT_ENDINGS = """
ге де ден ди дин м миз си син сине синде нин ни мен и им имиз лер лерге лерди лери дер дерге дерди дери
"""


def _forms_of(root: str) -> set[str]:
    last_vowel = next(c for c in reversed(root) if c in "аеиоуыя")
    endings = _BACK_ENDINGS if last_vowel in "аоуыя" else _FRONT_ENDINGS
    ends_in_vowel = root[-1] in "аеиоуыя"
    # After a vowel «ы» and «ым» cannot stand, after a consonant «м» and «сы» cannot.
    wrong = (
        {"ы", "и", "ым", "им", "ымыз", "имиз"}
        if ends_in_vowel
        else {"м", "мыз", "миз", "сы", "си", "ны", "ни"}
    )
    return {root, *(root + ending for ending in endings.split() if ending not in wrong)}


KAZAKH_FIRST = frozenset(_KAZAKH_FIRST_WORDS.split()).union(*map(_forms_of, _KAZAKH_FIRST_ROOTS.split()))
