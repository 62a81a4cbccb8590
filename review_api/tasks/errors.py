"""What may stand in the way of a claim or a decision; each names the fact and says what to do."""

from models.errors import Rejected


class TaskAlreadyClaimed(Rejected):
    """Somebody else holds the task; ``context`` names who and until when."""

    status = 409


class TaskNotWaiting(Rejected):
    """The task is decided, or waits for another act than this one."""

    status = 409


class ClaimNotYours(Rejected):
    """The act needs the person's own claim, and it is not there or its time is over."""

    status = 409


class NewerVersion(Rejected):
    """The ad's text has changed since the one that the person saw."""

    status = 409


class DecisionSuperseded(Rejected):
    """The confirmation that the second person read is not the one that waits now."""

    status = 409


class SignedAlready(Rejected):
    """The person has signed on this case: nobody signs twice."""

    status = 409


class ReasonMissing(Rejected):
    """A decision needs a written reason."""


class PurposeMissing(Rejected):
    """A confirmation names at least one purpose."""


class UnknownLegalGround(Rejected):
    """The legal ground is not in the list of grounds."""


class MvdNotInformed(Rejected):
    """Signs of a child or a live victim: МВД is told before anything is confirmed."""


class CaseNumberMismatch(Rejected):
    """The typed case number is not that of the case."""
