"""Types of single values that come in over HTTP."""

from typing import Annotated

from fastapi import Form, Path
from pydantic import AfterValidator, StringConstraints

# Ids of the database are 63-bit; anything larger cannot be one and must not reach the driver.
IdPath = Annotated[int, Path(ge=1, le=2**63 - 1)]
RowNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


def refuse_nul(text: str) -> str:
    """Return the text if PostgreSQL can hold it.

    Raises:
        ValueError: it holds a NUL character.
    """
    if "\x00" in text:
        raise ValueError("The text holds a NUL character.")
    return text


def drop_nul(text: str) -> str:
    """Return a typed text without NUL characters, which no keyboard writes and PostgreSQL cannot hold."""
    return text.replace("\x00", "")


MAX_REASON = 4000
# Typed on a page, however long (a request has its limit): the page gives it back and says what is wrong.
TypedText = Annotated[str, Form(), AfterValidator(drop_nul)]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=MAX_REASON), AfterValidator(refuse_nul)
]
ShortText = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(refuse_nul)
]
