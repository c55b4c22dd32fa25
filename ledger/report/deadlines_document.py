"""The deadlines document is the published JSON of what is due, ``flopledger/deadlines.v1``."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledger.journeys.check_document import Coordinates, LedgerState
from ledger.journeys.checking import Checked
from ledger.journeys.deadlines import Deadline, Deadlines, State
from ledger.workcalendar import WorkCalendar

__all__ = ["DeadlinesDocument", "deadlines_document", "deadlines_schema"]


class _Part(BaseModel):
    """A part of the document: closed, frozen, strict."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CalendarOut(_Part):
    """How a jurisdiction counts days."""

    id: str = Field(description="What the ids of its regimes begin with.")
    title: str = Field(description="Its name.")
    zone: str = Field(description="Time zone in which its days begin and end.")
    holidays: str = Field(description="ISO 3166 code of those whose public holidays count.")
    runs_on: bool | None = Field(
        description="Whether a period that ends on a day off runs on to the next working day; "
        "null if nobody has found out."
    )
    cite: str = Field(description="Where that stands.")
    provenance: str = Field(
        pattern="^(verified|secondary|memory)$", description="How far that was checked."
    )
    note: str = Field(description="What a reader must know.")


class DeadlineOut(_Part):
    """One occurrence of one duty of one subject."""

    regime: str
    rule: str
    subject: str
    obligation: str = Field(description="Id of the duty in the rule.")
    occurrence: int = Field(ge=1, description="1 for the first time of a duty that comes back.")
    state: State = Field(
        description="overdue, runs_on (over by the period, not yet by the calendar), due, waits "
        "(for an event that nobody recorded), standing (without a date), closed (by a filing)."
    )
    on: date | None = Field(description="Day on which its period ends: act by then.")
    runs_on_to: date | None = Field(description="Later day to which the law lets it run on.")
    day_off: str | None = Field(description="Why nobody works on the day its period ends.")
    days_left: int | None = Field(description="Days from as_of to on; negative when it has passed.")
    waits_for: tuple[str, ...] = Field(description="Dates it runs from that nobody recorded.")
    binds: bool | None = Field(description="Whether it binds the subject; null while not known.")
    only_where: str | None = Field(description="What it binds only under, while not known.")
    hypothetical: bool = Field(description="Whether the law is assumed rather than found.")
    sent_on: date | None = Field(description="Day of the filing that closed it.")
    filing: int | None = Field(description="Entry of that filing.")
    days_late: int | None = Field(description="Days by which that filing came too late.")
    actor: str = Field(description="Who must act.")
    action: str = Field(description="What is to be done.")
    recipient: str | None = Field(description="Who receives it.")
    content: tuple[str, ...] = Field(description="What it must hold.")
    calendar: str | None = Field(description="Id of its calendar; null if nobody wrote it down.")
    cite: str = Field(description="Where the duty stands.")


class DeadlinesDocument(_Part):
    """What ``flopledger deadlines -f json`` prints."""

    schema_: Literal["flopledger/deadlines.v1"] = Field(alias="schema")
    ledger: LedgerState
    coordinates: Coordinates
    until: date = Field(description="Last day for which duties that come back are listed.")
    calendars: tuple[CalendarOut, ...]
    deadlines: tuple[DeadlineOut, ...] = Field(description="By day; without a date at the end.")


def deadlines_document(checked: Checked, found: Deadlines) -> dict[str, Any]:
    """Return what is due as the published document."""
    document = DeadlinesDocument(
        schema="flopledger/deadlines.v1",
        ledger=checked.document.ledger,
        coordinates=checked.document.coordinates,
        until=found.until,
        calendars=tuple(_calendar(each) for each in found.calendars),
        deadlines=tuple(_deadline(each) for each in found.held),
    )
    return document.model_dump(mode="json", by_alias=True)


def _calendar(calendar: WorkCalendar) -> CalendarOut:
    """Return one calendar."""
    parts = (calendar.country, calendar.subdivision)
    return CalendarOut(
        id=calendar.id,
        title=calendar.title,
        zone=calendar.zone,
        holidays="-".join(part for part in parts if part),
        runs_on=calendar.runs_on,
        cite=calendar.cite,
        provenance=calendar.provenance,
        note=calendar.note,
    )


def _deadline(each: Deadline) -> DeadlineOut:
    """Return one deadline."""
    d, duty = each.determination, each.obligation
    return DeadlineOut(
        regime=d.regime,
        rule=d.rule,
        subject=d.subject,
        obligation=duty.id,
        occurrence=each.occurrence,
        state=each.state,
        on=each.on,
        runs_on_to=each.runs_on_to,
        day_off=each.day_off,
        days_left=each.days_left,
        waits_for=each.waits_for,
        binds=each.binds,
        only_where=each.only_where,
        hypothetical=d.hypothetical,
        sent_on=each.sent_on,
        filing=each.filing,
        days_late=each.days_late,
        actor=duty.actor,
        action=duty.action["en"],
        recipient=None if duty.recipient is None else duty.recipient["en"],
        content=duty.content,
        calendar=None if each.calendar is None else each.calendar.id,
        cite=each.cite,
    )


def deadlines_schema() -> dict[str, Any]:
    """Return ``schemas/deadlines.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/deadlines.v1.schema.json",
        **DeadlinesDocument.model_json_schema(by_alias=True, mode="serialization"),
    }
