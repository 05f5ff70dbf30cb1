"""What people write, over HTTP: word lists, what waits for review, and the viewers whom a creator has blocked."""

from typing import Final
from uuid import UUID

from riviere.database.connection import Connection
from riviere.economy import people, places
from riviere.http import cursors
from riviere.http.cursors import Instant, Number
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.trust import blocks, lists, word_filter, words
from riviere.trust.model import ForModerators, OwnBlock, UnknownWords
from riviere.trust.words import Words
from riviere.wire.common import Page, Paged
from riviere.wire.words import (
    BlockedViewer,
    CreatorWords,
    ReplaceCreatorWords,
    ReplaceWordList,
    WordList,
    WrittenWords,
)

#: Words that were reported and are held.
EXAMPLE: Final = WrittenWords(
    id="5b0c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10",
    author="mira",
    text="bravo",
    at=EXAMPLE_TIME,
    stream="live",
    gift="f0f5f4a0-5f0a-2d2f-b5a1-4d6c3a9f0e11",
    standing="held",
    reason="review",
    reports=[],
)
_SHOWN: Final = WrittenWords(
    id=EXAMPLE.id,
    author="mira",
    text="bravo",
    at=EXAMPLE_TIME,
    stream="live",
    gift=EXAMPLE.gift,
    standing="shown",
    reason="approved",
    reports=[],
)
_HIDDEN: Final = WrittenWords(
    id=EXAMPLE.id,
    author="mira",
    text="bravo",
    at=EXAMPLE_TIME,
    stream="live",
    gift=EXAMPLE.gift,
    standing="hidden",
    reason="creator",
    reports=[],
)


@operation(
    "GET",
    "/v1/words",
    id="getWordList",
    tag="Words",
    scope="words:moderate",
    answer=WordList(entries=["knave*"]),
)
def get_word_list(call: Call) -> WordList:
    """Get the platform's word list, which holds for every creator. It is empty until somebody fills it."""
    with call.reading() as connection:
        return WordList(entries=[*lists.read(connection).entries])


@operation(
    "PUT",
    "/v1/words",
    id="replaceWordList",
    tag="Words",
    scope="words:moderate",
    raises=(word_filter.BadEntry, word_filter.TooManyEntries),
    asked=ReplaceWordList(entries=["knave*"]),
    answer=WordList(entries=["knave*"]),
)
def replace_word_list(call: Call, body: ReplaceWordList) -> WordList:
    """Put another word list in the place of the platform's.

    A text with one of its words is held until the creator or a moderator has looked at it. Entries are found whatever
    their case and accents, with look-alikes, letters drawn out or spelt out; inside a longer word only with * at the
    end. It holds for what is written from now on.
    """
    with call.reading() as connection:
        return WordList(entries=[*lists.replace(connection, body.entries, call.actor, call.now).entries])


@operation(
    "GET",
    "/v1/users/{creator}/words",
    id="getCreatorWords",
    tag="Words",
    scope="words:read",
    owner="creator",
    raises=(people.UnknownUser,),
    answer=CreatorWords(entries=["spoiler"], review=False),
)
def get_creator_words(call: Call) -> CreatorWords:
    """Get a creator's own word list, and whether they review everything before others see it."""
    with call.reading() as connection:
        rule = lists.read(connection, people.find(connection, call.path["creator"]).id)
    return CreatorWords(entries=[*rule.entries], review=rule.review)


@operation(
    "PUT",
    "/v1/users/{creator}/words",
    id="replaceCreatorWords",
    tag="Words",
    scope="words:write",
    owner="creator",
    raises=(people.UnknownUser, word_filter.BadEntry, word_filter.TooManyEntries),
    asked=ReplaceCreatorWords(entries=["spoiler"], review=False),
    answer=CreatorWords(entries=["spoiler"], review=False),
)
def replace_creator_words(call: Call, body: ReplaceCreatorWords) -> CreatorWords:
    """Put another word list in the place of a creator's, and say whether they review everything.

    It works beside the platform's list, and holds for what is written from now on.
    """
    with call.reading() as connection:
        creator = people.find(connection, call.path["creator"]).id
        rule = lists.replace(connection, body.entries, call.actor, call.now, creator, review=body.review)
    return CreatorWords(entries=[*rule.entries], review=rule.review)


@operation(
    "GET",
    "/v1/users/{creator}/words-to-review",
    id="listWordsToReview",
    tag="Words",
    scope="words:read",
    owner="creator",
    raises=(people.UnknownUser,),
    answer=Page(data=[EXAMPLE]),
)
def list_words_to_review(call: Call, query: Paged) -> Page[WrittenWords]:
    """List what waits until somebody has looked at it, the oldest first: words beside gifts, and questions."""
    after = cursors.read(query.cursor, tuple[Instant, UUID])
    with call.reading() as connection:
        creator = people.find(connection, call.path["creator"]).id
        found = words.held(connection, creator, after, query.limit + 1)
    return cursors.page(found, query.limit, shown, lambda one: (one.at, one.id))


@operation(
    "POST",
    "/v1/users/{creator}/written/{id}/approve",
    id="approveWords",
    tag="Words",
    scope="words:write",
    owner="creator",
    raises=(people.UnknownUser, UnknownWords, ForModerators),
    answer=_SHOWN,
)
def approve_words(call: Call) -> WrittenWords:
    """Show words, or a question, to everybody who watches; an event of the feed brings them.

    What was reported, or hidden by a moderator, only an operator's key can show. It may be sent again.
    """
    with call.reading() as connection:
        moderator = call.caller.kind == "operator"
        return shown(words.approve(connection, *named(connection, call), call.actor, call.now, moderator=moderator))


@operation(
    "POST",
    "/v1/users/{creator}/written/{id}/hide",
    id="hideWords",
    tag="Words",
    scope="words:write",
    owner="creator",
    raises=(people.UnknownUser, UnknownWords),
    answer=_HIDDEN,
)
def hide_words(call: Call) -> WrittenWords:
    """Show words, or a question, to nobody any more; an event of the feed takes them back. It may be sent again."""
    with call.reading() as connection:
        moderator = call.caller.kind == "operator"
        return shown(words.hide(connection, *named(connection, call), call.actor, call.now, moderator=moderator))


@operation(
    "GET",
    "/v1/users/{creator}/blocked",
    id="listBlocked",
    tag="Words",
    scope="words:read",
    owner="creator",
    raises=(people.UnknownUser,),
    answer=Page(data=[BlockedViewer(viewer="mira", since=EXAMPLE_TIME)]),
)
def list_blocked(call: Call, query: Paged) -> Page[BlockedViewer]:
    """List the viewers whom a creator has blocked, the latest first."""
    before = cursors.read(query.cursor, tuple[Instant, Number])
    with call.reading() as connection:
        creator = people.find(connection, call.path["creator"]).id
        found = blocks.listed(connection, creator, before, query.limit + 1)
    return cursors.page(found, query.limit, _blocked, lambda one: (one.at, one.viewer))


@operation(
    "PUT",
    "/v1/users/{creator}/blocked/{viewer}",
    id="blockViewer",
    tag="Words",
    scope="words:write",
    owner="creator",
    status=204,
    raises=(people.UnknownUser, OwnBlock),
)
def block_viewer(call: Call) -> None:
    """Block a viewer for a creator: what they wrote is hidden, and what they write is seen by nobody.

    They may send gifts as before, and are not told; a question of theirs is refused. It may be sent again.
    """
    with call.reading() as connection:
        creator, viewer = (people.find(connection, call.path[name]).id for name in ("creator", "viewer"))
        blocks.block(connection, creator, viewer, call.actor, call.now)


@operation(
    "DELETE",
    "/v1/users/{creator}/blocked/{viewer}",
    id="unblockViewer",
    tag="Words",
    scope="words:write",
    owner="creator",
    status=204,
    raises=(people.UnknownUser,),
)
def unblock_viewer(call: Call) -> None:
    """Let a viewer be heard again. What was hidden stays hidden; one who is not blocked stays as they are."""
    with call.reading() as connection:
        creator, viewer = (people.find(connection, call.path[name]).id for name in ("creator", "viewer"))
        blocks.unblock(connection, creator, viewer)


def named(connection: Connection, call: Call) -> tuple[int, UUID]:
    """The creator by our id and the words that the path names. Raises UnknownUser and UnknownWords."""
    creator = people.find(connection, call.path["creator"]).id
    try:
        return creator, UUID(call.path["id"])
    except ValueError:
        raise UnknownWords(id=repr(call.path["id"])[:60]) from None


def shown(one: Words) -> WrittenWords:
    """Words on the wire."""
    return WrittenWords(
        id=str(one.id),
        author=one.author,
        text=one.text,
        at=one.at,
        stream=one.where.id if one.where.kind == places.STREAM else None,
        post=one.where.id if one.where.kind == places.POST else None,
        gift=None if one.gift is None else str(one.gift),
        standing=one.standing,
        reason=one.reason,
        reports=[*one.reports],
    )


def _blocked(one: blocks.Block) -> BlockedViewer:
    return BlockedViewer(viewer=one.name, since=one.at)
