"""Each page has a context dataclass whose fields its template uses, and no name comes from elsewhere."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from review_api import pages
from review_api.ads.unread_views import UnreadListPage
from review_api.ads.views import SearchPage
from review_api.audit.views import AuditLogPage
from review_api.auth.views import KeysPage, SignInPage
from review_api.blocklist.views import EntriesPage, EntryPage, ReleasePage, ReleasesPage
from review_api.evidence.views import EvidencePage
from review_api.hand_ins.views import HandInsPage
from review_api.people.views import PeoplePage
from review_api.rendering import TEMPLATES_DIR, Frame
from review_api.sources.views import BlindSpotsPage, CandidatesPage, SourcePage, SourcesPage
from review_api.tasks.approval_views import ApprovalPage, ApprovalsPage
from review_api.tasks.case_views import CasePage, VersionPage
from review_api.tasks.views import QueuePage, WorkPage
from review_api.trial.views import TrialPage

CONTEXTS: dict[str, type] = {
    "sign_in.html": SignInPage,
    "keys.html": KeysPage,
    "work.html": WorkPage,
    "queue.html": QueuePage,
    "case.html": CasePage,
    "version.html": VersionPage,
    "evidence.html": EvidencePage,
    "approvals.html": ApprovalsPage,
    "approval.html": ApprovalPage,
    "search.html": SearchPage,
    "unread.html": UnreadListPage,
    "releases.html": ReleasesPage,
    "release.html": ReleasePage,
    "entries.html": EntriesPage,
    "entry.html": EntryPage,
    "audit.html": AuditLogPage,
    "people.html": PeoplePage,
    "trial.html": TrialPage,
    "sources.html": SourcesPage,
    "source.html": SourcePage,
    "blind_spots.html": BlindSpotsPage,
    "candidates.html": CandidatesPage,
    "hand_in.html": HandInsPage,
    "error.html": pages.ErrorPage,
}
SHARED = {"queue.html": ("facets.html",), "search.html": ("facets.html",), "case.html": ("decide.html",)}


def read(name: str) -> str:
    return (TEMPLATES_DIR / name).read_text(encoding="utf-8")


def names_on(name: str, subject: str) -> set[str]:
    """Attributes of ``subject`` that the template and its own parts read."""
    text = "".join(read(part) for part in (name, *SHARED.get(name, ())))
    return set(re.findall(rf"(?<![\"'\w]){subject}\.([a-z_]+)", text))


def properties(kind: type) -> set[str]:
    return {name for name, value in vars(kind).items() if isinstance(value, property)}


@pytest.mark.parametrize("name", sorted(CONTEXTS))
def test_every_field_is_used_and_every_name_is_a_field(name: str) -> None:
    kind = CONTEXTS[name]
    held = {field.name for field in fields(kind)}
    used = names_on(name, "page")
    assert used - held - properties(kind) == set()
    assert held - used - _used_by_properties(kind) == set()


def _used_by_properties(kind: type) -> set[str]:
    return set(
        re.findall(
            r"self\.([a-z_]+)", "".join(inspect.getsource(vars(kind)[n].fget) for n in properties(kind))
        )
    )


def test_every_page_template_has_a_context() -> None:
    extending = {
        path.name for path in Path(TEMPLATES_DIR).glob("*.html") if "{% extends" in path.read_text("utf-8")
    }
    assert extending == set(CONTEXTS)


def test_frame_fields_are_used() -> None:
    text = "".join(path.read_text("utf-8") for path in Path(TEMPLATES_DIR).glob("*.html"))
    used = set(re.findall(r"(?<![\"'])\bframe\.([a-z_]+)", text))
    held = {field.name for field in fields(Frame)}
    assert used <= held
    assert held - used == {"words"}


def test_contexts_say_what_they_hold() -> None:
    assert [kind.__name__ for kind in CONTEXTS.values() if not kind.__doc__] == []
