"""Which planned doses of immune globulin a plasma exchange elsewhere would remove again."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from patients.models import Patient
from regimens.domain.elsewhere import days_between
from regimens.domain.exchanges import caution, exchange_after
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.models import ElsewhereKind, ElsewhereTherapy, Product


def exchange_cautions(patient: Patient, product: Product, given_on: Collection[date]) -> dict[date, str]:
    """A sentence for each day of `given_on` on which a dose would be removed; nothing for other drugs.

    One SQL statement.
    """
    if not product.is_immune_globulin or not given_on:
        return {}
    last_on = max(given_on) + timedelta(days=CLINICAL_DEFAULTS.exchange_removes_days)
    held = ElsewhereTherapy.objects.filter(patient=patient, kind=ElsewhereKind.PLASMA_EXCHANGE, starts_on__lte=last_on)
    return cautions_about(held, given_on)


def cautions_about(therapies: Iterable[ElsewhereTherapy], given_on: Collection[date]) -> dict[date, str]:
    """The same for days of immune globulin and therapies already read. No SQL."""
    if not given_on:
        return {}
    exchanges = {
        day
        for each in therapies
        if each.kind == ElsewhereKind.PLASMA_EXCHANGE
        for day in days_between(
            starts_on=each.starts_on,
            every_days=each.every_days,
            ends_on=each.ends_on,
            first_on=min(given_on),
            last_on=max(given_on) + timedelta(days=CLINICAL_DEFAULTS.exchange_removes_days),
        )
    }
    found = {on: exchange_after(on, exchanges=exchanges) for on in sorted(given_on)}
    return {on: caution(on, exchange) for on, exchange in found.items() if exchange is not None}
