"""What a creator's screen says of a period, on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Code, Instant, Name, Reply, Request
from riviere.wire.earnings import Earned

Step = Annotated[Literal["hour", "day", "month"], Meta(description="How long a step is, by UTC.", examples=["day"])]
HourOfWeek = Annotated[
    int, Meta(ge=0, le=167, description="Counted from Monday, 00:00 UTC: Tuesday at 20:00 is 44.", examples=[44])
]


class IncomeQuery(Request, frozen=True, kw_only=True):
    """Which gifts are summed. Filters that are given all hold at once."""

    since: Annotated[Instant, Meta(description="Gifts from the begin of this hour (UTC) on.")]
    until: Annotated[
        Instant | None, Meta(description="To the end of this hour, 366 days later at the most; now if not given.")
    ] = None
    step: Step = "day"
    stream: Annotated[Name | None, Meta(description="Only in this stream.")] = None
    post: Annotated[Name | None, Meta(description="Only on this post; not together with `stream`.")] = None
    gift: Annotated[Code | None, Meta(description="Only this gift, whatever its price was.")] = None
    supporter: Annotated[Name | None, Meta(description="Only from this supporter.")] = None
    hour_of_week: Annotated[HourOfWeek | None, Meta(description="Only in this hour of the week.")] = None
    limit: Annotated[int, Meta(ge=0, le=100_000, description="Rows a ranking at the most; 0 for none of them.")] = 10


class Period(Earned, frozen=True, kw_only=True, omit_defaults=True):
    """What gifts brought in one step."""

    begins: Annotated[datetime, Meta(description="The begin of the hour, day or month, in UTC.")]


class WeekHour(Earned, frozen=True, kw_only=True, omit_defaults=True):
    """What gifts brought in one hour of the week."""

    hour_of_week: HourOfWeek


class Ranked(Earned, frozen=True, kw_only=True, omit_defaults=True):
    """One row of a ranking: what it is about has its name there, and for people's eyes a title where there is one."""

    title: Annotated[str | None, Meta(description="What it is called.", examples=["Paint with me"])] = None


class Ranking(Reply, frozen=True, kw_only=True):
    """The first rows, most diamonds first."""

    there: Annotated[int, Meta(ge=0, description="How many rows there are in all.")]
    data: list[Ranked]


class Income(Reply, frozen=True, kw_only=True):
    """What gifts brought a creator in a period.

    Rankings are null where `limit` is 0, and for a creator with more entries since the begin of the period than one
    answer reads: then ask for a shorter, later period.
    """

    creator: Name
    since: Instant
    until: Instant
    step: Step
    total: Earned
    steps: Annotated[list[Period], Meta(description="In order of time; those without gifts are left out.")]
    hours_of_week: Annotated[list[WeekHour], Meta(description="From Monday on; those without gifts are left out.")]
    gifts: Ranking | None
    places: Annotated[Ranking | None, Meta(description="Streams and posts.")]
    supporters: Ranking | None
