"""How pages write amounts and times: in the reader's locale, each amount marked so that one switch blurs them all."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from babel.numbers import format_currency, format_decimal, format_percent, get_decimal_symbol
from markupsafe import Markup

from riviere.economy import pictures
from riviere.wire.common import Money

#: Where nobody says which language they read, or one that we cannot write numbers in.
_USUAL: Final = Locale("en", "US")

#: Languages of one header that are looked at.
_MOST_LANGUAGES: Final = 10

#: Ways to be paid that are written otherwise than they are named.
_METHODS: Final = {"paypal": "PayPal"}


def locale(languages: str) -> Locale:
    """The first language of an Accept-Language header whose way of writing numbers is known; else American English."""
    for one in languages.split(",")[:_MOST_LANGUAGES]:
        tag = one.partition(";")[0].strip()
        if tag and tag != "*":
            try:
                return Locale.parse(tag, sep="-")
            except (ValueError, UnknownLocaleError, TypeError):
                continue
    return _USUAL


class Figures:
    """Amounts and times for one reader."""

    def __init__(self, reader: Locale) -> None:
        self._locale = reader

    def number(self, value: int | str | Decimal) -> str:
        """A plain number, grouped: 12,408."""
        return format_decimal(Decimal(value), locale=self._locale)

    def coins(self, value: int) -> Markup:
        """Coins, without their unit."""
        return _amount(self.number(value))

    def diamonds(self, value: str | Decimal) -> Markup:
        """Diamonds without their unit; what stands after the point is quieter."""
        text = format_decimal(Decimal(value), locale=self._locale, format="#,##0.###")
        point = get_decimal_symbol(self._locale)
        whole, found, rest = text.partition(point)
        return (
            _amount(whole)
            if not found
            else Markup('<span class="amount">{}<small>{}{}</small></span>').format(whole, point, rest)
        )

    def money(self, value: Money) -> Markup:
        """An amount of money with its currency."""
        return self.cash(value.amount, value.currency)

    def cash(self, amount: str, currency: str) -> Markup:
        """The same for an amount that stands beside its currency."""
        return _amount(format_currency(Decimal(amount), currency, locale=self._locale))

    def worth(self, amount: Decimal, currency: str) -> Markup:
        """What something is worth, to a tenth of a cent where it is less than ten cents."""
        digits = Decimal("0.001") if abs(amount) < Decimal("0.1") else Decimal("0.01")
        rounded = amount.quantize(digits, ROUND_HALF_UP)
        text = format_currency(
            rounded, currency, locale=self._locale, currency_digits=False, decimal_quantization=False
        )
        return _amount(text)

    def share(self, part: Decimal) -> str:
        """A share of a whole, as whole percent."""
        return format_percent(part, locale=self._locale)

    def change(self, now: Decimal, before: Decimal) -> Markup:
        """How much more or less than before, with a sign, a word and a class: never colour alone."""
        if not before:
            return Markup('<span class="change none">nothing to compare with</span>')
        if now == before:
            return Markup('<span class="change same">the same as before</span>')
        part = (now - before) / before
        kind, word = ("up", "more") if part > 0 else ("down", "less")
        text = format_percent(part, locale=self._locale, format="+#,##0\u202f%;-#,##0\u202f%")
        return Markup('<span class="change {}">{} {}</span>').format(kind, text, word)

    def when(self, at: datetime) -> Markup:
        """A time; a script of ours writes it in the reader's own zone."""
        at = at.astimezone(UTC)
        text = format_datetime(at, "d MMM y, HH:mm", locale=self._locale)
        return Markup('<time datetime="{}">{} UTC</time>').format(at.isoformat(timespec="seconds"), text)

    def day(self, at: datetime, form: str = "d MMM y") -> str:
        """A day or an hour of UTC, as `form` says in the letters of Unicode's date patterns."""
        return format_datetime(at.astimezone(UTC), form, locale=self._locale)

    @staticmethod
    def method(name: str) -> str:
        """A way to be paid as its provider writes itself."""
        return _METHODS.get(name, name)

    @staticmethod
    def stone(code: str, coins: int, size: int, name: str = "") -> Markup:
        """A gift's picture; it says nothing to who cannot see it where its name stands beside it."""
        drawn = pictures.svg(code, coins, size=size, name=name or code)
        return Markup(drawn if name else drawn.replace('role="img"', 'aria-hidden="true"', 1))  # noqa: S704 - ours


def _amount(text: str) -> Markup:
    return Markup('<span class="amount">{}</span>').format(text)
