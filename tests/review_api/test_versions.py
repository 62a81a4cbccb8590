"""How an ad went, on its case: views, the site's edit mark, what a version changed, pictures' addresses."""

from datetime import timedelta
from decimal import Decimal

from models.ad import Ad, AdVersion
from models.review import ReviewTask
from review_api.i18n import LOCALES, load_words
from tests.factories import FlaggedTask
from tests.review_api.acts import add_task
from tests.review_api.conftest import People, Room

PICTURE = "https://cdn.example/a.jpg?x=<script>"
PRICE = {"price_amount": Decimal("250000.00"), "price_currency": "KZT"}
SECOND = {"text": "Второй текст"}
# Fields that each version has otherwise than the first, and what is other than in the version before.
CHANGES: tuple[tuple[dict[str, object], tuple[str, ...]], ...] = (
    (SECOND, ("text",)),
    (SECOND | PRICE, ("price_amount",)),
    (SECOND | PRICE | {"is_edited": True}, ("contacts",)),
    (PRICE | {"author": "Айгүл", "url": "https://a.example/2"}, ("text", "author", "url")),
    (PRICE | {"region": None, "is_edited": True, "pictures": [PICTURE]}, ("author", "region", "url")),
)


def _changed_task(room: Room) -> FlaggedTask:
    """A case whose ad changed five times; the case stands at the last version."""
    task = add_task(room)
    with room.db.write() as session:
        row = session.get_one(ReviewTask, task.id)
        ad, first = session.get_one(Ad, row.ad_id), row.ad_version
        ad.n_views = 12345
        names = ("ad_id", "url", "title", "text", "author", "region", "page_id", "pictures")
        for n, (fields, _) in enumerate(CHANGES, 1):
            values = {name: getattr(first, name) for name in names} | fields
            at = first.observed_at + timedelta(hours=n)
            version = AdVersion(number=first.number + n, content_sha256=f"{n:064}", observed_at=at, **values)
            session.add(version)
            session.flush()
        row.ad_version_id = ad.current_version_id = version.id
    return task


def test_versions_say_what_changed(room: Room, people: People) -> None:
    task = _changed_task(room)
    with room.db.read() as session:
        shown = room.services.cases.detail(session, people.analyst, task.id, now=room.clock())
    expected = [changed for _, changed in reversed(CHANGES)]
    assert [version.changed for version in shown.versions] == [*expected, ()]
    assert [version.is_edited for version in shown.versions] == [True, False, True, False, False, False]
    assert (shown.origin.n_views, shown.version.is_edited) == (12345, True)


def test_the_page_says_it_in_the_readers_language(sqlite_room: Room, sqlite_people: People) -> None:
    task = _changed_task(sqlite_room)
    client = sqlite_room.client("analyst")
    for locale in LOCALES:
        client.post("/language", data={"locale": locale, "back": "/"})
        words, page = load_words(locale), client.get(f"/cases/{task.id}").text
        for key in ("case.edited_by_author", "case.version_edited"):
            assert words.text(key) in page
        assert words.text("case.views_are", n=words.number(12345)) in page
        fields = ", ".join(words.text(f"extracted.{name}") for name in CHANGES[-1][1])
        assert f"{words.text('case.version_changed')}: {fields}<" in page
        assert "https://cdn.example/a.jpg?x=&lt;script&gt;</code>" in page
        assert 'href="https://cdn.example' not in page
        assert 'src="https://cdn.example' not in page
