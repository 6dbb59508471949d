"""Places that somebody waits for: holds, the waitlist, offers to patients, and what patients ask for."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from core import clock
from core.actor import Actor
from scheduling.models import MoveRequest, Offer, WaitlistEntry
from scheduling.queries import visits
from scheduling.services import held_places, holds, offers, requests, waitlist
from scheduling.services.booking import Override
from scheduling.services.offers import FreedPlace
from tests.scheduling.machine.aims import WHERE, Aiming, Where
from tests.scheduling.machine.walk import INDEX, WHY, Thing, act, has, has_visits, pick
from tests.scheduling.machine.ward import DAYS, patient_actor

WISHES = st.sampled_from(["earlier", "later", "cancel"])


def has_entries(walk: Any) -> bool:
    return WaitlistEntry.objects.filter(state="waiting").exists()


def has_offers(walk: Any) -> bool:
    return Offer.objects.filter(state="open").exists()


def has_requests(walk: Any) -> bool:
    return MoveRequest.objects.filter(state="open").exists()


class Queue(Aiming):
    @act(day=INDEX, where=WHERE, why=WHY)
    def hold(self, day: int, where: Where, why: Override | None) -> None:
        wanted = self.course_day(day)
        chair, start = self.place(where, wanted)
        self.do(
            "hold",
            lambda: held_places.hold(course_day=wanted, chair=chair, start=start, by=self.ward.scheduler, override=why),
        )

    @act(when=has("held"), visit=INDEX)
    def book_what_is_held(self, visit: int) -> None:
        found = self.visit(visit, "held")
        self.do(
            "book a hold",
            lambda: held_places.book(visit=found, expected_version=found.version, by=self.ward.scheduler),
        )

    @act(when=has("held"), visit=INDEX)
    def let_go(self, visit: int) -> None:
        found = self.visit(visit, "held")
        self.do("let go", lambda: holds.let_go(visit=found, expected_version=found.version, by=self.ward.scheduler))

    @act(often=2, day=INDEX, last=st.sampled_from(DAYS), parts=st.sampled_from([(), ("morning",), ("afternoon",)]))
    def wait(self, day: int, last: Any, parts: tuple[str, ...]) -> None:
        self.do(
            "wait",
            lambda: waitlist.add(
                course_day=self.course_day(day),
                earliest_on=DAYS[0],
                latest_on=last,
                parts_of_day=parts,
                notice_hours=0,
                by=self.ward.scheduler,
            ),
        )

    @act(when=has_entries, entry=INDEX)
    def stop_waiting(self, entry: int) -> None:
        found = self._entry(entry)
        self.do("stop waiting", lambda: waitlist.withdraw(entry=found, by=self.ward.scheduler))

    @act(often=5, when=has_entries, entry=INDEX, where=WHERE)
    def offer(self, entry: int, where: Where) -> None:
        found = self._entry(entry)
        chair, start = self.place(where, found.course_day, found.visit)
        place = FreedPlace(chair=chair, start=start)
        self.do("offer", lambda: offers.make(entry=found, place=place, by=self.ward.scheduler))

    @act(often=4, when=has_offers, offer=INDEX, is_patient=st.booleans())
    def accept(self, offer: int, is_patient: bool) -> None:
        found = self._offer(offer)
        self.do("accept", lambda: offers.accept(offer=found, by=self._who(found, is_patient)))

    @act(often=4, when=has_offers, offer=INDEX, is_patient=st.booleans())
    def decline(self, offer: int, is_patient: bool) -> None:
        found = self._offer(offer)
        self.do("decline", lambda: offers.decline(offer=found, by=self._who(found, is_patient)))

    @act(often=4, when=has_offers, offer=INDEX)
    def withdraw_offer(self, offer: int) -> None:
        found = self._offer(offer)
        self.do("withdraw an offer", lambda: offers.withdraw(offer=found, by=self.ward.scheduler))

    @act(often=2, when=has_visits, visit=INDEX, wish=WISHES)
    def ask(self, visit: int, wish: str) -> None:
        """Of a visit to come that nobody asked about yet, where there is one."""
        now, asked = clock.now(), set(MoveRequest.objects.values_list("visit_id", flat=True))
        seen = self.watch.sight.visits
        to_come = [key for key in self.ids("booked", "confirmed") if seen[key].starts_at > now and key not in asked]
        key = _mostly(to_come, self.ids(), visit)
        found = visits.get(self.ward.clinic, key)
        by = patient_actor(found.patient)
        self.do("ask", lambda: requests.ask(visit=found, wish=wish, half_days=[], note="", by=by))

    @act(often=2, when=has_requests, request=INDEX, where=WHERE, why=WHY)
    def answer_with_a_move(self, request: int, where: Where, why: Override | None) -> None:
        found = self._request(request)
        chair, start = self.place(where, found.visit.course_day, found.visit)
        self.do(
            "answer with a move",
            lambda: requests.answer_with_move(
                request=found,
                chair=chair,
                start=start,
                by=self.ward.scheduler,
                override=why,
            ),
        )

    @act(often=2, when=has_requests, request=INDEX, answer=st.sampled_from(["keep", "cancel", "withdraw"]))
    def answer(self, request: int, answer: str) -> None:
        found, by = self._request(request), self.ward.scheduler
        acts = {
            "keep": lambda: requests.keep(request=found, answer="All times are taken.", by=by),
            "cancel": lambda: requests.cancel_visit(request=found, by=by),
            "withdraw": lambda: requests.withdraw(request=found, by=patient_actor(found.visit.patient)),
        }
        self.do(f"request: {answer}", acts[answer])

    def _entry(self, index: int) -> WaitlistEntry:
        entries = WaitlistEntry.objects.select_related(
            "clinic", "course_day__course__order__patient__clinic", "course_day__course__order__clinic", "visit"
        )
        return pick(list(entries.filter(state="waiting").order_by("created_at", "id")), index)

    def _offer(self, index: int) -> Offer:
        found = Offer.objects.select_related("chair__clinic", "entry__course_day__course__order__patient__user")
        newest = list(found.order_by("-made_at", "-id"))
        return _mostly([one for one in newest if one.state == "open"], newest, index)

    def _request(self, index: int) -> MoveRequest:
        found = MoveRequest.objects.select_related(
            "visit__patient__user", "visit__clinic", "visit__chair__clinic", "visit__course_day__course__order__patient"
        )
        newest = list(found.order_by("-created_at", "-id"))
        return _mostly([one for one in newest if one.state == "open"], newest, index)

    def _who(self, offer: Offer, is_patient: bool) -> Actor:
        return patient_actor(offer.entry.course_day.course.order.patient) if is_patient else self.ward.scheduler


def _mostly(wanted: Sequence[Thing], all_of_them: Sequence[Thing], index: int) -> Thing:
    """One that is wanted; one in six times any."""
    return pick(wanted if wanted and index % 6 < 5 else all_of_them, index)
