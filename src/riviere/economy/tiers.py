"""The four tiers of gifts: how loudly a gift is shown follows from its price alone."""

from enum import IntEnum

from riviere.money import amount


class Tier(IntEnum):
    """What a gift does on the stream. The value is the least price in coins.

    Source: "Visual language" of the product's design (glint, spray, facets, the whole stage).
    """

    GLINT = 1
    SPRAY = 10
    FACETS = 100
    STAGE = 1000


def tier(coins: int) -> Tier:
    """The tier of a gift that costs `coins` coins. Raises BadAmount below 1 coin."""
    price = amount(coins, "The price", unit="coins")
    return max(step for step in Tier if step <= price)
