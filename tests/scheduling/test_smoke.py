import pytest

from accounts.models import Clinic, Organization


@pytest.mark.django_db
def test_a_clinic_has_a_zone() -> None:
    clinic = Clinic.objects.create(
        organization=Organization.objects.create(name="o"), name="c", public_name="c", time_zone="America/Chicago",
        phone="1", address="a")
    assert clinic.zone.key == "America/Chicago"
