"""The expert brings a report and the mediator the terms of settlement."""

from __future__ import annotations

from typing import Final

from api.demo.paper import Paper

PAPERS: Final = (
    Paper(
        key="report",
        title="Expert report on the missed diagnosis",
        document_class="expert-report",
        by="expert",
        file_name="report-moreau.pdf",
        made=True,
        redacted=True,
        text="""
REPORT of {Dr. Lea Moreau}, surgeon, Institut Nord, on one question: would an examination in the
night of 3 April 2025 have changed the outcome for {Elena Marsh}?

Sources: the chart, the radiology requests of the night, and the CT of 5 April with all its series.
----
Findings. At 21:40 the Alvarado score was 8: surgical assessment is indicated from 7. The CT shows a
perforation not older than 24 hours, with an appendicolith of 9 mm.

Between 22:00 and about 06:00 on 4 April an appendectomy without perforation was still likely.
----
Answer. Yes, more likely than not: about four in five. The stay would have been two to three days,
and the kidney injury of {Elena Marsh} would not have occurred.
""",
    ),
    Paper(
        key="settlement",
        title="Terms of settlement",
        document_class="settlement",
        by="mediator",
        file_name="settlement.pdf",
        made=True,
        joint=True,
        redacted=True,
        text="""
TERMS OF SETTLEMENT between {Elena Marsh} and Lindenhof Clinic, reached in mediation.

1. The clinic pays {148 000} within 30 days of signature, of which its insurer bears {123 000}.

2. {Dr. Henrik Vogt} apologises to the patient in person within three weeks.
----
3. From 1 January no discharge closes an open request for imaging. The clinic reports on this to the
mediator after six and twelve months, with figures.

4. No term of this agreement keeps anybody from reporting to, or answering, the licensing board.
""",
    ),
)
