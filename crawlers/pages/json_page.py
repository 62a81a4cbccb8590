"""Answers of APIs: JSON, read with patience; only the API's own host is believed."""

from functools import cached_property
from urllib.parse import parse_qsl, urlencode, urlsplit

from crawlers.pages.base import PageObject
from crawlers.pages.json_ld import load_json
from crawlers.pages.values import Json


class JsonPage(PageObject):
    """Shared beginning of the page objects that read an API's answers."""

    @cached_property
    def data(self) -> Json:
        """The answer; None when it is no JSON, or comes from elsewhere.

        An answer names pages of another host as its ads', which a stranger's page must never do.
        """
        if not self.knows_host_of(self.page.url) or self.page.text.lstrip()[:1] not in ("{", "["):
            return None
        try:
            return load_json(self.page.text)
        except ValueError:
            self.page.miss("json_broken")
            return None

    @cached_property
    def asked(self) -> dict[str, str]:
        """Parameters of the request."""
        return dict(parse_qsl(urlsplit(self.page.url).query))

    def address(self, **changes: str | None) -> str:
        """The request's own address with other parameters; None takes one out."""
        asked = {**self.asked, **changes}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return urlsplit(self.page.url)._replace(query=query).geturl()
