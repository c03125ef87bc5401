"""Documents, made where they are needed: good ones, and ones that nobody should have to read."""

from __future__ import annotations

import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from docx import Document
from pypdf import PdfReader, PdfWriter


def pdf(*pages: str) -> bytes:
    """A page for each text, a line for each of its lines."""
    return raw_pdf(*(_stream(page) for page in pages))


def _stream(page: str) -> bytes:
    lines = "".join(f"({line}) Tj T*\n" for line in page.split("\n"))
    return f"BT /F 12 Tf 14 TL 50 700 Td\n{lines}ET".encode("latin-1")


def raw_pdf(*streams: bytes) -> bytes:
    """With these contents of pages, deflated."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(streams)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n, stream in enumerate(streams):
        packed = zlib.compress(stream, 9)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {5 + 2 * n} 0 R"
            f" /Resources << /Font << /F 3 0 R >> >> >>".encode()
        )
        head = f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + packed + b"\nendstream")
    written, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return written + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(written))
    )


def encrypted_pdf(words: str) -> bytes:
    writer, out = PdfWriter(PdfReader(BytesIO(pdf(words)))), BytesIO()
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def docx(*parts: tuple[int, str] | list[list[str]]) -> bytes:
    """(level, text) is a heading, or with level 0 a paragraph; rows of cells are a table."""
    document, out = Document(), BytesIO()
    for part in parts:
        if isinstance(part, list):
            table = document.add_table(len(part), len(part[0]))
            for row, cells in zip(table.rows, part, strict=True):
                for cell, words in zip(row.cells, cells, strict=True):
                    cell.text = words
        elif part[0]:
            document.add_heading(part[1], part[0])
        else:
            document.add_paragraph(part[1])
    document.save(out)
    return out.getvalue()


def with_part(packed: bytes, name: str, content: bytes) -> bytes:
    """A docx in which one part is another."""
    out = BytesIO()
    with ZipFile(BytesIO(packed)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))
        if name not in old.namelist():
            new.writestr(name, content)
    return out.getvalue()


def zipped(**parts: bytes) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()
