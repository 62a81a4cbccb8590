"""All page objects by name. A new site is one module beside this one: it is found here by being there."""

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from crawlers import pages
from crawlers.pages.base import Page, PageObject
from models.enums import RequestKind
from models.errors import Rejected


class UnknownPageObject(Rejected):
    """No page object has this name; the message lists those that exist."""


@cache
def page_objects() -> dict[str, type[PageObject]]:
    """Page objects by name; those written for certain hosts stand before those for any site."""
    for module in pkgutil.iter_modules(pages.__path__):
        import_module(f"{pages.__name__}.{module.name}")
    found = sorted(_named(PageObject), key=lambda cls: (not cls.hosts, cls.name))
    return {cls.name: cls for cls in found}


def _named(cls: type) -> Iterator[type[PageObject]]:
    """Subclasses, near and far, that have a name; the others are only shared beginnings."""
    sub: type[PageObject]
    for sub in cls.__subclasses__():
        if "name" in vars(sub):
            yield sub
        yield from _named(sub)


def page_object(name: str) -> type[PageObject]:
    """The page object of that name.

    Raises:
        UnknownPageObject: there is none.
    """
    try:
        return page_objects()[name]
    except KeyError:
        raise UnknownPageObject(
            f"There is no page object {name!r}; there are: {', '.join(page_objects())}."
        ) from None


def page_object_for(url: str, kind: RequestKind, hint: str | None = None) -> str | None:
    """Name of the page object for an address; None = let the content tell.

    Args:
        url: the address; it matters only without a hint.
        kind: what the address was asked for. Ads (and rechecks) are read by the
            page object that the hinted one names for its ads.
        hint: the page object that the source names for its first pages.

    Raises:
        UnknownPageObject: the hint is no page object.
    """
    is_ad = kind in (RequestKind.AD, RequestKind.RECHECK)
    if hint is not None:
        chosen = page_object(hint)
        return (chosen.reads or chosen.name) if is_ad else chosen.name
    known = [cls for cls in page_objects().values() if cls.knows_host_of(url)]
    fitting = [cls for cls in known if bool(cls.reads) != is_ad] or known
    return fitting[0].name if fitting else None


def recognise(page: Page) -> PageObject | None:
    """The page object that knows a page by its host and content, or by its content alone."""
    known = [cls for cls in page_objects().values() if cls.is_recognisable]
    for cls in sorted(known, key=lambda cls: not cls.knows_host_of(page.url)):
        reader = cls(page)
        if reader.is_mine():
            return reader
    return None


def last_resort(page: Page) -> PageObject | None:
    """The page object for pages of sites that no other was written for; None on a site that has its own.

    There, a page that its own page objects do not take means that the site has changed,
    and its main text would hide that.
    """
    is_known_site = any(cls.knows_host_of(page.url) for cls in page_objects().values())
    return None if is_known_site else page_object("generic")(page)


def blind_spot_of(page: Page, name: str | None) -> str | None:
    """Why a page that could not be read shows nothing, where a page object of its host knows it.

    Args:
        page: a page that no page object, or not the named one, took for its own.
        name: the page object that the source names.
    """
    asked = [page_object(name)] if name else [c for c in page_objects().values() if c.knows_host_of(page.url)]
    return next(filter(None, (cls(page).blind_spot() for cls in asked)), None)
