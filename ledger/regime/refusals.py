"""A refusal is a kind of mistake that keeps a rule file from loading: of its text and form."""

from __future__ import annotations

from typing import Final

from ledger.regime.check import Check, refusal

__all__ = ["OF_FORM", "OF_TEXT"]

# The text of the file: what YAML could read in two ways is not read at all.
OF_TEXT: Final[tuple[Check, ...]] = (
    refusal(
        "yaml",
        "The file is not YAML",
        "Nothing after the place named can be read.",
        "Close the bracket or quote, indent with spaces, and put texts with a colon in quotes.",
        "why: The act: is silent.",
        "why: The act is silent.",
    ),
    refusal(
        "encoding",
        "The file is not UTF-8, or holds half a character",
        "Other bytes mean different letters on different machines, and the digest of the law is "
        "taken over the letters.",
        "Save the file as UTF-8 and write the character itself instead of an escape.",
        'title: { en: "\\ud800" }',
        "title: { en: Small Act }",
    ),
    refusal(
        "empty",
        "The file is empty",
        "An empty file would look like a law that asks nothing.",
        "Write the file, or remove it.",
    ),
    refusal(
        "too-large",
        "The file is larger than a rule file can be",
        "A file of millions of letters is no law that a person has read.",
        "Split it into one file for each regime.",
    ),
    refusal(
        "too-deep",
        "The file is nested too deeply",
        "No person can follow it, and no law is built like that.",
        "Give the inner part a name of its own: a let, or another rule.",
    ),
    refusal(
        "key",
        "A key is a list or a mapping",
        "A key names a part of the file, so it is one word.",
        "Write the word.",
        "? [title, name]",
        "title: { en: Small Act }",
    ),
    refusal(
        "anchor",
        "The file uses an anchor or an alias",
        "A reader would have to look elsewhere for what stands here, and one change would change "
        "two places unseen.",
        "Write it out at both places.",
        "act: &act { cite: Small Act 2025",
        "act: { cite: Small Act 2025",
    ),
    refusal(
        "tag",
        "The file uses a tag",
        "A tag changes what a text means. Here every text is a text, and its place says how it is "
        "read.",
        "Remove the tag.",
        "id: !!str xx.small",
        "id: xx.small",
    ),
    refusal(
        "directive",
        "The file begins with a directive",
        "A directive changes the rules by which the rest is read.",
        "Remove the line that begins with %.",
        "%YAML 1.2",
        "schema: regime/1",
    ),
    refusal(
        "merge-key",
        "The file uses a merge key",
        "What stands here would depend on another place of the file.",
        "Write the keys out.",
        "review: { <<: { state: draft }, encoded_by: tests }",
        "review: { state: draft, encoded_by: tests }",
    ),
    refusal(
        "duplicate-key",
        "A key stands twice in one mapping",
        "Many readers keep the last and drop the first without a word.",
        "Keep one of them.",
        "dimension: ratio\n    dimension: ratio",
        "dimension: ratio",
    ),
)

# The form of the file: which keys, lists and texts stand where.
OF_FORM: Final[tuple[Check, ...]] = (
    refusal(
        "unknown-key",
        "A key has no meaning at its place",
        "A misspelt key would be ignored, and with it what it says of the law.",
        "Write the key that is meant; the message names the nearest ones.",
        "provenence: memory",
        "provenance: memory",
    ),
    refusal(
        "missing",
        "A part that must be there is missing",
        "A figure without its citation, or a comparison with one side, decides nothing.",
        "Add the part that the message names.",
        "when: { gt: [compute] }",
        "when: { gt: [compute, line] }",
    ),
    refusal(
        "word",
        "A word is not one of those that its place knows",
        "The lists are closed so that two files never say the same in two ways.",
        "Write one of the words that the message lists.",
        "stance: grace }",
        "stance: grace_period }",
    ),
    refusal(
        "name",
        "A name has the wrong form",
        "The form of a name says what it stands for: small letters and hyphens for what the file "
        "declares, a point inside for a fact.",
        "Write kebab-case for a let, parameter or set, subject.fact for a fact, rule:id for a "
        "rule.",
        "id: Above_Line",
        "id: above",
    ),
    refusal(
        "operator",
        "A mapping is no expression, or not the one asked for",
        "The operators are closed: nothing here is guessed at or run.",
        "Use one operator of the language, alone in its mapping, spelled exactly.",
        "when: { gte: [compute, line] }",
        "when: { gt: [compute, line] }",
    ),
    refusal(
        "model-type",
        "Something else stands where a mapping of fixed keys belongs",
        "The keys say what each part means.",
        "Write { key: value }.",
        "review: draft",
        "review: { state: draft, encoded_by: tests }",
    ),
    refusal(
        "dict-type",
        "Something else stands where a mapping of names belongs",
        "Each entry needs a name by which the rules ask for it.",
        "Write name: and what it is.",
        "sources: [act, repeal]",
        "act: { cite: Small Act 2025, published: 2025-01-10, binding: law }",
    ),
    refusal(
        "tuple-type",
        "Something else stands where a list belongs",
        "A list of one is still a list; a word alone could be one entry or a slip.",
        "Write [a, b], or one line for each entry with a hyphen before it.",
        "basis: actual }",
        "basis: [actual] }",
    ),
    refusal(
        "string-type",
        "A list or mapping stands where a text belongs",
        "A colon or comma in a text makes YAML read it as something else.",
        "Put the text in quotes.",
        "why: { The act: is silent. }",
        "why: The act is silent.",
    ),
    refusal(
        "too-short",
        "A list has too few entries",
        "An empty list of conditions would always hold, or never.",
        "Add what is missing, or remove the operator.",
        "when: { all: [] }",
        "when: { gt: [compute, line] }",
    ),
    refusal(
        "too-long",
        "A list has too many entries",
        "A comparison has two sides.",
        "Split what is more under all: or any:.",
        "when: { gt: [compute, line, line] }",
        "when: { gt: [compute, line] }",
    ),
    refusal(
        "string-too-short",
        "A text is empty",
        "An empty text looks answered and says nothing.",
        "Write the text, or leave the key out.",
        'why: ""',
        "why: The act is silent.",
    ),
    refusal(
        "string-too-long",
        "A text is too long for its place",
        "A quotation is the deciding words, not the whole article.",
        "Shorten it.",
    ),
)
