"""Questions over HTTP: asked in a stream, listed, answered; hidden and reported as all words are (`words.py`)."""

from typing import Final
from uuid import UUID

from riviere.audience import questions
from riviere.economy import checks, people, places
from riviere.http import cursors
from riviere.http.acting import NoActor, acting
from riviere.http.cursors import Instant
from riviere.http.operation import EXAMPLE_TIME, Answered, Call, operation
from riviere.ledger.refusals import KeyReused
from riviere.wire.common import Page
from riviere.wire.questions import AddVoice, AskQuestion, Question, QuestionsQuery

_ASKED: Final = Question(
    id="5b0c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10",
    creator="aurora",
    stream="live",
    asker="mira",
    text="What is the next song?",
    asked_at=EXAMPLE_TIME,
    answered_at=None,
    voices=4,
    standing="shown",
)


@operation(
    "POST",
    "/v1/users/{creator}/streams/{stream}/questions",
    id="askQuestion",
    tag="Questions",
    scope="questions:write",
    keyed=True,
    status=201,
    again=200,
    raises=(
        people.UnknownUser,
        places.UnknownPlace,
        places.StreamEnded,
        checks.BadText,
        KeyReused,
        NoActor,
        questions.AskedJustNow,
        questions.TakesNoQuestion,
    ),
    asked=AskQuestion(text="What is the next song?", asker="mira"),
    answer=_ASKED,
)
def ask_question(call: Call, body: AskQuestion) -> Answered[Question]:
    """Ask the creator of a stream.

    `standing` says whether others see it: one with a listed word, or to a creator who reviews everything, is held
    first. A viewer asks a creator one question in 30 seconds. The same key with the same text asks nothing more.
    """
    with call.reading() as connection:
        creator = people.find(connection, call.path["creator"]).id
        asker = people.find(connection, acting(call, body.asker, "asker")).id
        place = places.find(connection, creator, places.STREAM, call.path["stream"])
        asked, again = questions.ask(connection, place, asker, body.text, call.key, call.now)
    return Answered(_question(asked), 200 if again else 201)


@operation(
    "GET",
    "/v1/users/{creator}/streams/{stream}/questions",
    id="listQuestions",
    tag="Questions",
    scope="questions:read",
    raises=(people.UnknownUser, places.UnknownPlace),
    answer=Page(data=[_ASKED]),
)
def list_questions(call: Call, query: QuestionsQuery) -> Page[Question]:
    """List the questions of a stream that everybody sees, in the order in which they were asked.

    What is held is in the creator's list of words to review.
    """
    after = cursors.read(query.cursor, tuple[Instant, UUID])
    with call.reading() as connection:
        creator = people.find(connection, call.path["creator"]).id
        place = places.find(connection, creator, places.STREAM, call.path["stream"])
        found = questions.listed(connection, place, after, query.limit + 1, answered=query.answered)
    return cursors.page(found, query.limit, _question, lambda one: (one.asked_at, one.id))


@operation(
    "GET",
    "/v1/users/{creator}/questions/{id}",
    id="getQuestion",
    tag="Questions",
    scope="questions:read",
    raises=(people.UnknownUser, questions.UnknownQuestion),
    answer=_ASKED,
)
def get_question(call: Call) -> Question:
    """Get a question that everybody sees."""
    with call.reading() as connection:
        creator = people.find(connection, call.path["creator"]).id
        return _question(questions.find(connection, creator, _id(call)))


@operation(
    "POST",
    "/v1/users/{creator}/questions/{id}/answer",
    id="answerQuestion",
    tag="Questions",
    scope="questions:write",
    owner="creator",
    raises=(people.UnknownUser, questions.UnknownQuestion),
    answer=Question(
        id=_ASKED.id,
        creator="aurora",
        stream="live",
        asker="mira",
        text=_ASKED.text,
        asked_at=EXAMPLE_TIME,
        answered_at=EXAMPLE_TIME,
        voices=4,
        standing="shown",
    ),
)
def answer_question(call: Call) -> Question:
    """Mark a question as answered. It may be sent again."""
    with call.reading() as connection:
        creator = people.find(connection, call.path["creator"]).id
        return _question(questions.answer(connection, creator, _id(call), call.now))


@operation(
    "POST",
    "/v1/users/{creator}/questions/{id}/voices",
    id="addVoice",
    tag="Questions",
    scope="questions:write",
    raises=(people.UnknownUser, questions.UnknownQuestion, NoActor),
    asked=AddVoice(viewer="jo"),
    answer=_ASKED,
)
def add_voice(call: Call, body: AddVoice) -> Question:
    """Say that a viewer wants to know the same. Each viewer counts once, however often it is sent."""
    with call.reading() as connection:
        creator = people.find(connection, call.path["creator"]).id
        viewer = people.find(connection, acting(call, body.viewer, "viewer")).id
        return _question(questions.add_voice(connection, creator, _id(call), viewer))


def _id(call: Call) -> UUID:
    try:
        return UUID(call.path["id"])
    except ValueError:
        raise questions.UnknownQuestion(id=repr(call.path["id"])[:60]) from None


def _question(one: questions.Question) -> Question:
    return Question(
        id=str(one.id),
        creator=one.where.creator,
        stream=one.where.id,
        asker=one.asker,
        text=one.text,
        asked_at=one.asked_at,
        answered_at=one.answered_at,
        voices=one.voices,
        standing=one.standing,
    )
