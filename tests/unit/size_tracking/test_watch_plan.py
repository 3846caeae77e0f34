"""What a check means for a bucket's row: every transition."""

from dataclasses import replace

import pytest

from size_history.sources import RECOVERY_MICROSECONDS, Hearing, Source
from size_tracking.watch_plan import Look, anew, checked, heard_again

NOW = 1_800_000_000_000_000
BORN, REBORN = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"
HEARD = Source(since=7, created=BORN, checked=9, revision=4)
DEAF = replace(HEARD, hearing=Hearing.DEAF, reason="off")
GONE = replace(HEARD, hearing=Hearing.GONE, reason="the bucket does not exist")
RECOVERING = replace(HEARD, hearing=Hearing.RECOVERING, reason="back", due=NOW + 5)
FINE, OFF, MISSING = Look(created=BORN), Look(created=BORN, fault="off"), Look(exists=False)
AGAIN = Look(created=REBORN)
ANEW = f"it was made anew at {REBORN}; reconciles look for the changes since"
BACK = "its events arrive again; reconciles look for the changes of the time before"
DUE = NOW + RECOVERY_MICROSECONDS


def after(source, look):
    found = checked(source, look, NOW)
    return found.hearing, found.reason, found.since, found.due


@pytest.mark.parametrize(
    ("source", "look", "expected"),
    [
        pytest.param(HEARD, FINE, (Hearing.HEARD, "", 7, 0), id="heard, still heard"),
        pytest.param(HEARD, OFF, (Hearing.DEAF, "off", NOW, 0), id="heard, now deaf"),
        pytest.param(HEARD, MISSING, (Hearing.GONE, GONE.reason, NOW, 0), id="heard, now gone"),
        pytest.param(
            HEARD,
            AGAIN,
            (Hearing.RECOVERING, ANEW, NOW, DUE),
            id="heard, but another bucket",
        ),
        pytest.param(DEAF, OFF, (Hearing.DEAF, "off", 7, 0), id="deaf, still deaf"),
        pytest.param(
            DEAF, replace(OFF, fault="away"), (Hearing.DEAF, "away", NOW, 0), id="deaf for another reason"
        ),
        pytest.param(
            DEAF,
            FINE,
            (Hearing.RECOVERING, BACK, NOW, DUE),
            id="deaf, heard again",
        ),
        pytest.param(DEAF, MISSING, (Hearing.GONE, GONE.reason, NOW, 0), id="deaf, now gone"),
        pytest.param(GONE, MISSING, (Hearing.GONE, GONE.reason, 7, 0), id="gone, still gone"),
        pytest.param(GONE, OFF, (Hearing.DEAF, "off", NOW, 0), id="there again, but deaf"),
        pytest.param(
            GONE,
            AGAIN,
            (Hearing.RECOVERING, ANEW, NOW, DUE),
            id="gone, made anew",
        ),
        pytest.param(
            GONE,
            FINE,
            (Hearing.RECOVERING, BACK, NOW, DUE),
            id="gone, the same one there again",
        ),
        pytest.param(RECOVERING, FINE, (Hearing.RECOVERING, "back", 7, NOW + 5), id="still recovering"),
        pytest.param(RECOVERING, OFF, (Hearing.DEAF, "off", NOW, 0), id="recovering, deaf again"),
        pytest.param(RECOVERING, MISSING, (Hearing.GONE, GONE.reason, NOW, 0), id="recovering, gone"),
        pytest.param(
            RECOVERING,
            AGAIN,
            (Hearing.RECOVERING, ANEW, NOW, DUE),
            id="recovering, but another bucket: it begins again",
        ),
    ],
)
def test_a_check_leads_from_each_finding_to_each(source, look, expected):
    assert after(source, look) == expected


def test_a_bucket_that_is_made_anew_twice_recovers_from_the_second_time_on():
    """Also if both make the same reason: the first row may have been written by a check with a clock behind."""
    source = replace(RECOVERING, reason=ANEW)

    assert after(source, AGAIN)[2:] == (NOW, DUE)


def test_a_bucket_that_went_deaf_and_was_made_anew_is_deaf_first_and_recovers_then():
    deaf = checked(HEARD, replace(AGAIN, fault="off"), NOW)

    assert (deaf.hearing, deaf.created) == (Hearing.DEAF, REBORN)
    assert after(deaf, AGAIN) == (Hearing.RECOVERING, BACK, NOW, DUE)


@pytest.mark.parametrize("look", [FINE, OFF, MISSING, AGAIN])
@pytest.mark.parametrize("source", [HEARD, DEAF, GONE, RECOVERING])
def test_every_check_moves_the_row_and_says_when_it_looked(source, look):
    """A row that stayed as it was would let a slower check with an older look write."""
    found = checked(source, look, NOW)

    assert (found.revision, found.checked) == (5, NOW)


@pytest.mark.parametrize(
    ("known", "seen", "kept"),
    [(BORN, BORN, BORN), (BORN, "", BORN), ("", BORN, BORN), (BORN, REBORN, REBORN)],
)
def test_the_creation_date_is_the_last_one_that_was_seen(known, seen, kept):
    assert checked(replace(HEARD, created=known), Look(created=seen), NOW).created == kept


@pytest.mark.parametrize(
    ("known", "seen", "expected"),
    [(BORN, REBORN, True), (BORN, BORN, False), ("", BORN, False), (BORN, "", False), ("", "", False)],
)
def test_only_two_different_dates_prove_another_bucket(known, seen, expected):
    assert anew(replace(HEARD, created=known), Look(created=seen)) is expected


def test_a_look_finds_nothing_wrong_unless_it_says_so():
    assert Look() == Look(exists=True, created="", fault="")


@pytest.mark.parametrize(
    ("source", "look", "expected"),
    [
        (HEARD, FINE, False),
        (DEAF, FINE, True),
        (GONE, FINE, True),
        (HEARD, AGAIN, True),
        (RECOVERING, AGAIN, True),
        (RECOVERING, FINE, False),
        (RECOVERING, OFF, False),
        (HEARD, MISSING, False),
    ],
)
def test_reconciles_are_asked_for_once_at_the_beginning_of_a_recovery(source, look, expected):
    assert heard_again(source, checked(source, look, NOW)) is expected
