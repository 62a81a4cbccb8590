"""The four sample sites: which address shows what."""

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import escape

from crawlers.sample_web.ads import Damage, Host, SampleAd
from crawlers.sample_web.rendering import base36, slugify
from crawlers.sample_web.site import PAGE_SIZE, RSS, Answer, Question, Site, cut

NESTED_TAGS = 2_100  # libxml2 stops at a depth of 255 by default, browsers at 512


class Baraholka(Site):
    """Classifieds: a home page, categories with paging, one page per ad."""

    host = Host.BARAHOLKA
    disallow = "/moi-obyavleniya/"
    sections = {
        "rabota": "Работа",
        "uslugi": "Услуги",
        "detskiy-mir": "Детский мир",
        "zdorovie": "Красота и здоровье",
        "zhivotnye": "Животные и хозяйство",
        "raznoe": "Разное",
    }

    def spell_path(self, ad: SampleAd) -> str:
        """Return ``/d/<slug>-ID<base36>.html``."""
        return f"/d/{slugify(ad.title)}-ID{base36(ad.number)}.html"

    def listing(self, asked: Question, ads: Sequence[SampleAd]) -> Answer | None:
        """Answer ``/`` (newest), ``/obyavleniya/`` (all) and ``/<category>/``, paged by ``?page=N``."""
        path = asked.path
        if path == "/":
            return self.html("home.html", ads=ads[:PAGE_SIZE], is_listing=True)
        section = path.strip("/")
        if path != f"/{section}/" or section not in {"obyavleniya", *self.sections}:
            return None
        page = cut([ad for ad in ads if section in ("obyavleniya", ad.section)], asked.query)
        if page is None:
            return None
        heading = self.sections.get(section, "Все объявления")
        return self.html(
            "category.html", ads=page.ads, is_listing=True, page=page, path=path, heading=heading
        )

    def ad_page(self, ad: SampleAd) -> Answer:
        """Answer one ad; a broken one is damaged as its data say."""
        answer = self.html("ad.html", ads=[ad], shown=[ad], ad=ad, nested=0)
        if ad.damage is Damage.NESTED:
            return self.html("ad.html", ads=[ad], shown=[ad], ad=ad, nested=NESTED_TAGS)
        if ad.damage is Damage.CUT:
            return replace(answer, body=cut_in_a_tag(answer.body))
        return answer


def cut_in_a_tag(body: bytes) -> bytes:
    """Break a page off in the middle of the last line break of its text, as a torn connection does."""
    return body[: body.rindex(b"<br/>") + len(b"<br")]


class Jumys(Site):
    """Job board: one listing with paging, vacancy pages with JSON-LD."""

    host = Host.JUMYS
    disallow = "/employer/"

    def spell_path(self, ad: SampleAd) -> str:
        """Return ``/vacancy/<id>``."""
        return f"/vacancy/{ad.number}"

    def listing(self, asked: Question, ads: Sequence[SampleAd]) -> Answer | None:
        """Answer ``/`` and ``/vacancies``, both the same list, by ``?page=N``."""
        page = cut(ads, asked.query) if asked.path in ("/", "/vacancies") else None
        if page is None:
            return None
        return self.html("vacancies.html", ads=page.ads, is_listing=True, page=page)

    def ad_page(self, ad: SampleAd) -> Answer:
        """Answer one vacancy."""
        return self.html("vacancy.html", ads=[ad], shown=[ad], ad=ad, posting=job_posting(ad))


def job_posting(ad: SampleAd) -> dict[str, object]:
    """Describe a vacancy in the words of schema.org JobPosting."""
    posting: dict[str, object] = {
        "@context": "https://schema.org/",
        "@type": "JobPosting",
        "title": ad.title,
        "description": "".join(f"<p>{escape(line)}</p>" for line in ad.text.split("\n") if line),
        "identifier": {"@type": "PropertyValue", "name": ad.author, "value": str(ad.number)},
        "datePosted": ad.published_at.isoformat(),
        "hiringOrganization": {"@type": "Organization", "name": ad.author},
        "jobLocation": {
            "@type": "Place",
            "address": {"@type": "PostalAddress", "addressCountry": "KZ", "addressLocality": ad.region},
        },
    }
    if ad.pay:
        low, high = ad.pay
        amounts = {name: amount for name, amount in (("minValue", low), ("maxValue", high)) if amount}
        value = {"@type": "QuantitativeValue", "unitText": "MONTH", **amounts}
        posting["baseSalary"] = {"@type": "MonetaryAmount", "currency": "KZT", "value": value}
    if "schema_type" in ad.details:
        posting["employmentType"] = ad.details["schema_type"]
    return posting


class Kanal(Site):
    """Channel previews with the markup of a public Telegram preview page."""

    host = Host.KANAL
    disallow = "/share/"
    channels = {
        "jumys_bar_kz": "Жұмыс бар! Қазақстан 🇰🇿",
        "shymkent_bazar": "Шымкент базар | объявления",
    }

    def spell_path(self, ad: SampleAd) -> str:
        """Return ``/<channel>/<number>``."""
        return f"/{ad.section}/{ad.number}"

    def listing(self, asked: Question, ads: Sequence[SampleAd]) -> Answer | None:
        """Answer ``/s/<channel>``: the last ten messages, or the ten before ``?before=N``; oldest first."""
        channel = asked.path.removeprefix("/s/")
        if asked.path != f"/s/{channel}" or channel not in self.channels:
            return None
        before = asked.query.get("before", "")
        limit = int(before[:9]) if before.isascii() and before.isdigit() else None
        earlier = [ad for ad in ads if ad.section == channel and (limit is None or ad.number < limit)]
        earlier.sort(key=lambda ad: ad.number, reverse=True)
        messages = earlier[:PAGE_SIZE][::-1]
        older = messages[0].number if len(earlier) > PAGE_SIZE else None
        return self.html(
            "channel.html", ads=messages, shown=messages, is_listing=True, channel=channel, older=older
        )

    def ad_page(self, ad: SampleAd) -> Answer:
        """Answer one message alone."""
        return self.html("channel.html", ads=[ad], shown=[ad], channel=ad.section, older=None)


class Habar(Site):
    """A feed of short notices and the page of each."""

    host = Host.HABAR
    disallow = "/print/"

    def spell_path(self, ad: SampleAd) -> str:
        """Return ``/item/<id>``."""
        return f"/item/{ad.number}"

    def listing(self, asked: Question, ads: Sequence[SampleAd]) -> Answer | None:
        """Answer ``/feed.xml`` (every notice in full) and ``/`` (titles)."""
        if asked.path == "/feed.xml":
            return self.html(
                "feed.xml", ads=ads, shown=ads, is_listing=True, content_type=RSS, base=asked.base
            )
        return self.html("home.html", ads=ads, is_listing=True) if asked.path == "/" else None

    def ad_page(self, ad: SampleAd) -> Answer:
        """Answer one notice."""
        return self.html("item.html", ads=[ad], shown=[ad], ad=ad)


def all_sites() -> dict[str, Site]:
    """Return the sites by host name."""
    return {site.host.value: site for site in (Baraholka(), Jumys(), Kanal(), Habar())}
