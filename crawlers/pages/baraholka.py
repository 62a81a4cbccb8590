"""baraholka.example, the classifieds site of the bundled sample web."""

from collections.abc import Iterator

from crawlers.items import AdItem, AdKind, LinkItem
from crawlers.pages.base import PageObject
from crawlers.pages.dates import parse_date
from crawlers.pages.prices import parse_price
from crawlers.pages.text import line, node_text
from models.enums import RequestKind

_HOSTS = ("baraholka.example",)


class BaraholkaListing(PageObject):
    """The home page or a category: cards without text, so each ad is visited."""

    name = "baraholka_listing"
    hosts = _HOSTS
    reads = "baraholka_ad"
    is_recognisable = False

    def is_mine(self) -> bool:
        """Whether it has cards, rubrics, or the pager of a list that has run empty."""
        return self.page.first(".card[data-id], .rubrics, nav.pager") is not None

    def ads(self) -> Iterator[AdItem]:
        """None: cards have no text."""
        yield from ()

    def links(self) -> Iterator[LinkItem]:
        """The ads, the rubrics, the next page."""
        wanted = {
            "a.card-title": RequestKind.AD,
            ".rubrics a": RequestKind.LISTING,
            '[rel="next"]': RequestKind.LISTING,
        }
        for selector, kind in wanted.items():
            for link in self.page.css(selector):
                url = self.page.absolute(link.attributes.get("href"))
                if url:
                    yield LinkItem(url, kind)


class BaraholkaAd(PageObject):
    """The page of one ad."""

    name = "baraholka_ad"
    hosts = _HOSTS
    is_recognisable = False

    def is_mine(self) -> bool:
        """Whether it shows an offer."""
        return self.page.first("article.offer[data-id]") is not None

    def ads(self) -> Iterator[AdItem]:
        """The one ad."""
        page = self.page
        offer = page.css("article.offer[data-id]")[0]
        price = parse_price(node_text(offer.css_first(".price")))
        published = offer.css_first("time.published")
        yield AdItem(
            external_id=offer.attributes.get("data-id") or "",
            url=page.own_url,
            title=line(node_text(offer.css_first(".offer-title"))),
            text=node_text(offer.css_first(".offer-text")),
            author=line(node_text(offer.css_first(".seller"))) or None,
            region=line(node_text(offer.css_first(".place"))) or None,
            price_amount=price.amount if price else None,
            price_currency=price.currency if price else None,
            published_at=parse_date(
                published.attributes.get("datetime") if published else None, page.fetched_at
            ),
            kind=AdKind.CLASSIFIED,
        )
