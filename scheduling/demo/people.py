"""Invented patients: who they are, how to reach them, what was measured, and what to know before an infusion."""

import unicodedata
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal

from accounts.domain.policy import Role
from accounts.models import Membership, User
from patients.domain.risks import Risk
from patients.models import LabResult, Patient, RiskFlag, Sex, WeightMeasurement
from scheduling.demo.house import House
from scheduling.demo.mix import Line
from scheduling.demo.names import ORIGINS
from scheduling.demo.stage import Stage

ORIGIN_WEIGHTS = (30, 14, 10, 5, 7, 8, 6, 9, 8, 6, 4, 5)
START_TIMES = (time(7), time(7, 30), time(8), time(8, 30), time(9), time(9, 30), time(10), time(11), time(12), time(13))
START_WEIGHTS = (10, 12, 14, 13, 12, 10, 9, 8, 8, 8)
OLDER = 65


@dataclass
class Registry:
    """Names, record numbers and addresses given so far: nobody gets another's."""

    names: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    count: int = 0


def admit(stage: Stage, house: House, line: Line, registry: Registry) -> Patient:
    """A new patient for a line of the mix, with a user of their own if they have an e-mail address."""
    rng = stage.rng
    is_female = stage.happens(line.female_share)
    given, family, language = _name(stage, registry, is_female=is_female)
    registry.count += 1
    born = stage.today - timedelta(days=rng.randint(line.ages[0] * 365, line.ages[1] * 365 + 364))
    is_older = born < stage.today - timedelta(days=OLDER * 365)
    email = _email(given, family, registry) if stage.happens(0.82 if is_older else 0.95) else ""
    joined = stage.at(stage.first_on, 9) - timedelta(days=rng.randint(20, 900))
    liked = rng.choices(START_TIMES, START_WEIGHTS)[0]
    patient = Patient(
        id=stage.new_id(),
        organization=house.organization,
        clinic=house.clinic,
        user=_user(stage, house, email, f"{given} {family}") if email else None,
        record_number=f"LK{20_000 + registry.count * 7:06d}",
        given_name=given,
        family_name=family,
        birth_date=born,
        sex=Sex.FEMALE if is_female else Sex.MALE,
        height_cm=Decimal(round(rng.gauss(163 if is_female else 177, 7), 1)).quantize(Decimal("0.1")),
        email=email,
        phone=f"+1 312 555 01{rng.randint(1, 99):02d}",
        language=language,
        needs_interpreter=language != "en" and stage.happens(0.6),
        prefers_time=liked,
        email_consent_at=joined if email else None,
        sms_consent_at=joined if stage.happens(0.78) else None,
    )
    return stage.rows.add(patient)


def _name(stage: Stage, registry: Registry, *, is_female: bool) -> tuple[str, str, str]:
    while True:
        origin = stage.rng.choices(ORIGINS, ORIGIN_WEIGHTS)[0]
        given = stage.pick(origin.female if is_female else origin.male)
        family = stage.pick(origin.family)
        if f"{given[:1]} {family}" not in registry.names or len(registry.names) > 600:
            registry.names.add(f"{given[:1]} {family}")
            language = origin.language if stage.happens(0.16) else "en"
            return given, family, language


def _email(given: str, family: str, registry: Registry) -> str:
    plain = _letters(given) + "." + _letters(family)
    email, number = f"{plain}@example.org", 2
    while email in registry.emails:
        email, number = f"{plain}{number}@example.org", number + 1
    registry.emails.add(email)
    return email


def _letters(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ł", "l")).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalpha())


def _user(stage: Stage, house: House, email: str, name: str) -> User:
    user = stage.rows.add(
        User(id=stage.new_id(), email=email, name=name, password=f"!{stage.rng.getrandbits(128):032x}")
    )
    stage.rows.add(Membership(user=user, clinic=house.clinic, role=Role.PATIENT.value))
    return user


def weigh(stage: Stage, patient: Patient) -> Decimal:
    """The patient's weight today in kg, with measurements of the last months that lead up to it."""
    rng = stage.rng
    height = float(patient.height_cm or 170) / 100
    now = min(130.0, max(44.0, rng.gauss(26.5, 4.2) * height * height))
    change = rng.choice((0, 0, 0.2, -0.2, 0.4, -0.3, 0.8, -1.4))
    for months in range(rng.randint(3, 7), 0, -1):
        on = stage.today - timedelta(days=months * 29 + rng.randint(0, 9))
        _measure(stage, patient, on, now - change * months + rng.uniform(-0.5, 0.5))
    return Decimal(now).quantize(Decimal("0.1"))


def _measure(stage: Stage, patient: Patient, on: date, kg: float) -> None:
    weight = Decimal(kg).quantize(Decimal("0.1"))
    stage.rows.add(WeightMeasurement(patient=patient, measured_on=on, kg=weight))


def weigh_at_visit(stage: Stage, patient: Patient, on: date, kg: Decimal) -> None:
    """A weight taken on the day of a visit, close to the usual one."""
    _measure(stage, patient, on, float(kg) + stage.rng.uniform(-0.9, 0.9))


COMMON_RISKS = (
    (Risk.DIABETES, "Type 2, on tablets."),
    (Risk.DIFFICULT_ACCESS, "Left forearm works best; warm the arm first."),
    (Risk.DIFFICULT_ACCESS, "Use the vein finder."),
    (Risk.ALLERGY, "Adhesive tape: use paper tape."),
    (Risk.ALLERGY, "Penicillin: rash."),
    (Risk.FALLS, "Walks with a stick; seat near the door."),
    (Risk.RENAL, "Creatinine before every course."),
    (Risk.CLOT, "Calf, four years ago; drink well, stay mobile."),
    (Risk.CENTRAL_LINE, "Port on the right; flush after use."),
    (Risk.HEART_FAILURE, "Watch for breathlessness; weigh on arrival."),
    (Risk.IGA_DEFICIENT, "No antibodies found."),
)


def flag(stage: Stage, patient: Patient) -> frozenset[Risk]:
    """Risk flags for about a third of the patients; which of them count now."""
    if not stage.happens(0.3):
        return frozenset()
    held: set[Risk] = set()
    for code, note in stage.rng.sample(COMMON_RISKS, k=stage.rng.choice((1, 1, 1, 2))):
        if code in held:
            continue
        held.add(code)
        since = stage.today - timedelta(days=stage.rng.randint(30, 900))
        stage.rows.add(RiskFlag(patient=patient, code=code.value, note=note, since_on=since))
    return frozenset(held)


@dataclass(frozen=True)
class Test:
    """A laboratory test: its usual value and spread, and how often it is taken."""

    code: str
    unit: str
    mean: float
    spread: float
    every_days: int = 0
    text: str = ""


TB = Test("tb_screen", "", 0, 0, 360, "Negative")
TESTS = {
    "": (Test("creatinine", "mg/dL", 0.85, 0.14, 84), Test("hemoglobin", "g/dL", 13.2, 1.1, 168)),
    "PI": (Test("igg_trough", "mg/dL", 820, 120, 90), Test("iga", "mg/dL", 90, 40, 900)),
    "SID": (Test("igg_trough", "mg/dL", 640, 90, 90),),
    "CIDP": (Test("alt", "U/L", 26, 8, 168), Test("bun", "mg/dL", 15, 4, 84)),
    "RA": (Test("alt", "U/L", 24, 7, 84), TB),
    "CD": (Test("wbc", "10^9/L", 6.8, 1.6, 120), TB),
    "UC": (Test("wbc", "10^9/L", 6.4, 1.4, 120), TB),
    "MS": (Test("wbc", "10^9/L", 5.2, 1.1, 90), Test("hbsag", "", 0, 0, 900, "Negative")),
    "gout": (Test("uric_acid", "mg/dL", 2.4, 1.0, 14),),
    "PNH": (Test("platelets", "10^9/L", 190, 45, 56),),
}


def test(stage: Stage, patient: Patient, indication: str, *, has_weak_kidneys: bool) -> None:
    """Results of the last months, as often as the treatment asks for them."""
    for each in (*TESTS[""], *TESTS.get(indication, ())):
        every = max(7, each.every_days)
        on = stage.today - timedelta(days=stage.rng.randint(1, min(every, 70)))
        oldest = stage.today - timedelta(days=max(200, every + 1))
        while on > oldest:
            mean = 1.7 if each.code == "creatinine" and has_weak_kidneys else each.mean
            value = None if each.text else Decimal(max(0.1, stage.rng.gauss(mean, each.spread)))
            stage.rows.add(
                LabResult(
                    patient=patient,
                    code=each.code,
                    taken_on=on,
                    value=None if value is None else value.quantize(Decimal("0.01") if each.mean < 10 else Decimal(1)),
                    unit=each.unit,
                    text=each.text,
                )
            )
            on -= timedelta(days=every + stage.rng.randint(-4, 4))
