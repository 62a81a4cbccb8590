"""An ad with words in its pictures: neither its text nor its pictures can talk the other out of a flag."""

from classifiers.artifacts import Installed
from classifiers.explaining import Explanation, explain_result
from classifiers.risk import ClassifiedText


def read_whole_ad(
    installed: Installed, text: str, title: str | None, pictures: str | None
) -> tuple[ClassifiedText, Explanation | None]:
    """Read an ad as a whole; if that is no flag, its text alone and its pictures alone.

    Weighed together, a harmless caption outweighs what stands in the picture, and
    a picture of a contract what stands in the text: a person should see either.

    Returns:
        The result of the first reading that flags, with hits in what was read alone;
        of the whole ad where none does. A flag has its explanation.
    """
    whole = (text, title, pictures)
    parts = ((text, title, None), ("", None, pictures)) if pictures else ()
    result = installed.classify(*whole)
    for reading in (whole, *parts):
        read = result if reading is whole else installed.classify(*reading)
        if read.flagged:
            return read, explain_result(installed, read, *reading)
    return result, None
