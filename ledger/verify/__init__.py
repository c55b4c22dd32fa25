"""Verifying re-reads every stored byte and believes nothing but the signing key.

It needs only the standard library and ``cryptography``. The steps, in the order of the report:

 1. schema      tables and triggers are the published ones
 2. meta        format, origin and key belong together
 3. signatures  each note of the checkpoint file is signed by the key
 4. entries     each leaf is canonical, has the published shape and a known type
 5. hashes      each stored hash is the leaf's
 6. chain       numbers have no gap, ``prev`` is the hash before, the origin is the ledger's
 7. times       ``recorded_at`` never decreases
 8. ids         no two entries share one
 9. openings    each stands behind a digest of its entry; erased ones are counted
10. keys        each entry has one, stored as the leaf states it, with the digest of its content
11. reversals   each copies a reversible entry word for word, and none is reversed twice
12. roots       the Merkle root at every checkpoint is the signed one; no signed entry is missing
13. peaks       the stored peaks are those of the entries

Entries after the newest checkpoint are reported as unsigned. The first fault ends the walk and
is raised with the number of the first bad entry, or the checkpoint or row at fault. A large ledger
is checked in segments, by this process and others, which take the same steps:
``ledger.verify.split``.
"""

from __future__ import annotations

from ledger.verify.evidence import Check, Evidence, Extent, Verdict
from ledger.verify.walk import verify

__all__ = ["Check", "Evidence", "Extent", "Verdict", "verify"]
