"""Kazakh roots that a stemmer without a dictionary would cut: their own end looks like an ending.

Folded (қ as к, ә as а, і as и), the last consonant unvoiced. The list need not
be complete: a root whose end is no ending is safe without it.
"""

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

ROOTS = frozenset(word.translate(KAZAKH_FOLD) for word in _ENDING_LIKE.split())

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
