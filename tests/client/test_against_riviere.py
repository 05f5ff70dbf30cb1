"""Both clients against a real Riviere: what a platform's back end does with them in a day."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from broken_server import Kind
from front import Front

from riviere.access import keys, token_keys
from riviere.access.scopes import SCOPES
from riviere.client import ProblemError, tokens
from riviere.ledger import proof
from riviere.wire.common import Paged
from riviere.wire.gifts import BulkGift, Gift, SendGift
from riviere.wire.places import StartStream
from riviere.wire.purchases import BuyPack
from riviere.wire.statements import StatementQuery
from riviere.wire.users import ChangeUser, RegisterUser
from riviere.wire.wallets import BalanceQuery

Ask = Callable[..., Any]


@pytest.fixture
def ask(front: Front, kind: Kind) -> Ask:
    """Asks the server something, with a key that opens everything unless another one is given."""
    _, text = keys.create(front.connection, "back end", SCOPES, by="tests", now=front.now)
    return lambda question, key=text: kind.tell(front.url, question, key)


def rose(**how: Any) -> SendGift:
    return SendGift(**{"sender": "mira", "creator": "aurora", "gift": "rose", "stream": "live"} | how)


def test_from_nobody_there_to_a_gift(front: Front, ask: Ask) -> None:
    pack = front.pack(700, bonus=20)
    assert ask(lambda riviere: riviere.register_user(RegisterUser(id="mira", region="NO"))).region == "NO"
    assert ask(lambda riviere: riviere.change_user("mira", ChangeUser(level=3))).level == 3
    assert ask(lambda riviere: riviere.get_user("mira")).region == "NO"
    ask(lambda riviere: riviere.register_user(RegisterUser(id="aurora")))
    assert ask(lambda riviere: riviere.start_stream(StartStream(creator="aurora", id="live"))).ended_at is None
    bought = ask(lambda riviere: riviere.buy_pack("mira", BuyPack(pack=pack, card="card-ok"), key="order 1"))
    assert (bought.coins, bought.bonus, bought.repeated) == (700, 20, False)
    sent = ask(lambda riviere: riviere.send_gift(rose(gift="comet"), key="message 1"))
    assert isinstance(sent, Gift)
    again = ask(lambda riviere: riviere.send_gift(rose(gift="comet"), key="message 1"))
    assert (again.id, again.repeated) == (sent.id, True)
    wallet = ask(lambda riviere: riviere.get_wallet("mira"))
    assert (wallet.coins, wallet.bonus) == (421, 0)
    assert ask(lambda riviere: riviere.get_earnings("aurora")).data[0].diamonds == sent.diamonds
    assert [piece.coins for piece in ask(lambda riviere: riviere.get_provenance("mira", "message 1")).pieces] == [
        20,
        279,
    ]
    undone = ask(lambda riviere: riviere.reverse_gift("mira", "message 1"))
    assert (undone.coins, undone.bonus) == (279, 20)
    assert ask(lambda riviere: riviere.end_stream("aurora", "live")).ended_at is not None
    ask(lambda riviere: riviere.forget_user("mira"))
    with pytest.raises(ProblemError, match="mira") as nobody:
        ask(lambda riviere: riviere.get_user("mira"))
    assert nobody.value.code == "unknown_user"


@pytest.fixture
def stage(front: Front) -> Front:
    """Mira has 700 coins and aurora is live; some names are hard to write into an address."""
    for name in ("mira", "a/b ?#é"):
        front.viewer(name)
    front.creator("aurora")
    front.buy("mira", 700)
    front.buy("a/b ?#é", 100)
    return front


def test_a_list_is_read_to_its_end_or_a_page_at_a_time(stage: Front, ask: Ask) -> None:
    for number in range(7):
        stage.give("mira", "aurora", key=f"g{number}")
    every = ask(lambda riviere: riviere.list_gifts("mira", Paged(limit=2)))
    assert len({gift.id for gift in every}) == len(every) == 7
    page = ask(lambda riviere: riviere.list_gifts("mira", Paged(limit=5)).page())
    assert [gift.id for gift in page.data] == [gift.id for gift in every[:5]]
    rest = ask(lambda riviere: riviere.list_gifts("mira", Paged(limit=5, cursor=page.next)))
    assert [gift.id for gift in rest] == [gift.id for gift in every[5:]]


def test_names_are_names_whatever_is_in_them(stage: Front, ask: Ask) -> None:
    odd = "a/b ?#é"
    assert ask(lambda riviere: riviere.get_wallet(odd)).coins == 100
    ask(lambda riviere: riviere.send_gift(rose(sender=odd), key="m/1?"))
    assert ask(lambda riviere: riviere.get_gift(odd, "m/1?")).coins == 1


def test_many_gifts_go_in_several_requests_and_the_wrong_ones_stop_nobody(
    stage: Front, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riviere.client.calls.gifts.BATCH", 40)
    codes = ["nothing" if number == 50 else "rose" for number in range(100)]
    gifts = [
        BulkGift(key=f"b{number}", sender="mira", creator="aurora", stream="live", gift=code)
        for number, code in enumerate(codes)
    ]
    for repeated in (False, True):
        answers = ask(lambda riviere: riviere.send_gifts(gifts))
        assert [answer.line for answer in answers] == list(range(1, 101))
        assert {answer.line: answer.problem.code for answer in answers if answer.problem} == {51: "unknown_gift"}
        assert {answer.gift.repeated for answer in answers if answer.gift} == {repeated}
    assert ask(lambda riviere: riviere.get_wallet("mira")).coins == 601


def test_what_is_refused_says_why_and_stays_refused(stage: Front, ask: Ask) -> None:
    with pytest.raises(ProblemError, match="costs 2990") as refused:
        ask(lambda riviere: riviere.send_gift(rose(gift="comet", count=10), key="too much"))
    wrong = refused.value
    assert (wrong.status, wrong.code, wrong.key) == (409, "not_enough_coins", "too much")
    with pytest.raises(ProblemError) as stranger:
        ask(lambda riviere: riviere.get_wallet("mira"), key="rvk_nobody")
    assert stranger.value.status == 401


def test_a_user_speaks_for_themselves_only(stage: Front, ask: Ask) -> None:
    private, public = token_keys.new_pair("login")
    token_keys.register(stage.connection, public, by="tests", now=stage.now)
    token = tokens.sign(private, "mira", now=stage.now)
    assert ask(lambda riviere: riviere.get_me(), token).name == "mira"
    sent = ask(lambda riviere: riviere.send_gift(SendGift(creator="aurora", gift="rose", stream="live")), token)
    assert sent.sender == "mira"
    with pytest.raises(ProblemError) as other:
        ask(lambda riviere: riviere.get_wallet("aurora"), token)
    assert other.value.status == 404


def test_a_statement_is_one_that_an_outsider_can_check(stage: Front, ask: Ask) -> None:
    stage.give("mira", "aurora", "comet")
    assert stage.wrong() == []
    query = StatementQuery(since=stage.now - timedelta(days=1), account="diamonds")
    document = ask(lambda riviere: riviere.get_statement("aurora", query))
    assert proof.problems(document, stage.signer.public_key) == []
    assert len(document.lines) == 1


def test_balances_of_the_past_and_the_server_itself(stage: Front, ask: Ask) -> None:
    before = BalanceQuery(account="coins", at=stage.now - timedelta(hours=1))
    assert ask(lambda riviere: riviere.get_balance("mira", before)).balance == "0"
    assert ask(lambda riviere: riviere.get_health()).status == "ok"
    assert ask(lambda riviere: riviere.get_readiness()).status == "ready"
    assert "riviere_requests_total" in ask(lambda riviere: riviere.get_metrics())
    assert ask(lambda riviere: riviere.get_picture("rose")).startswith("<svg")
    assert [gift.code for gift in ask(lambda riviere: riviere.list_catalogue())][:2] == ["rose", "jasmine"]
