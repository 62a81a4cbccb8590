"""Search questions as addresses that nobody can read.

A page of results must have an address, so that the way back leads to it, and
search terms must stand in no address, log or history. So the question travels
sealed: encrypted and signed with a key of this installation.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken
from pydantic import ValidationError

from models.errors import Rejected
from review_api.ads.schemas import SearchForm


class BadQuestion(Rejected):
    """The address of the results is not one that this installation made."""


class Questions:
    """Seals and opens questions.

    Args:
        key: 32 secret bytes of this installation.
    """

    def __init__(self, key: bytes) -> None:
        self._box = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, form: SearchForm) -> str:
        """The question as a word for an address; differs each time, says nothing."""
        return self._box.encrypt(form.model_dump_json(exclude_defaults=True).encode()).decode()

    def open(self, sealed: str) -> SearchForm:
        """The question again.

        Raises:
            BadQuestion: the word was cut, changed, or made by another installation.
        """
        try:
            return SearchForm.model_validate_json(self._box.decrypt(sealed.encode()))
        except (InvalidToken, ValidationError, UnicodeEncodeError) as error:
            raise BadQuestion("This address of results cannot be read. Search again.") from error
