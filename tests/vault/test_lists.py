"""Every list shows what single decisions give: no more, no less, and no trace of the rest."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from policies.decisions import Permit, Question, decide
from policies.terms import PROVENANCES, Marking, View
from policies.vocabulary import CLASSES, CLAWED_BACK, NO_LABEL, origins_of
from tests.builders import Case, House
from tests.policies.worlds import SIDES, some_clause
from tests.vault.planting import GRANTED, Planted, plant
from tests.vault.test_scope_in_force import everything_to
from vault.access import stand
from vault.disclosure import exports, listing
from vault.disclosure.listing import Ask, Order
from vault.disclosure.selection import Filters
from vault.errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.core import Subject
    from vault.disclosure.documents import Document

SEATS = (
    "mediator",
    *(f"party:{side}" for side in SIDES),
    "counsel:clinic",
    "insurer:clinic",
    "regulator",
    "expert",
    "auditor",
)


def test_a_list_shows_the_newest_first_by_class_or_by_title(house: House, case: Case) -> None:
    made = [("medical", "beta"), ("billing", "Alpha"), ("medical", "ALPHA"), ("apology", "é")]
    for document_class, title in made:
        case.deposit("party:claimant", document_class=document_class, title=title)
        house.clock.forward(minutes=1)

    def titles(order: Order) -> list[str]:
        return [d.title for d in in_full(house, case, "party:claimant", Ask(order=order), 3)]

    assert titles(Order.OLDEST) == ["beta", "Alpha", "ALPHA", "é"]
    assert titles(Order.NEWEST) == ["é", "ALPHA", "Alpha", "beta"]
    assert titles(Order.CLASS) == ["é", "Alpha", "beta", "ALPHA"]
    assert titles(Order.TITLE) == ["Alpha", "ALPHA", "beta", "é"]
    house.check()


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("mrt", {"ＭＲＴ of the knee"}),
        ("ＭＲＴ", {"ＭＲＴ of the knee"}),
        ("STRASSE", {"Straße 7"}),
        ("chart.txt", {"ＭＲＴ of the knee", "Straße 7"}),
        ("%", set[str]()),
        ("nothing", set[str]()),
    ],
)
def test_a_search_compares_without_case_in_compatibility_form(
    house: House, case: Case, search: str, found: set[str]
) -> None:
    case.deposit("party:claimant", title="ＭＲＴ of the knee")
    case.deposit("party:claimant", title="Straße 7")
    shown = listing.list_documents(
        house.vault, case["party:claimant"], case.case_id, Ask(search=search)
    )
    assert {document.title for document in shown.documents} == found


def test_a_search_does_not_know_file_names_that_the_reader_may_not_open(
    house: House, case: Case
) -> None:
    case.seat("auditor")
    case.deposit("party:claimant")
    case.agree()
    for search, seen in (("chart.txt", 0), ("Clinic", 1)):
        page = listing.list_documents(
            house.vault, case["auditor"], case.case_id, Ask(search=search)
        )
        assert len(page.documents) == seen


def test_what_opens_titles_opens_so_many_and_no_more(house: House, case: Case) -> None:
    random = Random(1)  # noqa: S311 — a sample, not a secret
    plant(case, [Marking("medical", "claimant", "pre-existing", NO_LABEL)] * 5_000, random)
    house.clock.forward(days=1)
    last = case.deposit("party:claimant", title="the last").document_id
    who, ask = case["party:claimant"], Ask(search="the last")
    first = listing.list_documents(house.vault, who, case.case_id, ask)
    assert first.documents == ()
    rest = listing.list_documents(house.vault, who, case.case_id, ask, after=first.after)
    assert [document.document_id for document in rest.documents] == [last]
    with pytest.raises(Conflict):
        listing.list_documents(house.vault, who, case.case_id, Ask(order=Order.TITLE))


def test_a_cursor_belongs_to_one_question(house: House, case: Case) -> None:
    for number in range(3):
        case.deposit("party:claimant", title=f"paper {number}")
    who, vault = case["party:claimant"], house.vault
    page = listing.list_documents(vault, who, case.case_id, limit=1)
    for ask in (
        Ask(order=Order.NEWEST),
        Ask(search="paper"),
        Ask(purpose="claims"),
        Ask(filters=Filters(document_class="medical")),
    ):
        with pytest.raises(Invalid):
            listing.list_documents(vault, who, case.case_id, ask, after=page.after)
    for forged in ("", "AAAA", "!", "W10=", "WzEsMl0=", "bnVsbA==", "[" * 400):
        with pytest.raises(Invalid):
            listing.list_documents(vault, who, case.case_id, after=forged)


def test_a_page_goes_on_where_it_ended_though_documents_were_added(
    house: House, case: Case
) -> None:
    for number in range(3):
        case.deposit("party:claimant", title=f"{number}")
        house.clock.forward(minutes=1)
    who = case["party:claimant"]
    page = listing.list_documents(house.vault, who, case.case_id, limit=2)
    case.deposit("party:claimant", title="later")
    rest = listing.list_documents(house.vault, who, case.case_id, after=page.after)
    assert [d.title for d in (*page.documents, *rest.documents)] == ["0", "1", "2", "later"]


def test_what_nobody_else_sees_is_what_no_clause_covers_now(house: House, case: Case) -> None:
    case.seat("counsel:claimant")
    case.seat("insurer:respondent")
    for document_class in ("medical", "billing", "apology"):
        case.deposit("party:claimant", document_class=document_class, title=document_class)
    case.deposit("party:respondent", document_class="statement", title="theirs")

    def uncovered() -> set[str]:
        ask = Ask(filters=Filters(uncovered=True))
        page = listing.list_documents(house.vault, case["party:claimant"], case.case_id, ask)
        return {document.title for document in page.documents}

    assert uncovered() == {"medical", "billing", "apology"}
    clauses = [
        {**everything_to("side:respondent")[0], "classes": ["medical"]},
        {**everything_to("insurer:respondent")[0], "id": "2", "classes": ["billing"]},
    ]
    case.agree(clauses)
    assert uncovered() == {"apology"}


def test_a_word_that_is_none_is_refused_and_a_stranger_finds_nothing(
    house: House, case: Case
) -> None:
    for filters in (
        Filters(document_class="king"),
        Filters(origin="nobody"),
        Filters(provenance="old"),
    ):
        ask = Ask(filters=filters)
        for refused, who in (
            (Invalid, case["party:claimant"]),
            (NotFound, house.person()),
        ):
            with pytest.raises(refused):
                listing.list_documents(house.vault, who, case.case_id, ask)
            with pytest.raises(refused):
                listing.count_documents(house.vault, who, case.case_id, filters=filters)
            with pytest.raises(refused):
                exports.export_documents(house.vault, who, case.case_id, ask)
    house.check()


def test_an_export_ends_when_what_one_may_see_changes(house: House, case: Case) -> None:
    case.agree()
    case.phase("exchange")
    medical = Marking("medical", "claimant", "pre-existing", NO_LABEL)
    plant(case, [medical] * 1_001, Random(2))  # noqa: S311 — a sample, not a secret
    everything = exports.export_documents(house.vault, case["party:respondent"], case.case_id)
    assert [next(everything).marking for _ in range(500)] == [medical] * 500
    case.phase("closed")
    with pytest.raises(Conflict):
        next(everything)


@pytest.mark.parametrize("seed", range(20))
def test_lists_counts_exports_and_searches_equal_single_decisions(house: House, seed: int) -> None:
    random = Random(seed)  # noqa: S311 — a sample, not a secret
    case = random_case(house, random)
    planted = plant(case, random_markings(random, 100), random)
    for seat in case.people:
        purpose = random.choice([None, "mediation", "claims", "regulatory"])
        given = decided(house, case, seat, purpose, planted)
        for order in Order:
            ask = Ask(purpose=purpose, order=order)
            shown = in_full(house, case, seat, ask, random.randint(1, 60))
            assert [d.document_id for d in shown] == expected(planted, given, order)
            assert {d.document_id: (d.view, d.clause) for d in shown} == given
        exported = list(
            exports.export_documents(house.vault, case[seat], case.case_id, Ask(purpose=purpose))
        )
        assert [d.document_id for d in exported] == expected(planted, given, Order.OLDEST)
        tallies = listing.count_documents(house.vault, case[seat], case.case_id, purpose=purpose)
        assert sum(tally.count for tally in tallies) == len(given)
        letter = random.choice("abcé")
        found = in_full(house, case, seat, Ask(purpose=purpose, search=letter), 7)
        assert [d.document_id for d in found] == [
            d.document_id
            for d in exported
            if any(letter in listing.folded(name) for name in (d.title,))
        ]
        only = random.choice(CLASSES)
        narrowed = in_full(
            house,
            case,
            seat,
            Ask(purpose=purpose, filters=Filters(document_class=only)),
            9,
        )
        assert [d.document_id for d in narrowed] == [
            d.document_id for d in exported if d.marking.document_class == only
        ]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_hidden_leaves_no_trace_in_any_list(house: House, seed: int) -> None:
    random = Random(seed)  # noqa: S311 — a sample, not a secret
    case = house.case("party:claimant", "party:respondent", "auditor")
    case.agree(
        [
            {
                **everything_to("side:respondent")[0],
                "classes": ["medical", "billing"],
                "labels": ["-"],
            },
        ]
    )
    shared = [
        Marking(c, "claimant", random.choice(PROVENANCES), NO_LABEL)
        for c in ("medical", "billing")
        for _ in range(15)
    ]
    plant(case, shared, random)
    before = everything_shown(house, case, "party:respondent")
    hidden = [
        Marking(c, o, p, label)
        for c in ("caucus", "apology", "substance-use-record", "medical")
        for o in ("claimant", "mediator")
        for p in PROVENANCES
        for label in (NO_LABEL, CLAWED_BACK)
        if c != "medical" or label == CLAWED_BACK
    ]
    plant(case, hidden, random)
    assert everything_shown(house, case, "party:respondent") == before


@pytest.fixture
def case(house: House) -> Case:
    return house.case("party:claimant", "party:respondent")


def random_case(house: House, random: Random) -> Case:
    """Open a case of three sides with a random agreement in force and a random roster."""
    case = house.case(*(f"party:{side}" for side in SIDES), sides=SIDES)
    for seat in random.sample(SEATS, 5):
        if seat not in case.people:
            case.seat(seat)
    case.agree([some_clause(random, f"{n}") for n in range(random.randint(3, 9))])
    case.phase(random.choice(["exchange", "mediation", "settlement", "closed"]))
    return case


def random_markings(random: Random, count: int) -> list[Marking]:
    return [
        Marking(
            random.choice(CLASSES[:9]),
            random.choice(origins_of(SIDES)),
            random.choice(PROVENANCES),
            random.choice([NO_LABEL, NO_LABEL, CLAWED_BACK, GRANTED]),
        )
        for _ in range(count)
    ]


def decided(
    house: House, case: Case, seat: str, purpose: str | None, planted: Sequence[Planted]
) -> dict[object, tuple[View, str]]:
    """Ask about every document and every view by itself; return what is given of each."""
    with house.vault.database.snapshot() as tx:
        standing = stand(house.vault, tx, case[seat], case.case_id)
    assert standing.seated is not None
    given: dict[object, tuple[View, str]] = {}
    for document in planted:
        for view in View:
            answer = decide(
                standing.seated.scope,
                Question(
                    person=f"u:{case[seat].person}",
                    marking=document.marking,
                    view=view,
                    purpose=standing.purpose(purpose),
                    phase=standing.seated.state.phase,
                    now=standing.at,
                ),
            )
            if isinstance(answer, Permit):
                given[document.document_id] = (view, answer.clause)
    return given


def expected(
    planted: Sequence[Planted], given: dict[object, tuple[View, str]], order: Order
) -> list[object]:
    """Return the documents that are given, as an order has them."""
    seen = [document for document in planted if document.document_id in given]
    seen.sort(key=lambda d: (d.deposited_at, d.document_id), reverse=order is Order.NEWEST)
    if order is Order.CLASS:
        seen.sort(key=lambda d: d.marking.document_class)
    if order is Order.TITLE:
        seen.sort(key=lambda d: listing.folded(d.title))
    return [document.document_id for document in seen]


def in_full(house: House, case: Case, seat: str, ask: Ask, limit: int) -> list[Document]:
    """Read a list page by page to its end."""
    return [d for page in pages(house, case, case[seat], ask, limit) for d in page.documents]


def pages(house: House, case: Case, who: Subject, ask: Ask, limit: int) -> list[listing.Page]:
    read = [listing.list_documents(house.vault, who, case.case_id, ask, limit=limit)]
    while (after := read[-1].after) is not None:
        read.append(
            listing.list_documents(house.vault, who, case.case_id, ask, after=after, limit=limit)
        )
    return read


def everything_shown(house: House, case: Case, seat: str) -> object:
    """Return every page, cursor, count and exported document that a seat can get."""
    asked = [Ask(order=order, search=search) for order in Order for search in (None, "a")]
    return (
        [pages(house, case, case[seat], ask, 4) for ask in asked],
        listing.count_documents(house.vault, case[seat], case.case_id),
        list(exports.export_documents(house.vault, case[seat], case.case_id)),
    )
