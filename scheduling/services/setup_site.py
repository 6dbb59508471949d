"""How payers know a clinic: its facility number and its place of service, against which authorizations are compared."""

from accounts.domain.places_of_service import PlaceOfService
from accounts.models import Clinic
from audit.services.record import record
from core.actor import Actor
from core.errors import BadInput
from core.npi import why_no_npi
from core.transactions import business_act
from scheduling.services.setup_calendar import may_change


@business_act
def save_site(*, clinic: Clinic, npi: str, place_of_service: str, by: Actor) -> Clinic:
    """Keep the facility's NPI and its place of service; what is left empty is compared with no authorization.

    Visits to come are asked about anew with the gate's next round, and at their start. Raises `BadInput`.
    """
    may_change(clinic, by)
    number = npi.strip()
    if sentence := why_no_npi(number):
        raise BadInput("bad_npi", sentence, field="npi")
    if place_of_service and place_of_service not in set(PlaceOfService):
        raise BadInput("place_of_service", "Choose a place of service from the list.", field="place_of_service")
    clinic.npi, clinic.place_of_service = number, place_of_service
    clinic.save(update_fields=["npi", "place_of_service"])
    detail = {"npi": number, "place_of_service": place_of_service}
    record(action="setup.site", entity_type="clinic", entity_id=clinic.id, by=by, detail=detail)
    return clinic
