"""Benchmarks compare the program with a plain baseline that does the same work, side by side.

``python -m tests.bench`` runs them from the root of the checkout; ``--list`` shows them. A side is
one function that runs in a fresh process. No time is given before both sides gave the same answer.
"""
