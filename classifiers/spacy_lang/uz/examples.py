"""Sentences to try the language on: ``from classifiers.spacy_lang.uz.examples import sentences``."""

sentences = [
    "Toshkentda yangi metro bekati ochildi.",
    "Siz qayerdan keldingiz?",
    "O'quvchilar imtihonga tayyorlanmoqda.",
    "U kecha Buxorodan qaytdi, lekin uyiga bormadi.",
    "Bu kitobning narxi 25 000 so'm.",
    "Мен бир ҳафта қишлоқда бўлдим.",
]
