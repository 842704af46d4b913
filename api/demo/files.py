"""The sample case has real files: each is made here, the same on every run, and read as a stream.

Whoever imports this module needs the `demo` extra.
"""

from __future__ import annotations

import binascii
import io
import random
import struct
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cache
from typing import TYPE_CHECKING, Final

import pydicom
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from pydicom.data import get_testdata_file
from pydicom.uid import UID

from api.demo.paper import IMAGING_BYTES, JPEG, MAIL, PDF, ZIP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.demo.paper import Paper

_MIB: Final = 1 << 20
# Stands in every file in place of the hour it was made at.
_MADE_AT: Final = datetime(2025, 9, 1, 9, tzinfo=UTC)

_LINE_MM: Final = 6.0
_PAGE_PIXELS: Final = (1240, 1754)  # A4 at 150 dpi
_MARGIN_PIXELS: Final = 150

# UIDs under 2.25 need no registration (DICOM PS3.5 B.2). All slices share the length of theirs.
_STUDY: Final = UID("2.25.231977803413914246117862154407718342511")
_FIRST_SLICE: Final = 100_000
_SLICE_TEMPLATE: Final = f"{_STUDY}.2.{_FIRST_SLICE}"
_NUMBER_TEMPLATE: Final = "000000900001"
_SLICE_NAME: Final = "SERIES02/IM{:06}.dcm"
# Data Set Trailing Padding (FFFC,FFFC), explicit OB (DICOM PS3.10 7.2): a reader passes over it.
_PADDING: Final = struct.Struct("<HH2sHI")

# ZIP, stored (PKWARE APPNOTE 4.3.7, 4.3.12, 4.3.16).
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_ZIP_VERSION: Final = 20
_ZIP_TIME: Final = _MADE_AT.hour << 11
_ZIP_DATE: Final = (_MADE_AT.year - 1980) << 9 | _MADE_AT.month << 5 | _MADE_AT.day


def content(paper: Paper, *, redacted: bool = False) -> Iterator[bytes]:
    """Yield the bytes of a paper in pieces of about 1 MiB at most; the same on every call."""
    if paper.media_type == ZIP:
        yield from imaging_set(IMAGING_BYTES)
        return
    made = {PDF: pdf, JPEG: scan, MAIL: mail}[paper.media_type](paper, redacted=redacted)
    yield made


def pdf(paper: Paper, *, redacted: bool) -> bytes:
    """Set a paper as a PDF; in a redacted one the words in braces are not there, but black bars."""
    document = FPDF(format="A4")
    document.set_creation_date(_MADE_AT)
    document.set_title(paper.title)
    document.set_margins(25, 25)
    document.c_margin = 0
    document.set_fill_color(0)
    for number, page in enumerate(paper.pages, start=1):
        document.add_page()
        document.set_font("Helvetica", "B", 13)
        document.cell(h=10, text=f"{paper.title} - page {number} of {len(paper.pages)}")
        document.ln(16)
        document.set_font("Helvetica", "", 11)
        for paragraph in page:
            _set_paragraph(document, paragraph, redacted=redacted)
    return bytes(document.output() or b"")


def _set_paragraph(document: FPDF, paragraph: str, *, redacted: bool) -> None:
    space = document.get_string_width(" ")
    marked = False
    for word in paragraph.split(" "):
        marked = marked or "{" in word
        shown = word.replace("{", "").replace("}", "")
        width = document.get_string_width(shown)
        if document.get_x() + width > document.w - document.r_margin:
            document.ln(_LINE_MM)
        black = marked and redacted
        document.cell(w=width, h=_LINE_MM - 1, text="" if black else shown, fill=black)
        document.set_x(document.get_x() + space)
        marked = marked and "}" not in word
    document.ln(2 * _LINE_MM)


def scan(paper: Paper, *, redacted: bool) -> bytes:
    """Draw a letter as a scanner leaves it: a little turned, grey, with noise; as JPEG."""
    assert not redacted
    page = Image.new("L", _PAGE_PIXELS, 250)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(30)
    y = _MARGIN_PIXELS
    for paragraph in paper.pages[0]:
        for line in _lines(paragraph, font, _PAGE_PIXELS[0] - 2 * _MARGIN_PIXELS):
            draw.text((_MARGIN_PIXELS, y), line, fill=40, font=font)
            y += 46
        y += 30
    turned = page.rotate(1.3, Image.Resampling.BICUBIC, fillcolor=235)
    soft = turned.filter(ImageFilter.GaussianBlur(0.6))
    # Not Image.effect_noise, which draws anew each time.
    noise = random.Random(1).randbytes(_PAGE_PIXELS[0] * _PAGE_PIXELS[1])  # noqa: S311 — grain
    grain = Image.frombytes("L", _PAGE_PIXELS, noise)
    written = io.BytesIO()
    Image.blend(soft, grain, 0.07).save(written, "JPEG", quality=72, dpi=(150, 150))
    return written.getvalue()


def _lines(
    paragraph: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int
) -> Iterator[str]:
    line = ""
    for word in paragraph.split(" "):
        longer = f"{line} {word}".strip()
        if font.getlength(longer) > width:
            yield line
            longer = word
        line = longer
    yield line


def mail(paper: Paper, *, redacted: bool) -> bytes:
    """Write an e-mail whose first page is its text and whose second is attached."""
    assert not redacted
    answer, attached = ("\n\n".join(page) + "\n" for page in paper.pages)
    message = EmailMessage()
    message["From"] = "Complaints office <complaints@lindenhof-clinic.example>"
    message["To"] = "Elena Marsh <elena.marsh@mail.example>"
    message["Subject"] = "Your letter of 2 May 2025"
    message["Date"] = datetime(2025, 5, 9, 10, 12, tzinfo=UTC)
    message["Message-ID"] = "<20250509101200.4711@lindenhof-clinic.example>"
    message.set_content(answer)
    message.add_attachment(attached, filename="letter-2025-05-02.txt")
    message.set_boundary("=-lindenhof-4711")
    return message.as_bytes()


def imaging_set(size_bytes: int) -> Iterator[bytes]:
    """Yield a ZIP of CT slices of exactly this size, in pieces of about 1 MiB.

    Each slice is a DICOM file with an instance UID of its own, made from the one that pydicom
    ships. The last is padded as DICOM provides. Kept in memory are a piece and one directory entry
    of about 70 bytes for each slice.

    Args:
        size_bytes: An even number, at least that of a ZIP with one slice, and below 2 GiB.
    """
    directory, piece, offset = bytearray(), bytearray(), 0
    count, padding = _slices_for(size_bytes)
    for number in range(count):
        dicom = _slice(number)
        if number == count - 1:
            dicom += _PADDING.pack(0xFFFC, 0xFFFC, b"OB", 0, padding) + bytes(padding)
        name = _SLICE_NAME.format(number + 1).encode()
        about = (_ZIP_TIME, _ZIP_DATE, binascii.crc32(dicom), len(dicom), len(dicom), len(name), 0)
        local = _LOCAL.pack(b"PK\3\4", _ZIP_VERSION, 0, 0, *about)
        directory += _CENTRAL.pack(
            b"PK\1\2", _ZIP_VERSION, _ZIP_VERSION, 0, 0, *about, 0, 0, 0, 0, offset
        )
        directory += name
        offset += len(local) + len(name) + len(dicom)
        piece += local + name + dicom
        if len(piece) >= _MIB:
            yield bytes(piece)
            piece.clear()
    end = _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), offset, 0)
    yield bytes(piece + directory + end)


def _slices_for(size_bytes: int) -> tuple[int, int]:
    """Return how many slices a ZIP of this size holds, and the bytes of padding in the last."""
    name = len(_SLICE_NAME.format(1))
    each = _LOCAL.size + _CENTRAL.size + 2 * name + len(_slice(0))
    count, padding = divmod(size_bytes - _END.size - _PADDING.size, each)
    # 16 bits count the entries of a ZIP, and a DICOM value has an even length.
    assert 1 <= count < 1 << 16
    assert padding % 2 == 0
    return count, padding


def _slice(number: int) -> bytes:
    """Return one slice of the set as a DICOM file; the pixels are those of pydicom's own."""
    before, middle, between, after = _slice_around()
    uid = f"{_STUDY}.2.{_FIRST_SLICE + number}".encode()
    return b"".join((before, uid, middle, uid, between, f"{number + 1:012}".encode(), after))


@cache
def _slice_around() -> tuple[bytes, bytes, bytes, bytes]:
    """Return a slice as what stands before, between and after its two UIDs and its number.

    Writing each slice through pydicom took 2 ms, a set of 256 MiB 14 s; this way it takes 0.2 s.
    """
    path = get_testdata_file("CT_small.dcm", download=False)
    assert isinstance(path, str)
    made = pydicom.dcmread(path)  # pyright: ignore[reportUnknownMemberType] -- a bare PathLike
    del made[0xFFFCFFFC]  # ends the data set of the file that pydicom ships
    del made.OtherPatientIDsSequence
    made.PatientName, made.PatientID, made.PatientSex = "Marsh^Elena", "LH-204417", "F"
    made.PatientBirthDate, made.PatientAge = "19840614", "040Y"
    made.InstitutionName, made.StudyDescription = "Lindenhof Clinic", "CT abdomen"
    made.StudyDate = made.SeriesDate = made.AcquisitionDate = made.ContentDate = "20250405"
    made.StudyInstanceUID, made.SeriesInstanceUID = _STUDY, UID(f"{_STUDY}.2")
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = UID(_SLICE_TEMPLATE)
    made.InstanceNumber = _NUMBER_TEMPLATE
    written = io.BytesIO()
    made.save_as(written)
    before, middle, rest = written.getvalue().split(_SLICE_TEMPLATE.encode())
    between, after = rest.split(_NUMBER_TEMPLATE.encode())
    return before, middle, between, after
