"""What creators earned by the hour, and that it comes to what they have (provenance V9 and V10)."""

from riviere.ledger.verify.model import SQL, Found, Look, find


def earnings(look: Look) -> Found:
    """Each hour's earned, undone and unbacked are those of the gifts, releases and reversals."""
    return find(look, "each creator's hours are those of the gifts, releases and reversals", SQL["wrong_earnings"])


def maturity(look: Look) -> Found:
    """What a creator has beyond debts is what the hours brought less what was taken out; a release returns its hold."""
    return find(
        look,
        "diamonds less owed = earned less undone less taken out, for every creator; every release returns its hold",
        SQL["wrong_maturity"],
        SQL["wrong_releases"],
    )
