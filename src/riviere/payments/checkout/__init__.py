"""Coins bought through a card processor: ordered, paid in the buyer's browser, credited once the processor has it.

What was ordered is kept before the processor hears of it, and what the processor tells is kept before anything is done
about it; everything after that may stop at any moment and be done again (docs/decisions/0024-kept-before-applied.md).
"""
