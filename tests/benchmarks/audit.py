"""What it costs to put an access on record, beside an insert of the same row and nothing else."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg

from tests.audit.samples import KEYS, RELEASE, checkpoint_key
from tests.benchmarks.figures import Figure, interleave
from tests.benchmarks.services import LOG_ORIGIN, postgres
from vault.audit.log import Log
from vault.audit.slots import seal_event

if TYPE_CHECKING:
    from collections.abc import Callable

# The row of an entry and its index by case, without order, without a tree, without a head.
_BARE_TABLE = """
    CREATE TABLE bare (
        index bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        case_id uuid,
        person_id uuid,
        commitments bytea NOT NULL,
        slots bytea NOT NULL
    );
    CREATE INDEX ON bare (case_id, index);
    GRANT INSERT ON bare TO subrosa_app
"""
_BARE_INSERT = "INSERT INTO bare (case_id, person_id, commitments, slots) VALUES (%b, %b, %b, %b)"


def audit_append_1(quick: bool) -> Figure:
    """Events per second of one caller, from the facts to a receipt.

    Counted is all of it: the event is made, committed to, sealed under keys derived anew, put into
    the tree and committed to disk. The reference inserts and commits one row of the same size,
    made beforehand, on one connection of psycopg, prepared and binary.
    """
    # Short slices by turns: what else the machine does falls on both.
    slices, events = (7, 50) if quick else (41, 200)
    with postgres() as (owner_url, app_url):
        with psycopg.connect(owner_url, autocommit=True) as owner:
            owner.execute(_BARE_TABLE)
        log = Log(app_url, checkpoint_key(LOG_ORIGIN))
        row = seal_event(RELEASE, KEYS)
        with psycopg.connect(app_url, autocommit=True) as bare:

            def ours() -> None:
                log.record(seal_event(replace(RELEASE, at=datetime.now(UTC)), KEYS))

            def reference() -> None:
                values = (row.case_id, row.person_id, row.commitments, row.slots)
                bare.execute(_BARE_INSERT, values, prepare=True)

            value, reference_value = interleave(
                lambda: _per_second(ours, events), lambda: _per_second(reference, events), slices
            )
        log.close()
    return Figure(
        "audit_append_1", value, "events/s", "higher", "bare insert-and-commit", reference_value
    )


def _per_second(act: Callable[[], None], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        act()
    return times / (time.perf_counter() - began)
