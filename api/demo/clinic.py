"""The clinic's side brings what it knew, what it admits, and what it tells nobody."""

from __future__ import annotations

from typing import Final

from api.demo.paper import MAIL, Paper

PAPERS: Final = (
    Paper(
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
    ),
    Paper(
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
    ),
    Paper(
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
    ),
    Paper(
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
    ),
    Paper(
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
    ),
    Paper(
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
    ),
    Paper(
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
    ),
)
