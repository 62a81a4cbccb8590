"""Invented rows that look real: ads of several sites, read by the real classifier."""

# ruff: noqa: E501 - ads are written as people write them, in one piece

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from classifiers.artifacts import Installed, install
from classifiers.explaining import explain_result
from classifiers.risk import ClassifiedText
from models.ad import Ad, AdVersion, Contact
from models.classification import Classification, IndicatorHit, PurposeScore
from models.crawl import Source
from models.enums import LEVELS_BY_SEVERITY, AdPictureState, Agency, PictureProblem, Role, SourceKind
from models.picture import AdPicture, ReadPicture, picture_key
from models.review import ReviewTask
from tests.conftest import ARTIFACTS
from tests.factories import (
    make_ad,
    make_classifier,
    make_cluster,
    make_source,
    make_user,
    make_version,
    next_number,
)

PEOPLE = (
    ("analyst", "Айгерім Сапарова", Role.ANALYST, Agency.MKI),
    ("analyst2", "Данияр Ахметов", Role.ANALYST, Agency.MKI),
    ("approver", "Ерлан Жұмабеков", Role.APPROVER, Agency.MVD),
    ("officer", "Наталья Ким", Role.OFFICER, Agency.MKI),
    ("auditor", "Гүлнар Оспанова", Role.AUDITOR, Agency.GP),
    ("admin", "Тимур Ли", Role.ADMIN, Agency.MKI),
)


@dataclass(frozen=True)
class InventedAd:
    """An ad; ``editions`` are its later texts, ``copies`` near-copies, ``pictures`` the words in its pictures."""

    source: str
    region: str
    title: str
    text: str
    hours_ago: float
    author: str | None = None
    editions: tuple[str, ...] = ()
    copies: tuple[str, ...] = field(default=())
    pictures: tuple[str, ...] = ()


SOURCES = (
    ("baraholka", SourceKind.CLASSIFIEDS, "Барахолка (үлгі сайт)"),
    ("jumys", SourceKind.JOB_BOARD, "Жұмыс (үлгі сайт)"),
    ("kanal", SourceKind.CHANNEL, "Шетелде жұмыс · арна"),
)

ADS = (
    InventedAd(
        "kanal",
        "Алматы",
        "Требуются девушки 18–25 в Корею",
        "Требуются девушки 18–25 модельной внешности, опыт не важен. Доход от 3000$ в месяц, язык не нужен.\n\n"
        "Билет и виза за наш счёт, дорогу потом отработаешь. Паспорт остаётся у администратора до конца "
        "контракта.\n\nПиши в тг @seoul_work_kz или звони +7 701 555 01 67. Осталось 2 места, вылет завтра.",
        5,
        author="Seoul Work KZ",
        editions=(
            "Требуются девушки 18–25 модельной внешности, опыт не важен. Доход от 4000$ в месяц, язык не нужен.\n\n"
            "Билет и виза за наш счёт, дорогу потом отработаешь. Паспорт остаётся у администратора.\n\n"
            "Пиши в тг @seoul_work_kz или звони +7 701 555 01 67. Осталось 2 места, вылет завтра.",
        ),
        copies=("Требуются девушки 18-25 в Ю.Корею. Билет и виза за наш счёт, паспорт у администратора.",),
    ),
    InventedAd(
        "baraholka",
        "Шымкент",
        "Жаңа туған нәресте",
        "Жаңа туған сәбиімді жақсы отбасына беремін, ақшасына келісеміз. Құжатсыз. Хабарласыңыз: 8 702 555 34 12.",
        2,
    ),
    InventedAd(
        "baraholka",
        "Караганда",
        "Продам почку",
        "Продам почку, 4 группа крови, здоров, не пью. Срочно нужны деньги, рассмотрю любые варианты. Тел. 87055550199",
        30,
    ),
    InventedAd(
        "jumys",
        "Туркестанская область",
        "Шопан керек, отбасымен болады",
        "Алыс қыстаққа малшы керек, жатын орын беріледі, телефон ұстамайды. Куәлігіңіз бізде тұрады, ақшасы маусым "
        "соңында. Арақ ішетіндер де бола береді, құжат сұрамаймыз.",
        52,
    ),
    InventedAd(
        "kanal",
        "Астана",
        "Работа курьером, 18+, оплата каждый день",
        "Нужны закладчики и курьеры по городу, от 50000 тг в день. Залог или паспорт у старшего. Полная анонимность, "
        "никто не узнает. Пиши только в телеграм @fast_kz_job",
        9,
    ),
    InventedAd(
        "baraholka",
        "Алматы",
        "Усыновим малыша",
        "Семейная пара усыновит новорожденного напрямую от мамы, без опеки и посредников. Вознаграждение гарантируем, "
        "все расходы на роды оплатим. Алматы, +7 747 555 22 01",
        71,
    ),
    InventedAd(
        "kanal",
        "Ақтөбе",
        "Қыздар керек",
        "16 жастан бастап қыздар керек, үйдегілер білмесін. Караокеге қыздар, қонақтармен отыру, айлығы жоғары. Жатын орын "
        "береміз. Телеграмда күтемін: @night_aktobe",
        1,
    ),
    InventedAd(
        "jumys",
        "Павлодар",
        "Разнорабочие на стройку, вахта",
        "Возьмём без документов, восстановим документы. Проживание на месте, расчёт после сезона, договор не нужен. "
        "Паспорт забираем на время. Штраф за уход. 8 777 555 40 40",
        120,
    ),
)


def add_people(session: Session, locale: str = "kk") -> None:
    """The six people of the demonstration; their password is ``tests.factories.PASSWORD``."""
    for name, display_name, role, agency in PEOPLE:
        make_user(session, name, role, agency=agency, display_name=display_name, locale=locale)


def add_ads(session: Session, now: datetime, ads: tuple[InventedAd, ...] = ADS) -> list[ReviewTask]:
    """Ads with what the classifier says about them, and a review task for each."""
    there = {source.name: source for source in session.scalars(select(Source))}
    sources = {
        name: there.get(name) or make_source(session, name, kind, title=title)
        for name, kind, title in SOURCES
    }
    tasks = []
    installed = install(ARTIFACTS)
    for ad in ads:
        seen_at = now - timedelta(hours=ad.hours_ago)
        cluster = make_cluster(session)
        row = make_ad(
            session,
            sources[ad.source],
            title=ad.title,
            text=(*ad.editions, ad.text)[0],
            seen_at=seen_at,
            region=ad.region,
            author=ad.author,
            cluster=cluster,
            pictures=[f"https://cdn.example/{words[:9]}.jpg" for words in ad.pictures],
            picture_text="\n\n".join(filter(None, ad.pictures)) or None,
        )
        _add_pictures(session, row, ad.pictures, seen_at)
        for edition in (*ad.editions, ad.text)[1:]:
            make_version(
                session,
                row,
                title=ad.title,
                text=edition,
                region=ad.region,
                author=ad.author,
                observed_at=seen_at + timedelta(hours=1),
            )
        for copy in ad.copies:
            make_ad(
                session, sources["baraholka"], title=ad.title, text=copy, cluster=cluster, seen_at=seen_at
            )
        tasks.append(_open_task(session, row, installed, now))
    return tasks


def _add_pictures(session: Session, ad: Ad, pictures: tuple[str, ...], now: datetime) -> None:
    """Pictures that were read; one without words could not be decoded."""
    for number, words in enumerate(pictures):
        url = f"https://cdn.example/{words[:9]}.jpg"
        problem = None if words else PictureProblem.TOO_MANY_PIXELS
        read = ReadPicture(
            sha256=picture_key(f"{ad.id} {number}"),
            size_bytes=48_000,
            perceptual_hash=f"{number:016x}" if words else None,
            problem=problem,
            text=words or None,
            confidence=0.94 if words else None,
            reader="tesseract kaz+rus+eng",
            read_at=now,
        )
        session.add(read)
        session.flush()
        state = AdPictureState.READ if words else AdPictureState.NOT_READ
        session.add(
            AdPicture(
                ad_id=ad.id,
                url=url,
                url_sha256=picture_key(url),
                state=state,
                problem=problem,
                wanted_at=now,
                answered_at=now,
                picture_id=read.id,
            )
        )
    session.flush()


def _open_task(session: Session, ad: Ad, installed: Installed, now: datetime) -> ReviewTask:
    for version in session.scalars(select(AdVersion).where(AdVersion.ad_id == ad.id)):
        if version.id != ad.current_version_id:
            earlier = installed.classify(version.text, version.title)
            _add_classification(session, version, earlier, installed, now)
    version = session.get_one(AdVersion, ad.current_version_id)
    found = installed.classify(version.text, version.title, version.picture_text)
    assert found.flagged, ad.external_id
    classification = _add_classification(session, version, found, installed, now)
    is_referral = found.is_minor or found.is_live_victim
    task = ReviewTask(
        case_number=f"2026-{next_number():06d}",
        level=found.level,
        severity=LEVELS_BY_SEVERITY.index(found.level) + (len(LEVELS_BY_SEVERITY) if is_referral else 0),
        priority=found.priority,
        is_referral=is_referral,
        opened_at=max(version.observed_at, now - timedelta(hours=40)),
    )
    task.show(ad, version, classification)
    session.add(task)
    session.flush()
    return task


def _add_classification(
    session: Session, version: AdVersion, found: ClassifiedText, installed: Installed, now: datetime
) -> Classification:
    classifier = make_classifier(session, installed.version)
    row = Classification(
        ad_version_id=version.id,
        classifier_version_id=classifier.id,
        language=found.language,
        is_flagged=found.flagged,
        priority=found.priority,
        level=found.level,
        side=found.side,
        is_minor=found.is_minor,
        is_live_victim=found.is_live_victim,
        rules=list(found.rules),
        model_words=[asdict(word) for word in found.model_words],
        explanation=explain_result(
            installed, found, version.text, version.title, version.picture_text
        ).as_json(),
        created_at=now,
        triaged_at=now,
    )
    session.add(row)
    session.flush()
    version.classified_by_id = classifier.id
    for purpose, score in found.purposes.items():
        session.add(PurposeScore(classification_id=row.id, purpose=purpose, score=score))
    _add_findings(session, row.id, version.id, found)
    return row


def _add_findings(session: Session, classification_id: int, version_id: int, found: ClassifiedText) -> None:
    for hit in (*found.indicators, *found.counter_signs):
        session.add(
            IndicatorHit(
                classification_id=classification_id,
                code=hit.code,
                place=hit.place,
                start=hit.start,
                end=hit.end,
                quote=hit.quote,
                weight=hit.weight,
                is_counter_sign=hit.code.startswith("C"),
                is_counted=hit.counted,
                reason=hit.reason,
            )
        )
    for contact in found.contacts:
        session.add(
            Contact(
                ad_version_id=version_id,
                kind=contact.kind,
                value=contact.value,
                place=contact.place,
                start=contact.start,
                end=contact.end,
            )
        )
    session.flush()
