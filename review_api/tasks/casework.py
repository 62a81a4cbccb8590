"""From a case as the service gives it to what its pages show: reasons in words, differences. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from review_api.blocklist.schemas import LegalGround
from review_api.differences import Run, compare, has_changes
from review_api.i18n import Words
from review_api.reasons import Findings, PrecisionOf, Reasons, show_reasons
from review_api.tasks.case_schemas import OpenedContacts, ShownVersion, TaskDetail
from review_api.tasks.views import text_lang


@dataclass(frozen=True)
class ShownCase:
    """What the reviewer's and the approver's page share."""

    task: TaskDetail
    lang: str
    reasons: Reasons
    ground_titles: Mapping[str, str]
    opened: OpenedContacts | None = None


@dataclass(frozen=True)
class TextChange:
    """What changed from one version of an ad to another."""

    title_runs: tuple[Run, ...]
    text_runs: tuple[Run, ...]
    picture_runs: tuple[Run, ...]

    @property
    def is_empty(self) -> bool:
        """Whether all texts are the same."""
        return not has_changes([*self.title_runs, *self.text_runs, *self.picture_runs])


def show_case(
    words: Words,
    task: TaskDetail,
    grounds: Iterable[LegalGround],
    precision_of: PrecisionOf,
    opened: OpenedContacts | None = None,
) -> ShownCase:
    """Put a case and its reasons into words.

    Args:
        words: the reader's language.
        task: the case; its texts are masked.
        grounds: legal grounds, for the titles of those in decisions.
        precision_of: the measured precision of a sign, if there is one.
        opened: texts and contacts unmasked, once they were opened; offsets are the same.
    """
    shown = task.version if opened is None else opened
    found = Findings(
        title=shown.title,
        text=shown.text,
        picture_text=shown.picture_text,
        pictures=tuple((picture.start, picture.end) for picture in task.pictures),
        is_flagged=bool(task.rules),
        hits=task.hits,
        model_words=task.model_words,
        purposes=task.purposes,
        side=task.side,
        rules=task.rules,
        explanation=task.explanation,
        classifier_version=task.classifier_version,
    )
    return ShownCase(
        task=task,
        lang=text_lang(task.version.language),
        reasons=show_reasons(words, found, precision_of),
        ground_titles={
            ground.code: f"{ground.law[words.locale]}: {ground.titles[words.locale]}" for ground in grounds
        },
        opened=opened,
    )


def compare_versions(before: ShownVersion | None, after: ShownVersion) -> TextChange:
    """The difference between two versions, both masked; nothing before: all is kept text."""
    if before is None:
        before = after
    return TextChange(
        tuple(compare(before.title, after.title)),
        tuple(compare(before.text, after.text)),
        tuple(compare(before.picture_text, after.picture_text)),
    )
