"""The patient's side brings the chart, the images, a letter, bills and a caucus paper."""

from __future__ import annotations

from typing import Final

from api.demo.paper import JPEG, ZIP, Paper

PAPERS: Final = (
    Paper(
        key="chart",
        title="Hospital chart, 3 to 9 April 2025",
        document_class="medical",
        by="party:claimant",
        file_name="chart-2025-04.pdf",
        as_form=True,
        redacted=True,
        text="""
LINDENHOF CLINIC, EMERGENCY DEPARTMENT. Patient {Elena Marsh}, born {14 June 1984}, record
{LH-204417}.

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
    ),
    Paper(
        key="imaging",
        title="CT abdomen, 5 April 2025, all series",
        document_class="imaging",
        by="party:claimant",
        file_name="ct-2025-04-05.zip",
        media_type=ZIP,
    ),
    Paper(
        key="statement",
        title="Letter of the patient, scanned",
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
    ),
    Paper(
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
    ),
    Paper(
        key="caucus-patient",
        title="Caucus paper of the patient: what we could live with",
        document_class="caucus",
        by="counsel:claimant",
        file_name="caucus-claimant.pdf",
        made=True,
        text="""
FOR THE MEDIATOR ALONE. Caucus of the claimant, prepared by Feld & Arroyo.

We open at 240 000 and would close at 135 000 if three things come with it: an apology that names
the missed examination, a rule that no ultrasound request dies with a discharge, and a report on
that rule after six months.

The patient would give up 20 000 of the sum to hear the apology spoken and not read it.
""",
    ),
)
