"""Everyday Uzbek words without a meaning of their own, in Latin and Cyrillic; written by us."""

_WORDS = """
agar albatta ammo ana aslida asosan avval ba'zi balki barcha bari beri bilan bir biri biroq biror biz
bizga bizni bizning bo'ladi bo'lgan bo'lib bo'lsa boshqa bu bugun bular bunda bundan bunday bunga buni
buning bus-butun butun chunki da deb degan dek demak edi ekan ekanligi emas endi eng esa g'oyat ham hamda
hamma har harchand hatto hech hol holda hozir hozirgi ichida ikkalasi iloji ishqilib jami juda kabi kam
kanday kerak keyin ki kim kimga kimni ko'p ko'ra lekin ma'lum mana men menga meni mening mi mumkin na
nafaqat nahotki nega nima nimaga nimani o'sha o'z o'zi o'ziga o'zim o'zing oldin orqali ortiq qachon qadar
qancha qanday qayer qayerda qaysi qilib sababli sari sen senga seni sening shu shunda shundan shunday
shunga shuning siz sizga sizni sizning so'ng tomon tufayli u uchun ular ularga ularni ularning unda undan
unday unga uni uning uzra va vaqtida xuddi xullas ya'ni yana yo yo'q yoki агар албатта аммо ана бари барча
биз бизга бизни бизнинг билан бир бирор бироқ бошқа бу булар бунга бунда бундай бундан буни бунинг бутун
бўлади бўлган бўлиб бўлса ва деб деган демак жуда ичида йўқ каби кейин керак ким кимга кўп кўра лекин мана
мен менга мени менинг мумкин на нега нима олдин орқали сен сенга сени сенинг сиз сизга сизни сизнинг сўнг
томон туфайли у улар уларга уларни уларнинг унга унда ундан уни унинг учун худди чунки шу шунга шунда
шундай шундан шунинг эди экан эмас энг энди эса яна яъни ё ёки ўз ўзи ўша қадар қаерда қайси қандай қанча
қачон ҳам ҳамда ҳамма ҳар ҳатто ҳеч ҳозир
"""

STOP_WORDS = set(_WORDS.split())
