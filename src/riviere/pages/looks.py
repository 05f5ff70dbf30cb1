"""From a template and facts to a page: the one place that knows how pages are written."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from riviere import ids
from riviere.pages.figures import Figures
from riviere.pages.visit import Visit

HTML: Final = "text/html; charset=utf-8"


class Looks:
    """Our templates. Whatever comes from people is escaped; what a template lacks is an error, not an empty place."""

    def __init__(self, static: str) -> None:
        """`static` is where styles and scripts are."""
        self._environment = Environment(
            loader=PackageLoader("riviere.pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["static"] = static
        self._environment.filters["quoted"] = partial(quote, safe="")
        self._environment.filters["decimal"] = Decimal
        self._environment.globals["new_key"] = ids.new_key

    def page(self, template: str, visit: Visit, facts: Mapping[str, Any]) -> str:
        """The page for one visitor, in their locale."""
        token = "" if visit.visitor is None else visit.visitor.form_token
        return self._environment.get_template(template).render(
            facts, visit=visit, token=token, figures=Figures(visit.locale)
        )
