"""JSON: handing in addresses, and their answers."""

from typing import Annotated

from fastapi import APIRouter

from models.enums import HandInVia, Role
from review_api.auth.schemas import Person
from review_api.deps import ServicesDep, require
from review_api.fields import IdPath
from review_api.hand_ins.schemas import HandInRow, NewHandIn

router = APIRouter(prefix="/api/v1/hand-ins", tags=["hand-ins"])

HandInReader = Annotated[Person, require(Role.ANALYST, Role.APPROVER, Role.AUDITOR)]
HandInWriter = Annotated[Person, require(Role.ANALYST, Role.APPROVER)]


@router.get("")
def list_latest(services: ServicesDep, _person: HandInReader) -> tuple[HandInRow, ...]:
    """What was handed in last, with its state."""
    with services.db.read() as session:
        return services.hand_ins.list_latest(session)


@router.post("", status_code=201)
def hand_in(form: NewHandIn, services: ServicesDep, person: HandInWriter) -> tuple[HandInRow, ...]:
    """Hand in addresses or a caller's words; they are crawled before anything else."""
    with services.db.write() as session:
        return services.hand_ins.hand_in(
            session,
            form.addresses,
            words=form.words,
            region=form.region,
            via=HandInVia.API,
            person=person,
            now=services.now(),
        )


@router.get("/{hand_in_id}")
def show(hand_in_id: IdPath, services: ServicesDep, _person: HandInReader) -> HandInRow:
    """One of them with its answer."""
    with services.db.read() as session:
        return services.hand_ins.show(session, hand_in_id)
