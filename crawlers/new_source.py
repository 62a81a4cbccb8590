"""`saqshy sources new`: from one address to a source file and a first saved page with what it says."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from crawlers.checking import SourceCheck, check_settings
from crawlers.items import AdKind, Extraction, readable_json
from crawlers.pages.registry import page_object, page_object_for
from crawlers.sandbox import ParserChild
from crawlers.sources_config import SOURCE_NAME, SourceConfig
from models.config import Settings
from models.enums import RequestKind, SourceKind
from models.errors import Rejected
from models.urls import canonical_url, host_of

# Page objects that a source has to name are tried on a page that nothing else takes.
_TRIED = ("blog", "job_listing")
_LEAST_ADS = 3
_KINDS = {AdKind.JOB: SourceKind.JOB_BOARD, AdKind.POST: SourceKind.CHANNEL, AdKind.ARTICLE: SourceKind.FEED}
_HEAD = """\
# By `saqshy sources new`: correct what is wrong and take this line out. Fields: docs/add-a-source.md.
"""


class SourceExists(Rejected):
    """There is a file of that name already."""

    status = 409


class BadSourceName(Rejected):
    """The name given is none that a source can have."""


@dataclass(frozen=True)
class NewSource:
    """What was written: the source file, and the first case where a page came."""

    config: SourceConfig
    file: Path
    case: Path | None
    check: SourceCheck

    def lines(self) -> Iterator[str]:
        """For people, the next step last."""
        yield from self.check.lines()
        yield f"{self.file}: the source, switched off"
        name, found = self.config.name, self.check.extraction
        if self.case is None:
            yield "No page came, so there is no case yet. Correct the address or the pace, then check again."
        else:
            yield f"{self.case}: the page as it came, and in output.json what was found in it"
            yield "  Read output.json beside the page; what is wrong there, the page object has to do better."
        if found is not None and found.page_object in (None, "generic"):
            yield (
                "No page object was written for such pages. If the main text will not do, write"
                f" crawlers/pages/{name}.py: docs/add-a-source.md shows how."
            )
        host = host_of(self.config.start[0])
        yield f"Next: read robots.txt and the terms of {host}, correct the file, then"
        yield f"  saqshy sources check {name}"
        yield f'  saqshy sources enable {name} --terms-read-by "YOUR NAME"'


def new_source(
    settings: Settings, url: str, *, folder: Path, cases: Path, name: str | None = None
) -> NewSource:
    """Fetch one page under the rules of a crawl and write the skeleton of its source.

    Args:
        settings: ours.
        url: the page to begin with.
        folder: where source files lie.
        cases: where saved pages lie, ``<page object>/<case>/`` each.
        name: of the source; made of the host unless given.

    Raises:
        BadUrl: the address is none that may be fetched.
        BadSourceName: the name is none.
        SourceExists: the file is there already.
    """
    url = canonical_url(url)
    name = name or _name_of(url)
    if not re.match(SOURCE_NAME, name):
        raise BadSourceName(f"'{name}' is no name of a source: a-z, 0-9 and _, a letter first, 2 to 64 long.")
    file = folder / f"{name}.yaml"
    if file.exists():
        raise SourceExists(f"{file} is there already; choose another name with --name.", name=name)
    first = SourceConfig.model_validate(_fields(name, url, None))
    check = check_settings(settings, name, first.kind, first.model_dump(mode="json"))
    check = replace(check, extraction=_best_reading(check, url))
    fields = _fields(name, url, check.extraction)
    config = SourceConfig.model_validate(fields)
    folder.mkdir(parents=True, exist_ok=True)
    case = _write_case(cases, name, check)
    file.write_text(_HEAD + yaml.safe_dump(fields, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return NewSource(config, file, case, check)


def _name_of(url: str) -> str:
    """A name made of the host; one that begins with a digit (2gis.kz) gets a letter before it."""
    name = re.sub(r"[^a-z0-9]+", "_", host_of(url).removeprefix("www.")).strip("_")
    return (name if name[:1].isalpha() else f"site_{name}")[:64]


def _best_reading(check: SourceCheck, url: str) -> Extraction | None:
    """What the page's content told; or a page object that has to be named, if that finds more."""
    page, found = check.page, check.extraction
    if page is None or found is None or found.page_object not in (None, "generic"):
        return found
    known = page_object_for(url, RequestKind.START)
    with ParserChild() as parser:
        for name in (known, *_TRIED) if known else _TRIED:
            tried = parser.extract(
                page.body,
                url=page.url,
                content_type=page.content_type,
                page_object=name,
                fetched_at=page.fetched_at,
            )
            n_ads = len(tried.ads) + sum(link.kind is RequestKind.AD for link in tried.links)
            if tried.is_complete and n_ads >= (1 if name == known else _LEAST_ADS):
                return tried
    return found


def _fields(name: str, url: str, found: Extraction | None) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": name,
        "kind": _kind_of(found).value,
        "title": host_of(url),
        "start": [url],
    }
    if found is not None and found.page_object is not None:
        fields["pages"] = _pages(url, found.page_object)
    fields["languages"] = ["ru", "kk"]
    fields["schedule"] = {"every_minutes": 180, "zone": "Asia/Almaty"}
    fields["limits"] = {"delay_seconds": 5, "max_pages": 100, "max_depth": 3}
    return fields


def _pages(url: str, name: str) -> list[dict[str, str]]:
    """Patterns for the page's own path, and for the ads it leads to where another page object reads them."""
    host, reads = re.escape(host_of(url)), page_object(name).reads
    if not reads:
        return [{"match": host, "page_object": name}]
    path = re.escape(urlsplit(url).path)
    return [{"match": f"{host}{path}(\\?|$)", "page_object": name}, {"match": host, "page_object": reads}]


def _kind_of(found: Extraction | None) -> SourceKind:
    if found is None or found.page_object == "forum":
        return SourceKind.FORUM if found else SourceKind.CLASSIFIEDS
    if found.page_object in ("job_listing", "job_posting"):
        return SourceKind.JOB_BOARD
    kind = next((ad.kind for ad in found.ads if ad.kind), None)
    return _KINDS.get(kind, SourceKind.CLASSIFIEDS) if kind else SourceKind.CLASSIFIEDS


def _write_case(cases: Path, name: str, check: SourceCheck) -> Path | None:
    if check.page is None or check.extraction is None:
        return None
    case = cases / (check.extraction.page_object or "unread") / name
    case.mkdir(parents=True, exist_ok=True)
    page = check.page
    facts = {"url": page.url, "content_type": page.content_type, "fetched_at": page.fetched_at.isoformat()}
    (case / "input.html").write_bytes(page.body)
    (case / "page.json").write_text(json.dumps(facts, ensure_ascii=False) + "\n", encoding="utf-8")
    output = json.dumps(readable_json(check.extraction), ensure_ascii=False, indent=1)
    (case / "output.json").write_text(output + "\n", encoding="utf-8")
    return case
