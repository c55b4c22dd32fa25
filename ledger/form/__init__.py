"""A form is a pattern: a canonical body that matches it has the published shape of its record type.

It is exact on one side only. What matches needs neither a parser nor a model, so a verifier gets
over a hundred thousand foreign entries in seconds; what does not match proves nothing, and is read
the slow way, by ``ledger.record``. The tests hold the forms to the models, field by field.

``words`` holds the closed lists, ``spelling`` the patterns of single values, ``rules`` what several
fields must agree on, and ``bodies`` the form of each record type.
"""

from __future__ import annotations

from ledger.form.bodies import BodyForm, form_of

__all__ = ["BodyForm", "form_of"]
