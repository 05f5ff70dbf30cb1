"""Who may do what: every operation, every kind of caller, one's own objects and somebody else's.

The table is what was decided, written down by hand; the rows of the API must agree with it, and the server with both.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import httpx2
import pytest
from front import Front, problem

from riviere.access.scopes import ROLES, SCOPES
from riviere.http import app
from riviere.http.operation import ANY, OPERATIONS, Operation
from riviere.ids import client_id
from riviere.wire.feed import EVENT_STREAM

#: Operation, scope, which operators may (Admin, Finance, Trust, aUditor), and what a user's own token is good for:
#: "own" objects only (somebody else's are not there), "all" alike, or none.
TABLE = """
quoteRedemption              redemptions:write    A     own
getWorth                     redemptions:read     AFTU  own
requestRedemption            redemptions:write    A     own
listRedemptions              redemptions:read     AFTU  own
getRedemption                redemptions:read     AFTU  own
cancelRedemption             redemptions:write    A     own
payAgain                     redemptions:write    A     own
listRedemptionsToReview      redemptions:review   AF    none
countWaitingRedemptions      redemptions:all      AFTU  none
listEverybodysRedemptions    redemptions:all      AFTU  none
getAnybodysRedemption        redemptions:all      AFTU  none
approveRedemption            redemptions:review   AF    none
rejectRedemption             redemptions:review   AF    none
payAgainAsOperator           redemptions:review   AF    none
attendToRedemption           redemptions:review   AF    none
endUnpaidRedemption          redemptions:review   AF    none
makeKey                      keys:write           A     none
listKeys                     keys:read            AU    none
revokeKey                    keys:write           A     none
addOperator                  keys:write           A     none
listOperators                keys:read            AU    none
changeOperator               keys:write           A     none
disableOperator              keys:write           A     none
makeOperatorLink             keys:write           A     none
listOperatorChanges          keys:read            AU    none
makeSignInLink               sessions:write       A     none
registerTokenKey             keys:write           A     none
listTokenKeys                keys:read            AU    none
retireTokenKey               keys:write           A     none
sendGift                     gifts:write          A     all
getGift                      gifts:read           AFTU  own
listGifts                    gifts:read           AFTU  own
reverseGift                  gifts:reverse        AT    none
getProvenance                gifts:read           AFTU  own
getAccountEntry              wallets:read         AFTU  own
getEntry                     wallets:read         AFTU  own
getEntryProvenance           gifts:read           AFTU  own
reverseEntry                 gifts:reverse        AT    none
sendGifts                    gifts:write          A     all
listCatalogue                catalogue:read       AFTU  all
listEveryVersion             catalogue:read       AFTU  all
listEveryPack                catalogue:read       AFTU  all
addGift                      catalogue:write      A     none
listVersions                 catalogue:read       AFTU  all
addVersion                   catalogue:write      A     none
retireGift                   catalogue:write      A     none
getPicture                   catalogue:read       AFTU  all
listPacks                    catalogue:read       AFTU  all
addPack                      catalogue:write      A     none
retirePack                   catalogue:write      A     none
getEarnings                  earnings:read        AFU   own
getIncome                    earnings:read        AFU   own
listEarnings                 earnings:all         AFU   none
getHealth                    nobody-asks          AFTU  all
getReadiness                 nobody-asks          AFTU  all
getMetrics                   ledger:read          AFU   none
setPayoutMethod              redemptions:write    A     own
getPayoutMethod              redemptions:read     AFTU  own
setIdentity                  identity:write       AT    none
getIdentity                  redemptions:read     AFTU  own
setStanding                  identity:write       AT    none
getStanding                  redemptions:read     AFTU  own
startStream                  places:write         A     none
listLiveStreams              places:read          ATU   all
listStreams                  places:read          ATU   all
setStreamPoster              posters:write        A     own
setPostPoster                posters:write        A     own
getStream                    places:read          ATU   all
endStream                    places:write         A     none
addPost                      places:write         A     none
getPost                      places:read          ATU   all
followStream                 feed:read            ATU   all
followPost                   feed:read            ATU   all
followCreator                feed:read            ATU   all
getWordList                  words:moderate       AT    none
replaceWordList              words:moderate       AT    none
getCreatorWords              words:read           ATU   own
replaceCreatorWords          words:write          AT    own
listWordsToReview            words:read           ATU   own
approveWords                 words:write          AT    own
hideWords                    words:write          AT    own
reportWords                  words:write          AT    all
listReports                  words:moderate       AT    none
countReports                 words:moderate       AT    none
getReports                   words:moderate       AT    none
dismissReports               words:moderate       AT    none
upholdReports                words:moderate       AT    none
listBlocked                  words:read           ATU   own
blockViewer                  words:write          AT    own
unblockViewer                words:write          AT    own
askQuestion                  questions:write      A     all
listQuestions                questions:read       ATU   all
getQuestion                  questions:read       ATU   all
answerQuestion               questions:write      A     own
addVoice                     questions:write      A     all
announceStream               announcements:write  A     own
listAnnouncements            announcements:read   ATU   all
getAnnouncement              announcements:read   ATU   all
changeAnnouncement           announcements:write  A     own
cancelAnnouncement           announcements:write  A     own
listReminders                announcements:read   ATU   own
askReminder                  announcements:write  A     own
withdrawReminder             announcements:write  A     own
openGoal                     boards:write         A     own
listGoals                    boards:read          ATU   all
getGoal                      boards:read          ATU   all
closeGoal                    boards:write         A     own
listSupporters               boards:read          ATU   all
listStreamSupporters         boards:read          ATU   all
getSupporter                 boards:read          ATU   own
getSupporting                boards:read          ATU   own
inviteToContest              boards:write         A     own
listContests                 boards:read          ATU   all
getContest                   boards:read          ATU   all
acceptContest                boards:write         A     own
declineContest               boards:write         A     own
cancelContest                boards:write         A     own
makeOverlay                  overlays:write       A     own
listOverlays                 overlays:read        AU    own
getOverlay                   overlays:read        AU    own
changeOverlay                overlays:write       A     own
replaceOverlaySecret         overlays:write       A     own
revokeOverlay                overlays:write       A     own
testOverlay                  overlays:write       A     own
getWidgetCode                overlays:read        AU    own
setWidgetCode                overlays:write       A     own
listPolicies                 policies:read        AFTU  all
announcePolicy               policies:write       AF    none
buyPack                      purchases:write      A     own
listPurchases                purchases:read       AFTU  own
getPurchase                  purchases:read       AFTU  own
startCheckout                purchases:write      A     own
getCheckout                  purchases:read       AFTU  own
cancelCheckout               purchases:write      A     own
receiveStripeEvent           nobody-asks          AFTU  all
listProviderEvents           ledger:read          AFU   none
getRefundable                purchases:read       AFTU  own
askRefund                    purchases:write      A     own
listRefunds                  purchases:read       AFTU  own
getRefund                    purchases:read       AFTU  own
getSpending                  purchases:read       AFTU  own
setSpendingLimit             purchases:write      A     own
getStatement                 statements:read      AFU   own
registerUser                 users:write          AT    none
getUser                      users:read           AFTU  own
changeUser                   users:write          AT    none
forgetUser                   users:write          AT    none
getMe                        any                  AFTU  all
getVerification              ledger:read          AFU   none
startVerification            ledger:read          AFU   none
getVerificationProgress      ledger:read          AFU   none
listImports                  ledger:read          AFU   none
getLastHead                  ledger:read          AFU   none
getWallet                    wallets:read         AFTU  own
getBalance                   wallets:read         AFTU  own
explainEntry                 wallets:read         AFTU  own
listEntries                  wallets:read         AFTU  own
addWebhook                   webhooks:write       A     none
listWebhooks                 webhooks:read        AU    none
getWebhook                   webhooks:read        AU    none
changeWebhook                webhooks:write       A     none
removeWebhook                webhooks:write       A     none
rotateWebhookSecret          webhooks:write       A     none
testWebhook                  webhooks:write       A     none
replayWebhook                webhooks:write       A     none
listDeliveries               webhooks:read        AU    none
getDelivery                  webhooks:read        AU    none
replayDelivery               webhooks:write       A     none
skipDelivery                 webhooks:write       A     none
"""

LETTERS = {"A": "admin", "F": "finance", "T": "trust", "U": "auditor"}


class Row(NamedTuple):
    """What was decided about one operation."""

    scope: str
    roles: str
    user: str


DECIDED = {name: Row(*rest) for name, *rest in (line.split() for line in TABLE.strip().splitlines())}


def test_every_operation_is_in_the_table_and_nothing_else() -> None:
    assert app.AREAS
    assert set(DECIDED) == {operation.id for operation in OPERATIONS}
    assert set(LETTERS.values()) == set(ROLES)


def test_the_operations_say_what_was_decided() -> None:
    for operation in OPERATIONS:
        decided = DECIDED[operation.id]
        assert decided.scope == (operation.scope or "nobody-asks"), operation.id
        if decided.user == "own":
            assert operation.owner, f"{operation.id} does not say whose objects these are"


def test_everybody_is_let_in_or_turned_away_as_decided(front: Front) -> None:
    for name in ("mira", "sol"):
        front.creator(name)
    callers = dict(_callers(front))
    wrong = []
    for operation in OPERATIONS:
        decided = DECIDED[operation.id]
        for who, client in [*callers.items(), *_with_scope(front, operation)]:
            for whose in ("mira", "sol") if "{user}" in operation.path or "{creator}" in operation.path else ("mira",):
                expected = _expected(operation, decided, who, whose)
                got = _tried(client, operation, whose)
                if got != expected:
                    wrong.append(f"{operation.id} of {whose} by {who}: {got}, expected {expected}")
    assert not wrong, "\n".join(wrong)


def _callers(front: Front) -> Iterator[tuple[str, httpx2.Client]]:
    yield "stranger", front.stranger()
    yield "mira", front.as_user("mira")
    for letter, role in LETTERS.items():
        yield letter, front.as_operator(role)


def _with_scope(front: Front, operation: Operation) -> Iterator[tuple[str, httpx2.Client]]:
    """A back end with this one scope, and one with every other."""
    if operation.scope in SCOPES:
        yield "right scope", front.client(operation.scope)
        yield "every other scope", front.client(*(SCOPES.keys() - {operation.scope}))


def _expected(operation: Operation, decided: Row, who: str, whose: str) -> str:
    if operation.scope is None:
        return "let in"
    if who == "stranger":
        return "401"
    if who == "right scope" or decided.scope == ANY:
        return "let in"
    if who in LETTERS:
        return "let in" if who in decided.roles else "403"
    if who == "mira":
        own = {"own": "let in" if whose == "mira" else "404", "all": "let in", "none": "403"}
        return own[decided.user]
    return "403"


def _address(operation: Operation, whose: str) -> str:
    path = operation.path
    for name in re.findall(r"{(\w+)}", path):
        path = path.replace(f"{{{name}}}", whose if name in ("user", "creator") else "x")
    return path


def _tried(client: httpx2.Client, operation: Operation, whose: str) -> str:
    """Asks without a body or a key: who is let in is told about those, or about what is not there."""
    with client.stream(operation.method, _address(operation, whose)) as answer:
        # A feed that is let in has no end.
        if answer.headers.get("content-type") != EVENT_STREAM:
            answer.read()
    assert answer.status_code < 500, operation.id
    # Nobody gives more than they have: that is said to who may give at all.
    if answer.status_code in (401, 403) and answer.json()["code"] != "beyond_giver":
        return str(answer.status_code)
    if answer.status_code == 404 and answer.json()["code"] == "not_found":
        return "404"
    return "let in"


def test_no_object_of_one_user_is_there_for_another(front: Front, subtests: pytest.Subtests) -> None:
    """Also where the other's object is named under one's own address, or in a body."""
    theirs = _objects_of_sol(front)
    sol, mira = front.as_user("sol"), front.as_user("mira")
    for method, path, body, code in _asked_for(theirs):
        with subtests.test(method=method, path=path, body=body):
            headers = {"Idempotency-Key": front.key()}
            mine, others = path.replace("{me}", "mira"), path.replace("{me}", "sol")
            with front.nothing_moves():
                problem(mira.request(method, mine, json=body, headers=headers), 404, code)
                if others != mine:
                    problem(mira.request(method, others, json=body, headers=headers), 404, "not_found")
            answer = sol.request(method, others, json=body, headers=headers)
            assert answer.status_code in (200, 201), answer.text


def _objects_of_sol(front: Front) -> dict[str, str]:
    """A gift, a purchase, a quote and a redemption in review, of somebody who has enough of everything."""
    for name in ("mira", "sol"):
        front.creator(name)
        front.buy(name, 30_000, key=f"pack of {name}")
    front.give("sol", "mira", "comet", key="comet of sol")
    for name in ("mira", "sol"):
        front.give("sol" if name == "mira" else "mira", name, "rose", 25_000)
    front.later(days=8)
    backend = front.client("identity:write", "policies:write")
    said = [backend.put(f"/v1/users/{name}/identity", json={"state": "verified"}) for name in ("mira", "sol")]
    said.append(backend.post("/v1/policies", json={"name": "review_over", "scope": "USD", "amount": "1"}))
    sol = front.as_user("sol")
    receiver = {"method": "paypal", "currency": "USD", "receiver": "sol@example.com"}
    said.append(sol.put("/v1/users/sol/payout-method", json=receiver))
    quotes = [sol.post("/v1/users/sol/quotes", json={"diamonds": "10000"}) for _ in range(2)]
    asked = {"quote": quotes[0].json()["id"]}
    redemption = sol.post("/v1/users/sol/redemptions", json=asked, headers={"Idempotency-Key": "first of sol"})
    for answer in (*said, *quotes, redemption):
        assert answer.status_code in (200, 201), answer.text
    return {"quote": quotes[1].json()["id"], "redemption": redemption.json()["id"]}


def _asked_for(theirs: dict[str, str]) -> Iterator[tuple[str, str, dict[str, str] | None, str]]:
    """What only sol may do, and what mira is told who tries it: at her own address {me}, or in sol's name."""
    yield "GET", "/v1/users/{me}/gifts/comet of sol", None, "unknown_entry"
    yield "GET", "/v1/users/{me}/gifts/comet of sol/provenance", None, "unknown_entry"
    yield "GET", "/v1/users/{me}/purchases/pack of sol", None, "unknown_purchase"
    purchase = str(client_id("pack of sol"))
    yield "GET", f"/v1/users/{{me}}/refundable?purchase={purchase}", None, "unknown_entry"
    yield "GET", f"/v1/users/{{me}}/redemptions/{theirs['redemption']}", None, "unknown_redemption"
    why = {"reason": "mine"}
    yield "POST", f"/v1/users/{{me}}/redemptions/{theirs['redemption']}/cancel", why, "unknown_redemption"
    yield "POST", "/v1/users/{me}/redemptions", {"quote": theirs["quote"]}, "unknown_quote"
    rose = {"gift": "rose", "stream": "live"}
    yield "POST", "/v1/gifts", {"sender": "sol", "creator": "mira", **rose}, "unknown_user"
    yield "POST", "/v1/users/{me}/refunds", {"purchase": purchase}, "unknown_entry"


def test_a_line_in_somebody_elses_name_is_not_booked(front: Front) -> None:
    for name in ("mira", "sol"):
        front.creator(name)
        front.buy(name, 70)
    rose = {"creator": "sol", "gift": "rose", "stream": "live"}
    lines = [{"key": "a", **rose}, {"key": "b", "sender": "sol", **rose, "creator": "mira"}]
    content = "\n".join(json.dumps(line) for line in lines)
    headers = {"Content-Type": "application/x-ndjson"}
    answers = front.as_user("mira").post("/v1/gifts/bulk", content=content, headers=headers).text.splitlines()
    assert [json.loads(line)["status"] for line in answers] == [200, 404]
    assert json.loads(answers[1])["problem"]["code"] == "unknown_user"
    assert front.wallet("sol").coins == 70
    assert front.wallet("mira").coins == 69


def test_what_is_another_users_cannot_be_told_from_what_is_not_there(front: Front) -> None:
    """An answer that differed would say who has an account here."""
    front.creator("mira")
    front.creator("sol")
    mira = front.as_user("mira")
    for operation in OPERATIONS:
        if operation.owner and DECIDED[operation.id].user == "own":
            answers = [mira.request(operation.method, _address(operation, whose)) for whose in ("sol", "nobody")]
            told = [problem(answer, 404, "not_found") for answer in answers]
            assert told[0].detail == told[1].detail, operation.id


def test_an_operators_keys_do_what_the_role_of_the_moment_allows(front: Front) -> None:
    admin, kim = front.as_operator("admin"), front.as_operator("finance", "kim")
    assert kim.get("/v1/redemptions").status_code == 200
    admin.patch("/v1/operators/kim", json={"role": "admin"})
    front.later(seconds=6)
    problem(kim.post("/v1/streams", json={"creator": "mira", "id": "live"}), 403, "scope_too_small")
    admin.patch("/v1/operators/kim", json={"role": "auditor"})
    front.later(seconds=6)
    problem(kim.get("/v1/redemptions"), 403, "scope_too_small")


def test_a_token_may_ask_for_less_than_its_user_may(front: Front) -> None:
    front.creator("mira")
    narrow = front.stranger()
    narrow.headers["Authorization"] = f"Bearer {front.token('mira', scope='wallets:read policies:write')}"
    assert narrow.get("/v1/me").json()["scopes"] == ["wallets:read"]
    assert narrow.get("/v1/users/mira/wallet").status_code == 200
    problem(narrow.get("/v1/users/mira/purchases"), 403, "scope_too_small")
    problem(narrow.post("/v1/policies", json={}), 403, "scope_too_small")
