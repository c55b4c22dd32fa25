"""Verifying a bundle re-reads every byte of it, under keys and limits that a policy gives.

It is pure, and needs only the standard library and ``cryptography``; what asks the law is handed
in. The steps, in the order of the report:

 1. caps           the archive has the one layout there is, and stays within every limit
 2. names          each member has a place in a bundle, and none is missing
 3. manifest       each member has the digest and length that the manifest lists
 4. entries        each leaf is canonical, has the published shape and a known type
 5. chain          numbers have no gap, ``prev`` is the hash before, times never decrease
 6. roots          the Merkle root at every checkpoint is the one that its note states
 7. signatures     each note is signed by a key of the policy; other keys are shown
 8. quorum         enough witnesses of the policy cosigned; what came after is unwitnessed
 9. remembered     checkpoints kept from earlier are states of this very log
10. custody        each key signed only sizes, and at times, at which it is trusted
11. windows        when each entry can have been written, and how long the log was silent
12. ids            no two entries share an id; each reversal copies what it reverses, once
13. attestations   each is about this ledger, named by an entry, in its series, signed as asked
14. approvals      each act that needs a second person's yes has it
15. totals         population and totals come out of the leaves as attested
16. claims         the determinations claimed come out again under the bundle's own rules
17. own law        and what comes out under the verifier's own rules, claimed or not
18. openings       each confidential value shown stands behind a digest of its entry
19. redactions     what is shown, withheld and erased adds up, and fits the audience

The first fault ends the walk; the verdict names the step and the part. Of a bundle of receipts the
steps that need the whole log say so.
"""

from __future__ import annotations

from ledger.verify.bundle.course import (
    NAMES,
    UNPROVEN,
    BundleVerdict,
    Fault,
    Identity,
    Outcome,
    Step,
)
from ledger.verify.bundle.leaves import BundleLeaves
from ledger.verify.bundle.prefix import KEPT
from ledger.verify.bundle.recomputation import Cause, Comparison, Contrast, Recomputation
from ledger.verify.bundle.walk import verify_bundle

__all__ = [
    "KEPT",
    "NAMES",
    "UNPROVEN",
    "BundleLeaves",
    "BundleVerdict",
    "Cause",
    "Comparison",
    "Contrast",
    "Fault",
    "Identity",
    "Outcome",
    "Recomputation",
    "Step",
    "verify_bundle",
]
