"""The files of the sample case are what their media types say, and the same each time."""

from __future__ import annotations

import email
import email.policy
import hashlib
import io
import re
import tracemalloc
import zipfile
import zlib

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageStat
from pydicom.data import get_testdata_file

from api.demo.agreement import SIDES, first_agreement, second_agreement
from api.demo.files import content, imaging_set
from api.demo.paper import IMAGING_BYTES, JPEG, MAIL, PDF, ZIP, Paper
from api.demo.story import CAST, FORMER_EXPERT, OUTSIDER, PAPERS, must_see
from policies.terms import parse_terms

MIB = 1 << 20
PDFS = [paper for paper in PAPERS.values() if paper.media_type == PDF]
SMALL = [paper for paper in PAPERS.values() if paper.media_type != ZIP]


def whole(paper: Paper, *, redacted: bool = False) -> bytes:
    return b"".join(content(paper, redacted=redacted))


def words_on_its_pages(pdf: bytes) -> set[bytes]:
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    drawn = b"".join(zlib.decompress(stream) for stream in streams)
    return set(re.findall(rb"\(([^()]*)\) Tj", drawn))


def slices(archive: bytes) -> list[pydicom.FileDataset]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return [
            pydicom.dcmread(io.BytesIO(opened.read(name)))  # pyright: ignore[reportUnknownMemberType] -- a bare PathLike
            for name in opened.namelist()
        ]


@pytest.mark.parametrize("paper", PDFS, ids=lambda paper: paper.key)
def test_a_pdf_has_the_pages_of_its_paper(paper: Paper) -> None:
    made = whole(paper)
    assert made.startswith(b"%PDF-1.")
    assert made.rstrip().endswith(b"%%EOF")
    assert b"/CreationDate (D:20250901090000Z" in made
    assert len(re.findall(rb"/Type /Page\b", made)) == len(paper.pages)


def test_most_pdfs_have_several_pages() -> None:
    assert sum(len(paper.pages) > 1 for paper in PDFS) > len(PDFS) / 2


@pytest.mark.parametrize(
    ("key", "secrets"),
    [
        ("chart", {b"Elena", b"Marsh,", b"LH-204417.", b"Lorenz:", b"1984,"}),
        ("bills", {b"Marsh,", b"CH93", b"Okoye"}),
        ("rota", {b"LH-204417,", b"Lorenz,", b"Brandeis,"}),
        ("report", {b"Moreau,", b"Marsh?"}),
        ("settlement", {b"148", b"123", b"Vogt"}),
    ],
)
def test_what_is_blackened_is_not_under_the_bar(key: str, secrets: set[bytes]) -> None:
    paper = PAPERS[key]
    full = words_on_its_pages(whole(paper))
    redacted = words_on_its_pages(whole(paper, redacted=True))
    assert secrets <= full
    assert redacted & secrets == set()
    assert redacted < full


def test_only_a_pdf_is_redacted() -> None:
    assert {paper.media_type for paper in PAPERS.values() if paper.redacted} == {PDF}


def test_the_letter_is_a_turned_and_grainy_scan() -> None:
    [paper] = [paper for paper in SMALL if paper.media_type == JPEG]
    with Image.open(io.BytesIO(whole(paper))) as scan:
        assert (scan.format, scan.mode, scan.size) == ("JPEG", "L", (1240, 1754))
        [empty_corner] = ImageStat.Stat(scan.crop((200, 1500, 600, 1700))).stddev
        left, right = (
            next(y for y in range(600) if min(scan.crop((x, y, x + 60, y + 1)).tobytes()) < 120)
            for x in (170, 290)
        )
    assert empty_corner > 1
    assert left != right


def test_the_mail_brings_the_letter_it_answers() -> None:
    [paper] = [paper for paper in SMALL if paper.media_type == MAIL]
    mail = email.message_from_bytes(whole(paper), policy=email.policy.default)
    body, [attached] = mail.get_body(), list(mail.iter_attachments())
    assert mail["Subject"] == "Your letter of 2 May 2025"
    assert body is not None
    assert body.get_content().startswith("Dear Ms. Marsh,")
    assert attached.get_filename() == "letter-2025-05-02.txt"
    assert attached.get_content().startswith("2 May 2025")


@pytest.mark.parametrize("paper", SMALL, ids=lambda paper: paper.key)
def test_a_paper_is_the_same_each_time(paper: Paper) -> None:
    for redacted in {False, paper.redacted}:
        assert whole(paper, redacted=redacted) == whole(paper, redacted=redacted)


def test_every_slice_is_a_picture_of_its_own_instance() -> None:
    path = get_testdata_file("CT_small.dcm", download=False)
    assert isinstance(path, str)
    shipped = pydicom.dcmread(path)  # pyright: ignore[reportUnknownMemberType] -- a bare PathLike
    made = slices(b"".join(imaging_set(2 * MIB)))
    assert len(made) == 53
    assert len({one.SOPInstanceUID for one in made}) == len(made)
    assert all(one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID for one in made)
    assert all(one.SOPInstanceUID.is_valid for one in made)
    assert len({(one.StudyInstanceUID, one.SeriesInstanceUID) for one in made}) == 1
    assert [one.InstanceNumber for one in made] == list(range(1, len(made) + 1))
    assert all(one.PixelData == shipped.PixelData for one in made)
    assert {str(one.PatientName) for one in made} == {"Marsh^Elena"}


@settings(max_examples=25, deadline=None)
@given(half=st.integers(20_000, 100_000))
def test_an_imaging_set_is_a_sound_zip_of_any_even_size(half: int) -> None:
    archive = b"".join(imaging_set(2 * half))
    assert len(archive) == 2 * half
    *_, last = slices(archive)
    assert set(last[0xFFFCFFFC].value or b"\0") == {0}


def test_the_imaging_set_is_exactly_256_mib_the_same_each_time_in_little_memory() -> None:
    digests: set[str] = set()
    tracemalloc.start()
    try:
        for _ in range(2):
            digest, size, largest = hashlib.sha256(), 0, 0
            for piece in content(PAPERS["imaging"]):
                digest.update(piece)
                size += len(piece)
                largest = max(largest, len(piece))
            assert size == IMAGING_BYTES == 256 * MIB
            assert largest < 2 * MIB
            digests.add(digest.hexdigest())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(digests) == 1
    assert peak < 8 * MIB


def test_the_story_says_of_every_seat_what_it_sees_of_every_paper() -> None:
    seats = {member.seat for member in CAST if member.key not in (FORMER_EXPERT, OUTSIDER)}
    assert set(must_see()) == {(seat, key) for seat in seats for key in PAPERS}


def test_both_agreements_are_of_the_language_and_differ_in_one_clause() -> None:
    until = "2027-01-05T00:00:00Z"
    first, second = parse_terms(first_agreement(until)), parse_terms(second_agreement(until))
    assert first.sides == SIDES
    assert len(first.clauses) == 14
    assert [clause.id for clause in second.clauses if clause not in first.clauses] == ["8.2"]
