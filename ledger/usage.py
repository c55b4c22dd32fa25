"""A usage receipt is a provider's signed word that a customer held devices for stated times.

It is an in-toto statement in a DSSE envelope; the name of the signing key is the provider's. The
predicate::

    {"customer":"lab.example/a","issued_on":"2026-04-02","number":"2026-03/17",
     "provider":"cloud.example","usage":[{"device":"nvidia-h100-sxm5","device_us":"28800000000",
     "end":"2026-03-10T08:00:00Z","milli_devices":1000,"start":"2026-03-10T00:00:00Z"}]}

The digest of the subject is that of ``usage`` in canonical JSON, so that the receipt cannot be
shown with other lines. Specification: ``schemas/usage-receipt.v1.md``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from ledger.canonical import INTEGER_MAX, JSON, encode
from ledger.envelope import Envelope
from ledger.errors import InputError, IntegrityError
from ledger.keys import VerifierKey
from ledger.period import Period, format_instant, parse_day
from ledger.statement import Statement

__all__ = ["LINES_MAX", "PREDICATE_TYPE", "UsageLine", "UsageReceipt"]

PREDICATE_TYPE: Final = "urn:flopledger:usage-receipt:v1"
LINES_MAX: Final = 10_000

_NAME_MAX: Final = 200
_NUMBER_MAX: Final = 50  # provider, a stroke and number are the name of the subject
_MEMBERS: Final = {"customer", "issued_on", "number", "provider", "usage"}
_LINE: Final = {"device", "device_us", "end", "milli_devices", "start"}
_AGAIN: Final = "the provider makes it anew: flopledger receipt make"


@dataclass(frozen=True, slots=True)
class UsageLine:
    """Devices held all through a period.

    Attributes:
        period: When; whole seconds.
        device: Catalogue id of the device.
        milli_devices: Thousandths of devices, above 0.
    """

    period: Period
    device: str
    milli_devices: int

    @property
    def device_us(self) -> int:
        """The device-time, device-microseconds."""
        return self.milli_devices * self.period.milliseconds

    @classmethod
    def parse(cls, value: JSON) -> Self:
        """Read one line; its device-time must be devices by time.

        Raises:
            InputError: A member is missing, unknown or wrong.
        """
        if not isinstance(value, dict) or set(value) != _LINE:
            raise InputError(
                f"a line of usage has exactly {', '.join(sorted(_LINE))}", remedy=_AGAIN
            )
        start, end, milli = value["start"], value["end"], value["milli_devices"]
        if not isinstance(start, str) or not isinstance(end, str):
            raise InputError("start and end of a line of usage are texts", remedy=_AGAIN)
        if not isinstance(milli, int) or isinstance(milli, bool) or not 0 < milli <= INTEGER_MAX:
            raise InputError("milli_devices of a line of usage is a number above 0", remedy=_AGAIN)
        line = cls(Period.parse(start, end), _name(value["device"], "device"), milli)
        if value["device_us"] != str(line.device_us):
            raise InputError(
                f"the line states {value['device_us']!r} device-microseconds, devices by time are "
                f"{line.device_us}",
                why="a receipt whose figures do not fit each other confirms nothing",
                remedy=_AGAIN,
            )
        return line

    def value(self) -> dict[str, JSON]:
        """Return the members as JSON has them."""
        return {
            "device": self.device,
            "device_us": str(self.device_us),
            "end": format_instant(self.period.stop),
            "milli_devices": self.milli_devices,
            "start": format_instant(self.period.start),
        }


@dataclass(frozen=True, slots=True)
class UsageReceipt:
    """What a provider states.

    Attributes:
        provider: Name of the provider, which is the name of its key.
        customer: For whom the devices were held.
        number: The provider's own number of the receipt; it never gives one twice.
        issued_on: Day on which it was issued.
        lines: At least one.
    """

    provider: str
    customer: str
    number: str
    issued_on: date
    lines: tuple[UsageLine, ...]

    @classmethod
    def open(cls, envelope: Envelope, key: VerifierKey) -> Self:
        """Read a receipt that a provider's key signed.

        Args:
            envelope: The file.
            key: The provider's key, had on another way than the file.

        Raises:
            InputError: The envelope carries something else, or a member is wrong.
            IntegrityError: The key did not sign it, or another provider is named in it.
        """
        if key not in envelope.signed_by([key]).keys:
            raise IntegrityError(
                f"{key.label} did not sign this receipt",
                why="a receipt without the provider's signature is an assertion of who brings it",
                remedy="give the key of the provider, which you have from the provider itself",
            )
        receipt = cls.parse(Statement.open(envelope))
        if receipt.provider != key.name:
            raise IntegrityError(
                f"the receipt is of {receipt.provider}, the key of {key.name}",
                why="a provider confirms its own devices, not those of another",
                remedy="ask the provider that is named in it",
            )
        return receipt

    @classmethod
    def parse(cls, statement: Statement) -> Self:
        """Read the statement; signatures are not looked at here.

        Raises:
            InputError: It states something else, or its subject is not its own usage.
        """
        if statement.predicate_type != PREDICATE_TYPE:
            raise InputError(
                f"the statement is of the type {statement.predicate_type!r}, no usage receipt",
                remedy="give the file that the provider made with: flopledger receipt make",
            )
        value = statement.predicate
        if set(value) != _MEMBERS:
            raise InputError(
                f"a usage receipt has exactly {', '.join(sorted(_MEMBERS))}", remedy=_AGAIN
            )
        rows, day = value["usage"], value["issued_on"]
        if not isinstance(rows, list) or not 0 < len(rows) <= LINES_MAX:
            raise InputError(
                f"a usage receipt has 1 to {LINES_MAX:,} lines",
                remedy="the provider spreads longer usage over several receipts",
            )
        if not isinstance(day, str):
            raise InputError("issued_on of a usage receipt is a day", remedy=_AGAIN)
        receipt = cls(
            _name(value["provider"], "provider"),
            _name(value["customer"], "customer"),
            _name(value["number"], "number", _NUMBER_MAX),
            parse_day(day),
            tuple(UsageLine.parse(row) for row in rows),
        )
        if receipt.statement() != statement:
            raise InputError(
                "the subject of the statement is not the usage that it states",
                why="name and digest of the subject follow from provider, number and lines",
                remedy=_AGAIN,
            )
        return receipt

    def statement(self) -> Statement:
        """Return the statement that the provider signs."""
        usage: list[JSON] = [line.value() for line in self.lines]
        return Statement(
            f"{self.provider}/{self.number}",
            hashlib.sha256(encode(usage)).hexdigest(),
            PREDICATE_TYPE,
            {
                "customer": self.customer,
                "issued_on": self.issued_on.isoformat(),
                "number": self.number,
                "provider": self.provider,
                "usage": usage,
            },
        )

    @property
    def device_us(self) -> int:
        """The device-time of all lines."""
        return sum(line.device_us for line in self.lines)

    def overlapping(self) -> Sequence[tuple[int, int]]:
        """Return pairs of lines, counted from 1, that are word for word the same."""
        seen: dict[UsageLine, int] = {}
        pairs = []
        for number, line in enumerate(self.lines, start=1):
            if line in seen:
                pairs.append((seen[line], number))
            seen.setdefault(line, number)
        return pairs


def _name(value: JSON, what: str, longest: int = _NAME_MAX) -> str:
    """Return a short text that shows whole.

    Raises:
        InputError: It is none.
    """
    plain = isinstance(value, str) and 0 < len(value) <= longest
    if not plain or not str(value).isprintable() or str(value) != str(value).strip():
        raise InputError(
            f"the {what} of a usage receipt is a text of 1 to {longest} characters",
            remedy="write it without line breaks, and without blanks at its ends",
        )
    return str(value)
