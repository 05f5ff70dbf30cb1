"""What creators earned by the hour, that it comes to what they have (provenance V9, V10), and what was paid for it."""

from riviere.ledger.verify.model import SQL, Found, Look, find


def earnings(look: Look) -> Found:
    """Each hour's earned, undone and unbacked are those of the gifts, releases and reversals."""
    return find(look, "each creator's hours are those of the gifts, releases and reversals", SQL["wrong_earnings"])


def maturity(look: Look) -> Found:
    """What a creator has beyond debts is what the hours brought less what was taken out; a release returns its hold.

    What was taken out is held or settled: a settlement moves no diamonds back, so only a release lowers it.
    """
    return find(
        look,
        "diamonds less owed = earned less undone less taken out, for every creator; every release returns its hold",
        SQL["wrong_maturity"],
        SQL["wrong_releases"],
    )


def settlements(look: Look) -> Found:
    """A settlement is worth its hold, at the rate and the fee it names, and no more is out than was settled."""
    return find(
        look,
        "each settlement takes a hold that was not given back, gross and fee as their policies say; "
        "of every hold one payment is out, or it came back and is owed",
        SQL["wrong_settlements"],
        SQL["wrong_payments"],
    )
