import pytest

from riviere.database import sql

TWO = """\
-- What this file is about.

-- name: first_one
-- What it does, which is 100 % described.
SELECT 1
-- a remark inside stays
WHERE %(x)s;

-- name: second
SELECT 2;
"""


def test_statements_are_found_by_name_without_the_words_that_describe_them():
    found = sql.parse(TWO, "here")
    assert dict(found) == {
        "first_one": "SELECT 1\n-- a remark inside stays\nWHERE %(x)s;",
        "second": "SELECT 2;",
    }


def test_a_package_brings_its_own_statements():
    assert "riviere.migration" in sql.load("riviere.database")["applied"]


def test_what_was_loaded_cannot_be_changed():
    with pytest.raises(TypeError):
        sql.parse(TWO, "here")["second"] = "SELECT 3"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;", "here, line 3: 'a' is named twice."),
        ("-- name:\nSELECT 1;", "here, line 1: '' is not a name (lower case, digits, _)."),
        ("-- name: Not this\nSELECT 1;", "here, line 1: 'Not this' is not a name (lower case, digits, _)."),
        ("-- name: a\n-- nothing\n-- name: b\nSELECT 1;", "here, line 1: 'a' has no statement."),
        ("SELECT 1;", "here, line 1: SQL before the first '-- name:'."),
    ],
)
def test_a_careless_file_is_refused(text, message):
    with pytest.raises(sql.BadQueries) as raised:
        sql.parse(text, "here")
    assert str(raised.value) == message
