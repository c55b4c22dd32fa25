"""A contract is capacity agreed for later: who delivers what to whom, at which grade and price."""

from ledger.contract.party import party_name
from ledger.contract.price import Price, Worth
from ledger.contract.sheet import SCHEMA, read_contract
from ledger.contract.terms import Contract, Substitute, Utilisation, Window

__all__ = [
    "SCHEMA",
    "Contract",
    "Price",
    "Substitute",
    "Utilisation",
    "Window",
    "Worth",
    "party_name",
    "read_contract",
]
