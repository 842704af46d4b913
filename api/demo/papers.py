"""The papers of the sample case read as such papers do, and every person in them is invented.

Pages are divided by a line of dashes, paragraphs by an empty line. What stands in braces is
blackened where a redacted version is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PDF: Final = "application/pdf"
JPEG: Final = "image/jpeg"
MAIL: Final = "message/rfc822"
ZIP: Final = "application/zip"

IMAGING_BYTES: Final = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document of the sample case before it is deposited.

    Attributes:
        key: What the story calls it.
        by: Who deposits it, a key of the cast.
        made: Whether it was made for the mediation, and not pre-existing.
        joint: Deposited by the mediator for all sides together.
        as_form: Deposited as a multipart form, and not as a raw body.
        redacted: A redacted version is brought too.
        text: Its pages; an imaging set has none.
    """

    key: str
    title: str
    document_class: str
    by: str
    file_name: str
    media_type: str = PDF
    made: bool = False
    joint: bool = False
    as_form: bool = False
    redacted: bool = False
    text: str = ""

    @property
    def pages(self) -> tuple[tuple[str, ...], ...]:
        """The paragraphs of each page."""
        return tuple(
            tuple(" ".join(paragraph.split()) for paragraph in page.strip().split("\n\n"))
            for page in self.text.split("\n----\n")
        )


CHART: Final = Paper(
    key="chart",
    title="Hospital chart, 3 to 9 April 2025",
    document_class="medical",
    by="party:claimant",
    file_name="chart-2025-04.pdf",
    as_form=True,
    redacted=True,
    text="""
LINDENHOF CLINIC, EMERGENCY DEPARTMENT. Patient {Elena Marsh}, born {14 June 1984}, record {LH-204417}.

3 April 2025, 21:40. Walked in. Pain around the navel since noon, now lower right; two episodes of
vomiting. Temperature 37.9, pulse 104, blood pressure 118/74. Abdomen soft, tender over McBurney's
point, no guarding. White cells 13.8, CRP 41.

22:15. Assessment {Dr. P. Lorenz}: gastroenteritis likely. Paracetamol, fluids. Ultrasound requested
for the morning. {Sister of the patient, Ana Marsh}, was told by telephone.
----
4 April 2025, 00:20. Discharged on the patient's own wish after the pain eased; advised to return if
worse. Ultrasound request cancelled by the system on discharge.

No written advice is on file. The discharge letter was dictated on 7 April.
----
5 April 2025, 06:05. Brought by ambulance. Rigid abdomen, temperature 39.4, pulse 132, lactate 4.1.
CT: perforated appendix, free fluid in all four quadrants.

07:10. Theatre: laparotomy, appendectomy, lavage. Surgeon {Dr. H. Vogt}. Blood loss 350 ml. To
intensive care, ventilated.
----
6 to 9 April 2025. Sepsis with kidney injury stage 2; noradrenaline until 7 April 15:00; extubated 7
April. Creatinine peaked at 284 on 8 April.

Next of kin {Ana Marsh} at the bedside daily. Transfer to the ward on 9 April. Wound left open;
second-look operation planned.
""",
)

IMAGING: Final = Paper(
    key="imaging",
    title="CT abdomen, 5 April 2025, all series",
    document_class="imaging",
    by="party:claimant",
    file_name="ct-2025-04-05.zip",
    media_type=ZIP,
)

STATEMENT: Final = Paper(
    key="statement",
    title="Letter of the patient, by hand, scanned",
    document_class="statement",
    by="party:claimant",
    file_name="letter-marsh.jpg",
    media_type=JPEG,
    as_form=True,
    text="""
18 June 2025

To whoever reads this,

I do not write to punish anybody. I write because nobody has yet told me why I was sent home.

I said twice that the pain had moved. I was told that the ultrasound could wait until the morning.
At twenty past midnight I stood in the car park holding on to a sign.

I lost four months of work, and I still wake when the telephone rings. My daughter is six; she
asks whether I will go back to that place.

What I want: that somebody says what happened, that it cannot happen to the next one, and that I
need not be afraid of the bills.

Elena Marsh
""",
)

BILLS: Final = Paper(
    key="bills",
    title="Bills and lost earnings, April to August 2025",
    document_class="billing",
    by="counsel:claimant",
    file_name="bills.pdf",
    redacted=True,
    text="""
SCHEDULE OF LOSS for {Elena Marsh}, prepared by Feld & Arroyo, 1 September 2025.

Intensive care, 3 days: 14 850. Surgical ward, 19 days: 21 280. Two operations: 9 640. Home care, 6
weeks: 4 320. Travel of {Ana Marsh}: 612.
----
Lost earnings, 17 weeks at 1 180 net: 20 060. Employer's confirmation by {Torvald Print, Ms. Okoye}
of 22 August 2025 is attached to the original.

Account for reimbursement: {CH93 0076 2011 6238 5295 7}. Total to date: 70 762.
""",
)

CAUCUS_PATIENT: Final = Paper(
    key="caucus-patient",
    title="Caucus paper of the patient: what we could live with",
    document_class="caucus",
    by="counsel:claimant",
    file_name="caucus-claimant.pdf",
    made=True,
    text="""
FOR THE MEDIATOR ALONE. Caucus of the claimant, prepared by Feld & Arroyo.

We open at 240 000 and would close at 135 000 if three things come with it: an apology that names the
missed examination, a rule that no ultrasound request dies with a discharge, and a report on that
rule after six months.

The patient would give up 20 000 of the sum to hear the apology spoken and not read it.
""",
)

MAILS: Final = Paper(
    key="mails",
    title="Complaint and answer by e-mail, May 2025",
    document_class="correspondence",
    by="counsel:respondent",
    file_name="complaint-2025-05.eml",
    media_type=MAIL,
    as_form=True,
    text="""
Dear Ms. Marsh,

thank you for your letter of 2 May. We take it seriously, and we have opened an internal review of
the night of 3 April. You will hear from us within six weeks.

Your letter is attached, so that you have a record of what we received.

With kind regards,

Complaints office, Lindenhof Clinic
----
2 May 2025

To the management of Lindenhof Clinic: I was sent home with a burst appendix. I ask for my complete
chart, for the name of whoever cancelled the ultrasound, and for an answer to the question why.

Elena Marsh
""",
)

ROTA: Final = Paper(
    key="rota",
    title="Ultrasound requests and on-call rota, 3 April 2025",
    document_class="medical",
    by="counsel:respondent",
    file_name="rota-2025-04-03.pdf",
    redacted=True,
    text="""
RADIOLOGY REQUESTS, night of 3 to 4 April 2025, printed from the hospital system.

22:21 US abdomen, {LH-204417}, requested by {Dr. P. Lorenz}, priority: routine. 00:20 status:
cancelled (automatic, on discharge). No notice was sent to the requesting physician.

23:02 US leg veins, {LH-198830}, done 23:40. 01:15 US abdomen, {LH-204423}, done 01:50.
----
ON-CALL ROTA. Emergency: {Dr. P. Lorenz}, second night in a row, 14 patients between 20:00 and
midnight. Surgery: {Dr. H. Vogt}, in theatre 20:30 to 23:55. Radiology: {Dr. I. Brandeis}, in house.
""",
)

ADMISSION: Final = Paper(
    key="admission",
    title="What went wrong: account of the clinic",
    document_class="admission",
    by="party:respondent",
    file_name="account.pdf",
    made=True,
    text="""
ACCOUNT OF LINDENHOF CLINIC, made for the mediation only.

1. The symptoms at 21:40 called for a surgical opinion the same night. None was asked for.

2. An ultrasound at midnight was possible: the radiologist was in the house. The request was entered
as routine by mistake.
----
3. Our system cancels open requests on discharge and tells nobody. We knew of this since a near miss
in 2023 and had not changed it.

4. We accept that an examination that night would more likely than not have avoided the perforation.
""",
)

APOLOGY: Final = Paper(
    key="apology",
    title="Letter of apology",
    document_class="apology",
    by="party:respondent",
    file_name="apology.pdf",
    made=True,
    as_form=True,
    text="""
Dear Ms. Marsh,

you told us twice, and we did not listen. You should have been examined that night. I am the surgeon
who operated on you a day and a half later, and I am the head of the department that sent you home.

I am sorry. I would like to say so to you in person, if you allow it.

Henrik Vogt, Lindenhof Clinic
""",
)

PEER_REVIEW: Final = Paper(
    key="peer-review",
    title="Minutes of the mortality and morbidity conference",
    document_class="peer-review",
    by="party:respondent",
    file_name="mm-conference-2025-04.pdf",
    text="""
MORTALITY AND MORBIDITY CONFERENCE, 24 April 2025. Privileged peer review; not for the record of any
patient.

Case 3. Missed appendicitis. Contributing: routine priority by default in the form; fatigue; no
second look before discharge. The physician concerned was heard.
----
Proposed: priority must be chosen and has no default; open requests are shown on the discharge
screen; nobody takes two nights in a row. Owner: head of department. Due: 1 July 2025.
""",
)

COVER: Final = Paper(
    key="cover",
    title="Schedule of the clinic's liability cover",
    document_class="insurance",
    by="counsel:respondent",
    file_name="cover-2025.pdf",
    text="""
CANTONAL MEDICAL MUTUAL. Policy 77-40193, Lindenhof Clinic, period 1 January to 31 December 2025.

Limit of indemnity for each claim: 500 000. Deductible: 25 000. Claims expenses within the limit.
----
Condition 9: the insured tells the insurer of a claim within 30 days. Condition 12: an apology is no
admission of liability, and does not put cover at risk.
""",
)

CAUCUS_CLINIC: Final = Paper(
    key="caucus-clinic",
    title="Caucus paper of the clinic: authority and worries",
    document_class="caucus",
    by="counsel:respondent",
    file_name="caucus-respondent.pdf",
    made=True,
    text="""
FOR THE MEDIATOR ALONE. Caucus of the respondent, prepared by Singh Partners.

The insurer has given authority up to 150 000; the clinic would add its deductible. The clinic's
worry is not the sum: it is that the near miss of 2023 becomes known to the press.

Dr. Vogt wants to apologise in person. The board of the clinic has agreed, and is afraid of it.
""",
)

REPORT: Final = Paper(
    key="report",
    title="Expert report on the missed diagnosis",
    document_class="expert-report",
    by="expert",
    file_name="report-moreau.pdf",
    made=True,
    redacted=True,
    text="""
REPORT of {Dr. Lea Moreau}, surgeon, Institut Nord, on one question: would an examination in the night
of 3 April 2025 have changed the outcome for {Elena Marsh}?

Sources: the chart, the radiology requests of the night, and the CT of 5 April with all its series.
----
Findings. At 21:40 the Alvarado score was 8: surgical assessment is indicated from 7. The CT shows a
perforation not older than 24 hours, with an appendicolith of 9 mm.

Between 22:00 and about 06:00 on 4 April an appendectomy without perforation was still likely.
----
Answer. Yes, more likely than not: about four in five. The stay would have been two to three days,
and the kidney injury of {Elena Marsh} would not have occurred.
""",
)

SETTLEMENT: Final = Paper(
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
)

PAPERS: Final = (
    CHART,
    IMAGING,
    STATEMENT,
    BILLS,
    CAUCUS_PATIENT,
    MAILS,
    ROTA,
    ADMISSION,
    APOLOGY,
    PEER_REVIEW,
    COVER,
    CAUCUS_CLINIC,
    REPORT,
    SETTLEMENT,
)
