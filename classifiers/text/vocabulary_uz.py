"""Everyday Uzbek words: nouns with adjectives, and verbs by their root.

Added to the roots of ``classifiers.text.roots``. The held-out words of
tests/classifiers/test_turkic_families.py never come here, or it would measure itself.
"""

NOUNS = """
vaqt ma'lumot masala holat javob savol fikr sabab maqsad natija reja dastur loyiha tizim markaz boshliq
boshqarma tashkilot jamiyat davlat hudud taraf qism bet gap jumla suhbat xabar yangilik maqola kutubxona
adabiyot tarix madaniyat san'at mavzu nom ism ma'no tur rang bo'yoq qizil qora ko'k yashil sariq
jigarrang kulrang katta kichik uzun qisqa baland past chuqur yangi eski yaxshi yomon tez sekin issiq
sovuq iliq salqin toza kir og'ir yengil qattiq yumshoq quruq nam to'liq oriq semiz chiroyli go'zal aqlli
ahmoq botir qo'rqoq mehnatkash yalqov halol yolg'on haqiqat bo'sh tekin qimmat arzon boy kambag'al
yolg'iz ko'p hamma barcha butun shu bugun kecha ertaga hozir keyin oldin erta kechqurun tong yanvar
fevral mart aprel iyun iyul avgust sentabr oktabr noyabr dekabr dushanba seshanba chorshanba payshanba
juma shanba yakshanba fasl asr muddat lahza birinchi ikkinchi uchinchi oxirgi keyingi besh to'rt olti
yetti sakkiz to'qqiz yigirma o'ttiz qirq ellik oltmish yetmish sakson to'qson ming million peshona qosh
kiprik burun lab iyak bo'yin yelka ko'krak qorin orqa bel qo'ltiq bilak barmoq tirnoq tizza tovon teri
soqol mo'ylov umurtqa qovurg'a oshqozon ichak ter yosh ovoz uyqu aql ong xotira his sevgi muhabbat
g'azab afsus uyat nomus quvonch kulgi qayg'u jiyan nevara pochcha kelinoyi quda ukajon kuyov turmush
avlod urug' qarindosh tog'a amma xola amaki shogird o'quvchi talaba sotuvchi quruvchi payvandchi qorovul
farrosh tarbiyachi hisobchi huquqshunos tarjimon shoir qo'shiqchi artist jurnalist olim muhandis
boshqaruvchi tadbirkor dallol xodim dehqon chorvador ovchi baliqchi askar jangchi ofitser tergovchi
prokuror sudya guvoh jabrlanuvchi o'g'ri qaroqchi firibgar jinoyatchi asir qul qullik erkinlik ozodlik
shkaf sandiq to'shak parda chiroq pech muzlatgich televizor idish tarelka piyolacha chelak sovun sochiq
taroq qaychi igna mato shim etik do'ppi chopon kamar qo'lqop paypoq marjon sirg'a uzuk bilaguzuk
ko'zoynak soyabon qaymoq qatiq sho'rva palov manti lag'mon tuxum guruchli arpa sholi nok gilos qulupnay
limon yong'oq shirinlik konfet tort sharbat qalampir bodom g'oz o'rdak burgut lochin qarg'a chumchuq
kaptar quyon tulki ayiq sher yo'lbars fil maymun sichqon qurbaqa ilon chumoli ari pashsha chivin kapalak
o'rgimchak tuya bo'taloq biya ayg'ir qo'chqor buqa ho'kiz taka xo'roz kuchuk uloq eshak tuman do'l
chaqmoq bo'ron ayoz shudring yorug' qorong'i alanga tutun toshqin buloq soy qirg'oq orol okean cho'qqi
tepa tekislik o'rmon ekin don shox po'stloq tikan qamish darvoza zina qavat tom pol devor burchak
oshxona hammom hojatxona yerto'la garaj tomorqa to'siq quduq bekat vokzal aeroport stansiya yo'nalish
g'ildirak rul motor benzin ko'prik xizmat yordam yordamchi chegirma g'alaba mag'lubiyat musobaqa
o'yinchoq o'yinchi sport to'p jamoa hakam mukofot medal mehmondo'st dasturxon beshik tabrik soliq jarima
kirim chiqim byudjet valyuta kurs mablag' jamg'arma qarzdor garov kafolat sug'urta pensiya nafaqa ish
haqi mukofotpuli savdo tovar sifat son o'lchov og'irlik uzunlik balandlik hajm maydon masofa tezlik
bosim harorat ko'rsatma qoida tartib buyruq qaror hukm jazo ayb aybdor dalil tergov qidiruv qamoq turma
pora zo'ravonlik xo'rlik tahdid xavf xavfsizlik himoya qurol miltiq voqea falokat yong'in jarohat o'lim
hayot davolash dorixona tabletka emlash yo'tal shamollash yara singan operatsiya donor tashxis tahlil
homilador tug'ruq bemor ishonch do'stlik dushman tinchlik urush birlik janjal mushtlashuv g'iybat va'da
ont ruxsat taqiq talab taklif iltimos bildirish e'lon reklama buyurtma topshiriq yetkazish pochta havola
sahifa sayt kanal guruh a'zo obunachi foydalanuvchi parol kalit manzil joy o'rin bino idora xizmatchi
o'zbek qozoq qirg'iz tojik rus chet chetel musofir muhojir beton g'isht sement taxta mix bolg'acha arra
qum shag'al bo'yoqchi suvoq elektr sim lampa gaz ko'mir neft metall mis kumush olmos tuxumdon urug'don
quvvat kuch charchoq dam mehnat tajriba malaka imtihon baho daftarcha ruchka doska sinf dars bilim ilm
fan kollej universitet institut litsey bog'cha
kotib xonim enaga lo'li somsa sutka vazn gostinisa baxt magazin banket kottej rekruting rekruter stajyor zakot
kafedra sotka bariga granitsa brigada trening klining
"""
VERBS = """
ata ajrat ajral aldan alda almashtir almash anglat avayla ayir baqir baxsh bahola bajar ber berkit
belgila birlash bit bo'ya bo'shat buyur buz boshla boshqar boshlan bog'lan chaqir chal charcha chek chid
chiz cho'mil chop chiqar davola e'lon ekil emla ergash erit eslat foydalan gaplash gapirt hisobla ich
ilin iltimos inon ilt isit isla izlan jazola jim jo'na joyla joylash jang kamay kech kechik kechir
keltir ketir kir kirit kiydir ko'chir ko'mil ko'paytir ko'rsat ko'rin ko'n kuyla kuzat kuy kuchay maqta
min o'chir o'g'irla o'ldir o'lchan o'qit o'rgan o'rgat o'rnat o'stir o'tkaz o'ylan o'zgar o'zgartir
og'ri oshir osh otlan oqla ozay pasay pish po'k qara qarshilik qayna qazi qidir qimirla qiyna qizi qiziq
qo'll qo'lla qo'rqit qo'sh qo'y qol qoldir qon quchoqla qur qurit qutqar qutul quvon quy quv qabul
qayg'ur qich qirq qis qisqart ranjit sanal saqla saqlan sayr sev sevin sez sezil sil sina sindir siq
so'n so'ndir solishtir sol sovu sug'or sur surt suyan supur ta'mirla takrorla tala tanla tani tanish
tanishtir taqiqla taqsim tara tarqat tayyorla tegish tekshir teg teng tila tinchlan tingla tirish tiril
to'k to'lat to'ldir to'p to'pla to'plan to'xta to'xtat to'qi tort tug' tug'il tuzat tuzal tut tuy tushir
tushuntir ulg'ay unit unut ura uril urin urish ushla uyal uydir uylan uyushtir uzat va'dalash xafalan
xohla yaqinlash yarat yasha yashir yaltir yara yela yeng yet yetkaz yiqil yo'qol yo'qot yolla yoq yot
yubor yugurt yut yutil yukla zeriktir zorla
"""
