#!/usr/bin/env python3
"""Writes the workbooks of this suite into workbooks/, always the same bytes.

    pip install openpyxl==3.1.5 odfpy==1.4.1 xlwt==1.3.0 msoffcrypto-tool==6.1.0
    python suites/files/make.py

The files are checked in, so that the tests need no Python. A password-protected workbook has a
random salt: it is written only where it is missing.
"""
import datetime
import io
import os
import zipfile

import msoffcrypto.format.ooxml
import openpyxl
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl.drawing.image import Image
from openpyxl.utils import get_column_letter

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "workbooks")
DAY = datetime.date
STILL = datetime.datetime(2024, 1, 1)


def settle(data):
    """The same archive without times of writing."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), old.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def save(book, name):
    book.properties.created = book.properties.modified = STILL
    out = io.BytesIO()
    book.save(out)
    # openpyxl writes the moment of saving.
    data = out.getvalue()
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        parts = {n: z.read(n) for n in z.namelist()}
    core = parts["docProps/core.xml"].decode()
    start, end = core.index("<dcterms:modified"), core.index("</dcterms:modified>")
    parts["docProps/core.xml"] = (core[: core.index(">", start) + 1] + "2024-01-01T00:00:00Z" + core[end:]).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for part, content in parts.items():
            z.writestr(zipfile.ZipInfo(part, (2024, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    write(name, out.getvalue())
    return out.getvalue()


def write(name, data):
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)


def sheet(book, name, rows):
    page = book.create_sheet(name)
    for row in rows:
        page.append(row)
    return page


def book():
    made = openpyxl.Workbook()
    made.remove(made.active)
    return made


ORDERS = [
    ["order_id", "order_date", "region", "amount"],
    [1, DAY(2024, 1, 5), "North", 40.5],
    [2, DAY(2024, 1, 9), "South", 30.25],
    [3, DAY(2024, 2, 11), "North", 50.25],
]


def main():
    os.makedirs(HERE, exist_ok=True)

    b = book()
    sheet(b, "Sheet1", ORDERS)
    plain = save(b, "plain.xlsx")

    # Titles merged over the table, a totals row, a remark.
    b = book()
    page = sheet(b, "Report", [["Sales of the first quarter"], ["Printed on 1 March 2024"], []] + ORDERS + [["Total", None, None, 121.0], [], ["Source: the till system"]])
    page.merge_cells("A1:D1")
    save(b, "titled.xlsx")

    # A region merged over its rows; amounts as text with signs.
    b = book()
    page = sheet(b, "Sheet1", [["region", "city", "amount"], ["North", "Pune", 10], [None, "Nashik", 20], ["South", "Kochi", 5], [None, "Madurai", 7]])
    page.merge_cells("A2:A3")
    page.merge_cells("A4:A5")
    save(b, "merged.xlsx")

    # A sheet for every month.
    b = book()
    for month, number in (("January", 1), ("February", 2)):
        sheet(b, month, [["day", "product", "units"], [DAY(2024, number, 3), "Tea", 4 * number], [DAY(2024, number, 9), "Salt", number]])
    save(b, "months.xlsx")

    # Two tables of different kinds on two sheets, a hidden sheet and an empty one.
    b = book()
    sheet(b, "orders", [["order_id", "customer_id", "amount"], [1, 7, 40.5], [2, 8, 30.25], [3, 7, 50.25]])
    sheet(b, "customers", [["customer_id", "name"], [7, "Ada"], [8, "Ben"]])
    sheet(b, "scratch", [["x", "y"], [1, 2]]).sheet_state = "hidden"
    sheet(b, "empty", [])
    save(b, "two_tables.xlsx")

    # A wide table of months under a two-row header.
    b = book()
    sheet(b, "stores", [[None, "2023", None, "2024", None, "2025", None], ["store", "sales", "units", "sales", "units", "sales", "units"], ["A", 10, 1, 20, 2, 30, 3], ["B", 40, 4, 50, 5, 60, 6]])
    save(b, "two_row_header.xlsx")

    # Real dates as heads of columns.
    b = book()
    sheet(b, "units", [["region", DAY(2024, 1, 1), DAY(2024, 2, 1), DAY(2024, 3, 1)], ["North", 1, 2, 3], ["South", 4, None, 6]])
    save(b, "dated_heads.xlsx")

    # Dates that are numbers without a format, next to times of day.
    b = book()
    sheet(b, "Sheet1", [["order_date", "sold_at", "amount"], [45296, datetime.time(9, 30), 1.5], [45297, datetime.time(17, 5), 2.5]])
    save(b, "serials.xlsx")

    # One table beside the other, with facts above.
    b = book()
    sheet(b, "Sheet1", [["Store:", "Pune"], ["Manager:", "Ada"], []] + [["item", "qty"], ["Tea", 3], ["Salt", 4]])
    save(b, "facts_above.xlsx")

    # A cell in the last corner.
    b = book()
    page = sheet(b, "Sheet1", [["item", "qty"], ["Tea", 3], ["Salt", 4]])
    page[f"{get_column_letter(16384)}1048576"] = None
    page["H900000"] = "typed here by mistake"
    save(b, "far_cell.xlsx")

    # Errors and computed cells without a kept value.
    b = book()
    sheet(b, "Sheet1", [["item", "qty", "price"], ["Tea", 3, "#N/A"], ["Salt", "#DIV/0!", 2.5], ["Soap", 5, 3.5]])
    save(b, "errors.xlsx")

    # A sheet of pictures.
    b = book()
    page = sheet(b, "Photos", [])
    png = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
    try:
        page.add_image(Image(io.BytesIO(png)), "A1")
    except ImportError:
        # Without an imaging library the sheet is merely empty, which is read the same way.
        pass
    save(b, "pictures.xlsx")

    write("truncated.xlsx", plain[: len(plain) * 2 // 3])

    path = os.path.join(HERE, "password.xlsx")
    if not os.path.exists(path):
        with open(path, "wb") as f:
            msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(plain)).encrypt("secret", f)

    old = xlwt.Workbook()
    page = old.add_sheet("Orders")
    style = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for i, row in enumerate(ORDERS):
        for j, cell in enumerate(row):
            if isinstance(cell, DAY):
                page.write(i, j, cell, style)
            else:
                page.write(i, j, cell)
    out = io.BytesIO()
    old.save(out)
    write("old.xls", out.getvalue())

    ods = OpenDocumentSpreadsheet()
    table = Table(name="Orders")
    for row in ORDERS:
        line = TableRow()
        for cell in row:
            if isinstance(cell, DAY):
                made = TableCell(valuetype="date", datevalue=cell.isoformat())
            elif isinstance(cell, str):
                made = TableCell(valuetype="string")
            else:
                made = TableCell(valuetype="float", value=str(cell))
            made.addElement(P(text=str(cell)))
            line.addElement(made)
        table.addElement(line)
    ods.spreadsheet.addElement(table)
    out = io.BytesIO()
    ods.write(out)
    write("open.ods", settle(out.getvalue()))


if __name__ == "__main__":
    main()
