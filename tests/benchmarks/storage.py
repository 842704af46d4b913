"""What a decision and a list cost with their SQL, in vaults that hold little and much."""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import psycopg

from api.composition import compose
from policies.scope_cache import ScopeCache
from policies.terms import CLASSES, Marking, View
from policies.vocabulary import PROVENANCES
from tests.benchmarks.figures import Figure, interleave
from tests.benchmarks.services import LOG_ORIGIN, postgres
from tests.builders import House
from tests.conftest import Clock
from tests.policies.stock import StockScope
from vault.access import stand
from vault.core import Limits
from vault.database import documents
from vault.database.connection import Database
from vault.details import DocumentDetails
from vault.disclosure import listing
from vault.ids import DocumentId, new_id
from vault.keyring.keyring import Keyring
from vault.keyring.root import FileRootKey
from vault.scope import open_roster, roster_row
from vault.storage.s3 import S3Settings, S3Store

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.builders import Case
    from vault.core import Vault

# Nothing here touches the store, which is composed and never asked.
_NO_STORE = S3Settings(
    endpoint="http://127.0.0.1:9",
    bucket="none",
    region="us-east-1",
    access_key="none",
    secret_key="none",
    addressing="path",
)
_SEATS = ("party:claimant", "party:respondent", "insurer:respondent", "auditor")
_ORIGINS = ("claimant", "respondent")
# Rows of cases like one that is there, under ids of their own: they are stored and never opened.
_MORE_CASES = """
    CREATE TEMPORARY TABLE clones AS
        SELECT gen_random_uuid() AS id FROM generate_series(1, %(count)s);
    INSERT INTO cases SELECT clones.id, state, details, opened_at, log_index
        FROM cases CROSS JOIN clones WHERE case_id = %(case)s;
    INSERT INTO keys SELECT clones.id, kind, wrapped, created_at
        FROM keys CROSS JOIN clones WHERE holder_id = %(case)s;
    INSERT INTO participants SELECT gen_random_uuid(), clones.id, person_id, details, seated_at,
        log_index FROM participants CROSS JOIN clones WHERE case_id = %(case)s;
    INSERT INTO agreements (case_id, version, terms, proposed_by, proposed_at, in_force_at,
        log_index) SELECT clones.id, version, terms, proposed_by, proposed_at, in_force_at,
        log_index FROM agreements CROSS JOIN clones WHERE case_id = %(case)s;
"""


@dataclass(frozen=True)
class _Stocked:
    """A vault on a database of its own, and some of its cases."""

    house: House
    owner_url: str
    cases: tuple[Case, ...]

    @property
    def vault(self) -> Vault:
        return self.house.vault

    def execute(self, *statements: str, **values: object) -> None:
        with psycopg.connect(self.owner_url, autocommit=True) as owner:
            cursor = psycopg.ClientCursor(owner)
            for statement in statements:
                cursor.execute(statement.encode(), values)


@contextmanager
def _stocked(cases: int) -> Generator[_Stocked]:
    """Open some cases, each with four seats and an agreement of six clauses in force."""
    with ExitStack() as stack:
        owner_url, app_url = stack.enter_context(postgres())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = Database(app_url, pool_size=4)
        stack.callback(database.close)
        vault = stack.enter_context(
            compose(
                database_url=app_url,
                log_origin=LOG_ORIGIN,
                database=database,
                store=S3Store(_NO_STORE, connections=1),
                keyring=Keyring(FileRootKey.create(folder / "root.key")),
                clock=(clock := Clock()),
                limits=Limits(document_bytes=1 << 30),
            )
        )
        house = House(vault, clock)
        opened: list[Case] = []
        for _ in range(cases):
            case = house.case(*_SEATS)
            case.agree()
            case.phase("exchange")
            opened.append(case)
        yield _Stocked(house, owner_url, tuple(opened))


def decide_scale(quick: bool) -> Figure:
    """Microseconds, median: a case is read and its scope built, and one question decided.

    Counted is the snapshot with all its SQL, unsealing, building the scope and one decision, for
    100 cases by turns with no scope kept from the turn before. The reference is the same in a
    vault that stores these 100 cases; the other stores 100 000, the rest as rows of the same size
    that nobody asks for. Both run in servers of their own, side by side.
    """
    asked, more = (20, 1_000) if quick else (100, 99_900)
    with _stocked(asked) as small, _stocked(asked) as large:
        large.execute(_MORE_CASES, "VACUUM ANALYZE", count=more, case=large.cases[0].case_id)
        value, reference = interleave(lambda: _load_us(large), lambda: _load_us(small))
    return Figure("decide_scale", value, "us", "lower", "100 cases stored", reference)


def _load_us(stocked: _Stocked) -> float:
    chart = Marking("medical", "claimant", "pre-existing", "-")
    vault, taken = _without_scopes(stocked.vault), list[float]()
    for case in stocked.cases:
        begun = time.perf_counter()
        with vault.database.snapshot() as tx:
            standing = stand(vault, tx, case["party:respondent"], case.case_id)
        standing.decide(chart, View.REDACTED, None)
        taken.append((time.perf_counter() - begun) * 1e6)
    return statistics.median(taken)


def list_10k(quick: bool) -> Figure:
    """Milliseconds: one page of 50 of 10 000 documents, SQL and record included, scope cold.

    Counted is `list_documents` for a restricted seat with no scope kept: snapshot, unsealing,
    markings, decisions, the page with its titles, and the entry on the log. The reference asks
    pycasbin as it comes once for each document whether that seat may know of it, without any SQL.
    """
    count = 500 if quick else 10_000
    with _stocked(1) as stocked:
        (case,) = stocked.cases
        markings = _deposit_rows(stocked, case, count)
        asks = _stock_asks(stocked, case)
        value, reference = interleave(
            lambda: _page_ms(stocked, case), lambda: _stock_ms(asks, markings), rounds=5
        )
    return Figure("list_10k", value, "ms", "lower", "stock pycasbin per document", reference)


def list_scale(quick: bool) -> Figure:
    """Milliseconds: one page of 50 as in list_10k, in a case of 100 000 documents and of 1 000."""
    few, many = (500, 2_000) if quick else (1_000, 100_000)
    with _stocked(2) as stocked:
        small, large = stocked.cases
        _deposit_rows(stocked, small, few)
        _deposit_rows(stocked, large, many)
        value, reference = interleave(
            lambda: _page_ms(stocked, large), lambda: _page_ms(stocked, small), rounds=41
        )
    return Figure("list_scale", value, "ms", "lower", "case of 1 000 documents", reference)


def _page_ms(stocked: _Stocked, case: Case) -> float:
    vault = _without_scopes(stocked.vault)
    begun = time.perf_counter()
    page = listing.list_documents(vault, case["insurer:respondent"], case.case_id, limit=50)
    taken = (time.perf_counter() - begun) * 1e3
    assert len(page.documents) == 50
    return taken


def _stock_asks(stocked: _Stocked, case: Case) -> Callable[[Marking], object]:
    vault, insurer = stocked.vault, case["insurer:respondent"]
    with vault.database.snapshot() as tx:
        seated = stand(vault, tx, insurer, case.case_id).seated
        assert seated is not None
        roster = open_roster(tx, seated.sealer, seated.state)
    stock = StockScope(seated.scope.policy, [roster_row(details) for _, details in roster])
    person, now = f"u:{insurer.person}", "2026-03-02T09:00:00Z"
    return lambda marking: stock.ask(person, marking, View.METADATA, "claims", "exchange", now)


def _stock_ms(asks: Callable[[Marking], object], markings: list[Marking]) -> float:
    begun = time.perf_counter()
    for marking in markings:
        asks(marking)
    return (time.perf_counter() - begun) * 1e3


def _deposit_rows(stocked: _Stocked, case: Case, count: int) -> list[Marking]:
    """Add documents as rows with sealed titles, without content, spread over 44 markings."""
    vault, party = stocked.vault, case["party:claimant"]
    with vault.database.snapshot() as tx:
        seated = stand(vault, tx, party, case.case_id).seated
    assert seated is not None
    kinds = [
        Marking(cls, origin, provenance, "-")
        for cls in CLASSES[:11]
        for origin in _ORIGINS
        for provenance in PROVENANCES
    ]
    drawn = Random(5).choices(kinds, k=count)  # noqa: S311 — a sample
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    numbered = enumerate(drawn)
    while batch := list(islice(numbered, 5_000)):
        with vault.database.transaction() as tx:
            for number, marking in batch:
                document = DocumentId(new_id())
                details = DocumentDetails(title=f"Record {number}", marking=marking)
                documents.insert_document(
                    tx,
                    documents.DocumentRow(
                        document_id=document,
                        case_id=case.case_id,
                        document_class=marking.document_class,
                        origin=marking.origin,
                        provenance=marking.provenance,
                        label=marking.label,
                        details=seated.sealer.seal_document(document, details),
                        deposited_by=party.person,
                        deposited_at=begins + timedelta(seconds=number),
                        log_index=0,
                    ),
                )
    stocked.execute("VACUUM ANALYZE")
    return drawn


def _without_scopes(vault: Vault) -> Vault:
    """Return the vault with nothing kept of any scope."""
    return replace(vault, scopes=ScopeCache(1))
