"""That the law in the database is the law of the program, and that nobody may quietly step around it."""

from riviere.database.migrate import Applied, missing, shipped
from riviere.errors import RiviereError
from riviere.ledger.law import KINDS, ROUTES, impossible
from riviere.ledger.verify.model import SQL, Found, Look, find

Rows = set[tuple[object, ...]]

#: Tables whose rows are written once.
WRITTEN_ONCE = (
    "backing",
    "batch",
    "charge",
    "claw",
    "entry",
    "gift",
    "head",
    "hole",
    "identity",
    "import",
    "operator_change",
    "origin",
    "quote",
    "redemption_step",
    "standing",
    "undoing",
)

#: What holds each table: its checks, exclusions, keys and references, without the table's name before each.
CONSTRAINTS = {
    "account": "credits_check debits_check floor kind_check pkey seq_check turn_check",
    "announcement": "body_check pkey title_check",
    "anonymous_gift": "pkey",
    "api_key": "check check1 digest_check id_check name_check operator_fkey pkey scopes_check",
    "attempt": "answer_check ms_check number_check pkey status_check",
    "backing": "import_fkey pkey",
    "batch": "count_check hash_check number_check pkey previous_check root_check salt_check",
    "blocked": "blocked_by_check pkey",
    "charge": "amount_check pkey reference_check",
    "checkout": (
        "bonus_check bonus_days_check coins_check currency_check ended pkey price_check reference_check state_check "
        "tries_check"
    ),
    "claw": "check diamonds_check k_check pkey",
    "combo_mark": "pkey singleton_check",
    "contest": "check pkey state_check title_check",
    "contest_side": "pkey score_check seat_check",
    "delivery": "body_check done pkey state_check tries_check",
    "earning": "check pkey unbacked_check",
    "endpoint": "description_check kinds_check pkey state_check url_check",
    "endpoint_secret": "endpoint_fkey pkey secret_check",
    "entry": (
        "bonus_expires count_check credit_amount_check credit_side currency currency_check debit_amount_check "
        "debit_side gift law leg_check message_check pkey redemption refund users"
    ),
    "gift": "code_check code_key name_check pkey",
    "gift_version": "coins_check during_check gift_fkey overlap pkey unlock_level_check",
    "goal": "pkey progress_check target_check title_check",
    "head": "facts_check hash_check number_check pkey previous_check public_key_check root_check signature_check",
    "hole": "check k_check pkey",
    "identity": "actor_check number_check pkey reason_check state_check",
    "import": "format_first_record_key pkey policy_fkey",
    "journal_cursor": "batch_check pkey",
    "kind": "asset_check check floor_check name_key pkey",
    "lane": "failures_check pkey",
    "leaderboard": "pkey",
    "message": "body_check pkey salt_check",
    "migration": "number_check pkey",
    "notice": "data_check kind_check number_check pkey",
    "notice_board": "last_check pkey",
    "operator": "name_check pkey role_check",
    "operator_change": "by_check number_check operator_fkey pkey",
    "origin": "check k_check pkey",
    "outbox": "data_check kind_check pkey",
    "overlay": (
        "least_check name_check pkey seconds_check shown_ahead_check shown_entry_check shown_notice_check widget_check"
    ),
    "overlay_code": "css_check fields_check html_check js_check pkey",
    "overlay_secret": "digest_check opens_check pkey",
    "pack": (
        "bonus_check bonus_days_check code_check coins_check currency_check during_check overlap pkey price_check"
    ),
    "payout": "attempt_check pkey reference_check",
    "payout_method": "actor_check currency_check method_check number_check pkey receiver_check",
    "person": "external_id_check pkey seal_check",
    "place": "check creator_kind_external_id_key external_id_check id_check kind_check pkey seal_check",
    "policy": "amount_check check check1 during_check name_check overlap pkey share_check",
    "poster": "pkey player_check title_check",
    "provider_event": "id_check pkey reason reason_check state_check type_check",
    "question": "body_check pkey",
    "question_turn": "pkey",
    "question_voice": "pkey",
    "quote": "asked_check check currency_check expires fee_check gross_check id_check pkey",
    "redemption": "booking booking_check check payable payments_check pkey state_check step_check tries_check",
    "redemption_step": "actor_check number_check pkey reason_check",
    "refund": (
        "amount_check amounts asked_check bonus_check charge_check coins_check currency_check ended pkey "
        "processor_check reason reason_check reference_check state_check tries_check"
    ),
    "reminder": "pkey",
    "revision": "name_check number_check pkey",
    "route": "creator_side_check name_key owner_is_check pays_fkey pkey receives_fkey",
    "running_combo": "pkey",
    "session": "check check1 digest_check pkey",
    "sign_in_link": "check check1 digest_check made_by_check pkey",
    "spending_hold": "amount_check currency_check pkey",
    "spending_limit": "amount_check check currency_check number_check pkey set_by_check span_check",
    "standing": "actor_check number_check pkey reason_check state_check",
    "subject": "name_check number_check pkey",
    "support": "axis_check pkey",
    "support_mark": "given_check pkey undone_check",
    "tally": "axis_check pkey",
    "tally_cursor": "batch_check pkey",
    "tally_mark": "kind_check pkey seq_check",
    "token_key": "algorithm_check check issuer_check jwk_check kid_check pkey thumbprint_key",
    "undoing": "actor_check pkey reason_check",
    "users": "id_check level_check pkey region_check seal_check",
    "word_rule": "changed_by_check creator_check entries_check pkey",
    "words": "check check1 decided_by_check pkey reason_check standing_check",
    "words_report": "check decided_by_check outcome_check pkey reason_check",
    "writer": "hash_check id_check pkey",
}


def law(look: Look) -> Found:
    """The tables of kinds and routes are those of riviere.ledger.law, and every entry keeps to its route."""
    run = look.connection.execute
    kinds: Rows = {(kind.value, law.name, law.asset, law.floor) for kind, law in KINDS.items()}
    routes: Rows = {
        (route.value, law.name, law.pays.value, law.receives.value, law.owner, law.creator)
        for route, law in ROUTES.items()
    }
    wrong = [
        *(f"the law allows what may never be: {broken}" for broken in impossible()),
        *_differences("kind", kinds, set(run(SQL["list_kinds"]))),
        *_differences("route", routes, set(run(SQL["list_routes"]))),
    ]
    found = find(
        look,
        f"{len(kinds)} kinds and {len(routes)} routes as in the law; every entry has the kinds and users of its route",
        SQL["lawless_entries"],
    )
    return Found(found.rows + len(kinds) + len(routes), wrong[0] if wrong else found.problem, found.detail)


def _differences(table: str, expected: Rows, there: Rows) -> list[str]:
    return [f"table {table} lacks {row}" for row in sorted(expected - there, key=repr)] + [
        f"table {table} has {row}, which is not the law" for row in sorted(there - expected, key=repr)
    ]


def roles(look: Look) -> Found:
    """The server's role can only add to what is written once; triggers and constraints are there and in force."""
    run = look.connection.execute
    wrong = []
    rights = dict(run(SQL["list_rights"]).fetchall())
    guarded = {row[0] for row in run(SQL["list_guards"])}
    for table in WRITTEN_ONCE:
        if table not in rights:
            wrong.append(f"table {table} is not there")
        elif rights[table]:
            wrong.append(f"the server's role may change rows of {table}")
        elif table not in guarded:
            wrong.append(f"the trigger append_only on {table} is gone, altered or off")
    there = {(table, name): held for table, name, held in run(SQL["list_constraints"])}
    expected = [(table, f"{table}_{name}") for table, names in CONSTRAINTS.items() for name in names.split()]
    for table, name in expected:
        if not there.get((table, name)):
            state = "gone" if (table, name) not in there else "there but not in force"
            wrong.append(f"the constraint {name} of {table} is {state}")
    return Found(
        len(WRITTEN_ONCE) + len(expected),
        wrong[0] if wrong else None,
        f"{len(WRITTEN_ONCE)} tables can only be added to; {len(expected)} constraints are in force",
    )


def migrations(look: Look) -> Found:
    """What was applied to the database is what this version ships."""
    applied = [Applied(*row) for row in look.connection.execute(SQL["list_migrations"])]
    files = shipped()
    names = {file.number: file.name for file in files}
    try:
        wrong = [f"migration {file.number:04} {file.name} has not been applied" for file in missing(files, applied)]
    except RiviereError as broken:
        wrong = [str(broken)]
    wrong += [
        f"migration {row.number:04} is called {row.name}, expected {names.get(row.number)}"
        for row in applied
        if names.get(row.number) != row.name
    ]
    return Found(len(applied), wrong[0] if wrong else None, "applied as shipped, checksums equal")
