"""What the catalogue knows about giving a product for an indication, as exact numbers the rules can use.

The catalogue's file says it for everybody; what an organization changed in it, from a date on, lies on top. This only
reads both. Nothing here decides: see `services.planning`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db.models import Q

from regimens.domain.catalogue_overlay import overlaid
from regimens.domain.dose import DoseBasis, WeightBand
from regimens.domain.due_dates import LatePolicy
from regimens.domain.quantities import exact
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.domain.titration import Profile, Ramp, RateStep
from regimens.domain.units import BillingCode
from regimens.models import CatalogueEdit, Indication, Product, ProductCode

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Brand:
    """A billing code with the brand it belongs to."""

    label: str
    code: BillingCode


@dataclass(frozen=True)
class Around:
    """Minutes a product asks for: infusion (None where a ramp decides) and observation (None: the clinic's)."""

    infusion: int | None
    observation: int | None


@dataclass(frozen=True)
class UsualDose:
    """The dose the catalogue suggests. `loading` holds amounts or bands of the induction courses, if they differ."""

    basis: DoseBasis
    amount: Fraction | None = None
    bands: tuple[WeightBand, ...] = ()
    loading_amounts: tuple[Fraction, ...] = ()
    loading_bands: tuple[WeightBand, ...] = ()


@dataclass(frozen=True)
class Therapy:
    """A product given for an indication. Masses in mg, times in minutes, spans in days."""

    name: str
    is_immune_globulin: bool
    requires_label_check: bool
    mg_per_ml: Fraction | None
    vial_sizes_mg: tuple[Fraction, ...]
    brands: tuple[Brand, ...]
    ramps: tuple[Ramp, ...]
    around: Mapping[Profile, Around]
    premed_minutes: int | None
    at_risk_cap: Fraction | None
    max_mg: Fraction | None
    rounds_to_mg: Fraction | None
    usual_dose: UsualDose | None
    early_days: int
    late_days: int
    late_policy: LatePolicy
    min_interval_days: int | None
    has_exact_first_maintenance: bool
    induction_offsets_days: tuple[int, ...]
    first_maintenance_offset_days: int | None
    interval_days: int | None
    regimens: tuple[Entry, ...] = ()
    """The indication's usual regimens as the catalogue writes them."""

    def codes_of(self, hcpcs: str) -> tuple[BillingCode, ...]:
        """Every dated code of the brand that bills, or once billed, under `hcpcs`."""
        labels = {brand.label for brand in self.brands if brand.code.hcpcs == hcpcs}
        return tuple(brand.code for brand in self.brands if brand.label in labels)

    def brands_on(self, on: date) -> tuple[Brand, ...]:
        """The brands that can be billed on a date of service, each by its code that began last."""
        held: dict[str, Brand] = {}
        for brand in self.brands:
            known = held.get(brand.label)
            if brand.code.holds(on) and (known is None or _began(known) < _began(brand)):
                held[brand.label] = brand
        return tuple(held.values())


def _began(brand: Brand) -> date:
    return brand.code.effective_from or date.min


def therapy(product: Product, indication: Indication) -> Therapy:
    """What the catalogue's file says of `product` for `indication`, whatever an organization changed.

    One SQL statement for the codes unless prefetched.
    """
    codes = [row for row in product.codes.all() if row.organization_id is None]
    return _read(product, product.data, indication.data, _brands(codes))


@dataclass(frozen=True)
class AsIf:
    """Changes of an organization that are not saved yet, and ids of saved ones to look past: for a preview."""

    edits: tuple[CatalogueEdit, ...] = ()
    codes: tuple[ProductCode, ...] = ()
    without: frozenset[UUID | int] = field(default_factory=frozenset)


AS_IT_IS = AsIf()


@dataclass(frozen=True)
class TherapyBook:
    """A therapy over time: what the catalogue, and an organization's own dated changes to it, say on each date."""

    therapies: tuple[tuple[date, Therapy], ...]
    """From which date each holds, in rising order; the first from the beginning of time."""

    def on(self, day: date) -> Therapy:
        """The therapy as it stands on `day`."""
        return next(held for begins_on, held in reversed(self.therapies) if begins_on <= day)


def therapy_book(
    product: Product, indication: Indication, *, organization_id: UUID, as_if: AsIf = AS_IT_IS
) -> TherapyBook:
    """What is known of `product` for `indication` in an organization, on every date. Two SQL statements at most.

    Of two edits of one field the one with the later effective date counts, then the one made later. A withdrawn edit
    or code counts no more.
    """
    edits = edits_of(organization_id=organization_id, product=product, indication=indication, as_if=as_if)
    brands = _brands(codes_of(product, organization_id=organization_id, as_if=as_if))
    starts = [date.min, *sorted({edit.effective_from for edit in edits})]
    return TherapyBook(
        tuple(
            (
                begins_on,
                _read(
                    product,
                    entry_on(product.data, [edit for edit in edits if edit.product_id], begins_on),
                    entry_on(indication.data, [edit for edit in edits if edit.indication_id], begins_on),
                    brands,
                ),
            )
            for begins_on in starts
        )
    )


def edits_of(
    *,
    organization_id: UUID,
    product: Product | None = None,
    indication: Indication | None = None,
    as_if: AsIf = AS_IT_IS,
) -> tuple[CatalogueEdit, ...]:
    """An organization's edits of a product, an indication or both that were not withdrawn, the one that counts last."""
    rows = CatalogueEdit.objects.filter(
        Q(product=product, product__isnull=False) | Q(indication=indication, indication__isnull=False),
        organization_id=organization_id,
        withdrawn_at__isnull=True,
    )
    found = [edit for edit in rows if edit.pk not in as_if.without]
    return tuple(sorted([*found, *as_if.edits], key=lambda edit: (edit.effective_from, edit.made_at)))


def entry_on(entry: Entry, edits: Iterable[CatalogueEdit], day: date) -> Entry:
    """The catalogue entry as it stands on `day`, under edits in the order of `edits_of`."""
    return overlaid(entry, [(edit.field, edit.value) for edit in edits if edit.effective_from <= day])


def codes_of(product: Product, *, organization_id: UUID, as_if: AsIf = AS_IT_IS) -> tuple[ProductCode, ...]:
    """The product's billing codes for an organization: the file's, and its own that were not withdrawn.

    One SQL statement unless prefetched. Of codes that began on the same date an own one comes first.
    """
    rows = [
        row
        for row in product.codes.all()
        if row.organization_id in {None, organization_id} and row.withdrawn_at is None and row.pk not in as_if.without
    ]
    return tuple(
        sorted([*rows, *as_if.codes], key=lambda row: (row.starts_on or date.min, row.organization_id is None))
    )


def _read(product: Product, entry: Entry, indication: Entry, brands: tuple[Brand, ...]) -> Therapy:
    """One therapy from the entries as they stand."""
    early, late = _window(entry, indication, is_ig=product.is_immune_globulin)
    offsets, first_maintenance, interval = _rhythm(entry)
    return Therapy(
        name=product.name,
        is_immune_globulin=product.is_immune_globulin,
        requires_label_check=bool(entry.get("requires_label_check")),
        mg_per_ml=_number(entry.get("concentration_mg_per_ml")),
        vial_sizes_mg=_vials(entry),
        brands=brands,
        ramps=_ramps(entry),
        around={
            Profile.FIRST: _around(entry, "first"),
            Profile.SUBSEQUENT: _around(entry, "subsequent"),
        },
        premed_minutes=entry.get("premed_minutes") or None,
        at_risk_cap=_number(entry.get("at_risk_planning_default_ml_per_kg_per_hour")),
        max_mg=_number(_dose(entry).get("max_mg")),
        rounds_to_mg=_number(_dose(entry).get("round_mg")),
        usual_dose=_usual_dose(entry, offsets),
        early_days=early,
        late_days=late,
        late_policy=LatePolicy(entry.get("late_dose_policy") or LatePolicy.HYBRID),
        min_interval_days=entry.get("min_interval_days"),
        has_exact_first_maintenance="first_maintenance_dose" in _window_entry(entry).get("exceptions", ()),
        induction_offsets_days=offsets,
        first_maintenance_offset_days=first_maintenance,
        interval_days=interval,
        regimens=tuple(indication.get("regimens") or ()),
    )


def _number(value: float | str | None) -> Fraction | None:
    """A JSON number exactly as it is written there."""
    return None if value is None else exact(str(value))


def _dose(entry: Entry) -> Entry:
    found: Entry = entry.get("dose") or {}
    return found


def _window_entry(entry: Entry) -> Entry:
    found: Entry = entry.get("window_days") or {}
    return found


def _vials(entry: Entry) -> tuple[Fraction, ...]:
    grams = entry.get("vial_sizes_g")
    if grams is not None:
        return tuple(exact(str(size)) * 1000 for size in grams)
    return tuple(exact(str(size)) for size in entry.get("vial_sizes_mg") or ())


def _brands(codes: Iterable[ProductCode]) -> tuple[Brand, ...]:
    rows = sorted(codes, key=lambda row: (row.label, row.starts_on or date.min, row.organization_id is None))
    return tuple(
        Brand(row.label, BillingCode(row.hcpcs, Fraction(row.unit_mg), row.starts_on, row.ends_on)) for row in rows
    )


def _steps(rows: Iterable[Entry] | None) -> tuple[RateStep, ...]:
    return tuple(RateStep(exact(str(row["ml_per_kg_per_hour"])), _number(row["minutes"])) for row in rows or ())


def _ramps(entry: Entry) -> tuple[Ramp, ...]:
    found = [
        Ramp(
            _steps(row.get("first")),
            _steps(row.get("subsequent")) or None,
            _number(row.get("max")),
            row["indication"],
        )
        for row in entry.get("indication_profiles") or ()
    ]
    general = _steps(entry.get("rate_steps_first_infusion"))
    later = _steps(entry.get("rate_steps_subsequent_infusion")) or None
    if general:
        found.append(Ramp(general, later, _number(entry.get("max_rate_ml_per_kg_per_hour"))))
    return tuple(found)


def _around(entry: Entry, profile: str) -> Around:
    return Around(entry.get(f"infusion_minutes_{profile}"), entry.get(f"observation_minutes_{profile}"))


def _window(entry: Entry, indication: Entry, *, is_ig: bool) -> tuple[int, int]:
    """Early and late days: the drug's own, for immune globulin the indication's, else the clinic's setting."""
    window = _window_entry(entry)
    days = indication.get("default_tolerance_days") if is_ig else None
    early = window.get("early", CLINICAL_DEFAULTS.early_days if days is None else days)
    late = window.get("late", CLINICAL_DEFAULTS.late_days if days is None else days)
    return early, late


def _rhythm(entry: Entry) -> tuple[tuple[int, ...], int | None, int | None]:
    """Induction offsets, days to the first maintenance course where they are special, and the interval.

    One dose on day 0 followed by the usual interval is no induction, unless that dose differs.
    """
    offsets = tuple(entry.get("induction_offsets_days") or ())
    interval = _weeks(entry.get("maintenance_interval_weeks"))
    first = _weeks(entry.get("first_maintenance_offset_weeks"))
    if interval is None:
        return offsets, None, None
    is_plain = len(offsets) == 1 and first == interval and not any(key.startswith("induction") for key in _dose(entry))
    if is_plain:
        return (), None, interval
    is_usual = bool(offsets) and first == offsets[-1] + interval
    return offsets, None if is_usual else first, interval


def _weeks(weeks: int | None) -> int | None:
    return None if weeks is None else timedelta(weeks=weeks).days


def _usual_dose(entry: Entry, offsets: tuple[int, ...]) -> UsualDose | None:
    dose = _dose(entry)
    if not dose:
        return None
    basis = DoseBasis(entry["dosing_basis"])
    if basis is DoseBasis.BAND:
        return UsualDose(basis, bands=_bands(dose["bands"]), loading_bands=_bands(dose.get("loading_bands")))
    unit = "mg" if basis is DoseBasis.FIXED else "mg_per_kg"
    loading = dose.get(f"induction_{unit}") or ()
    per_course = loading if isinstance(loading, list) else [loading] * len(offsets) if loading else []
    return UsualDose(basis, _number(dose[unit]), loading_amounts=tuple(exact(str(each)) for each in per_course))


def _bands(rows: Iterable[Entry] | None) -> tuple[WeightBand, ...]:
    return tuple(
        WeightBand(
            exact(str(row["mg"])),
            at_least_kg=_number(row.get("ge_kg")),
            above_kg=_number(row.get("gt_kg")),
            below_kg=_number(row.get("lt_kg")),
            at_most_kg=_number(row.get("le_kg")),
        )
        for row in rows or ()
    )
