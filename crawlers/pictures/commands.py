"""What ``saqshy doctor`` says of reading pictures; imports of jobs stand inside, as it is loaded at start."""

from collections.abc import Iterator

from models.doctor import Finding
from models.installation import Installation


def picture_findings(home: Installation) -> Iterator[Finding]:
    """Whether pictures of ads can be read here; it is wrong only where a source that is on asks for it."""
    from crawlers.pictures.reader import missing_languages, which_tesseract
    from crawlers.pictures.wanted import sources_with_pictures

    tesseract = which_tesseract()
    missing = missing_languages(tesseract) if tesseract else ()
    if tesseract and not missing:
        yield Finding(True, f"recogniser for pictures of ads: {tesseract}")
        return
    what = f"Tesseract has no data for {', '.join(missing)}" if tesseract else "Tesseract is not installed"
    with home.database.read() as session:
        names = sources_with_pictures(session)
    advice = "Run: apt-get install tesseract-ocr tesseract-ocr-kaz tesseract-ocr-rus tesseract-ocr-eng"
    if names:
        yield Finding(False, f"{what}: pictures of {', '.join(names)} are not read. {advice}")
    else:
        yield Finding(True, f"{what}; no source that is on asks for pictures to be read")
