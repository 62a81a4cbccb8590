"""JSON: search, and what could not be read."""

from fastapi import APIRouter

from review_api.ads.schemas import FoundPage, SearchForm, Unread
from review_api.deps import Reader, ServicesDep

router = APIRouter(prefix="/api/v1/ads", tags=["ads"])


@router.post("/search")
def search(form: SearchForm, services: ServicesDep, _person: Reader) -> FoundPage:
    """Find ads by words in any form, phrases in quotes, phones and handles, and filters.

    A POST, though it changes nothing: what is searched for stays out of addresses and their logs.
    """
    with services.db.read() as session:
        return services.ads.search(session, form)


@router.get("/unread")
def unread(services: ServicesDep, _person: Reader) -> Unread:
    """What the machine could not read: never counted as clean."""
    with services.db.read() as session:
        return services.ads.unread(session)
