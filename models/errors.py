"""The two families of expected errors; anything else is a bug and goes up."""


class SaqshyError(Exception):
    """Base of all errors that Saqshy raises on purpose.

    Attributes:
        message: one sentence for a person: what happened, what to do next.
        context: ids and counts for the log; never ad text, names or phones.
        code: stable name of the fact, used by screens to translate it.
    """

    status = 500

    def __init__(self, message: str, **context: object) -> None:
        super().__init__(message)
        self.message = message
        self.context = context

    @property
    def code(self) -> str:
        """Name of the fact, for logs, the JSON API and the message catalogues."""
        return type(self).__name__


class Rejected(SaqshyError):
    """The caller can mend it; ``status`` is the HTTP status that says so."""

    status = 422


class Retryable(SaqshyError):
    """Nothing is wrong with the request; try again after ``delay_seconds``."""

    status = 503

    def __init__(self, message: str, *, delay_seconds: float, **context: object) -> None:
        super().__init__(message, **context)
        self.delay_seconds = delay_seconds


class ForbiddenTransition(Rejected):
    """A state may not follow the present one."""

    status = 409


class BadSettings(Rejected):
    """The set-up is wrong; the message names the setting."""


class NotFound(Rejected):
    """The thing does not exist, or the person may not see it: both look alike."""

    status = 404
