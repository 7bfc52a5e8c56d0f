"""Numbers as a spreadsheet shows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents.number_formats import BUILT_IN, formatted, general


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        (0.125, "0%", "13%"),
        (0.125, "0.0%", "12.5%"),
        (42, "00000", "00042"),
        (7, '"No. "000', "No. 007"),
        (3.5, "00.0", "03.5"),
        (12, '0"."00', "0.12"),
        (45.62, ".0", "45.6"),
        (12345.6, "# ##,##0", "12,346"),
        (12, '00"."00', "00.12"),
        (-4.25, "000.00", "-004.25"),
        (11342283.4233124, "0.000000000", "11342283.423312400"),
        (2.5, '0.0" t"', "2.5 t"),
        (1234567, "#,##0", "1,234,567"),
        (1234567, '#,##0,"k"', "1,235k"),
        (12e6, '0.0,,"M"', "12.0M"),
        (500_000, '0,,"M"', "1M"),
        (-9.5, "#,##0.00;(#,##0.00)", "(9.50)"),
        (-9.5, "0.0;[Red]-0.0", "-9.5"),
        (0, '0;-0;"none"', "none"),
        (2.675, "0.00", "2.68"),
        (19.9, "[$£-809]#,##0.00", "£19.90"),
        (1234.5, '_-* #,##0.00\\ "€"_-', "1,234.50 €"),
        (1.75, "# ?/?", "1 3/4"),
        (0.5, "# ?/8", "4/8"),
        (0.125, "# ?/16", "2/16"),
        (0, "# ?/?", "0"),
        (5.5, '# ?/?" in"', "5 1/2 in"),
        (123456, "0.00E+00", "1.23E+05"),
        (0, "0.00E+00", "0.00E+00"),
        (123456, "##0.0E+0", "123.5E+3"),
        (999960, "##0.0E+0", "1.0E+6"),
        (0.00012, '0.0E-0" Pa"', "1.2E-4 Pa"),
        (441632960000, "+00 000 000000", "+441 632 960000"),
        (3, '[<5]"few";"many"', "few"),
        (20, '[<5]"few";[<10]"some"', "20"),
        (12.5, "[>=100]0", "12.5"),
        (-3, "[<0]0.0;0", "-3.0"),
        (1234, '0"%s"0', "123%s4"),
        (3, 'General" pcs"', "3 pcs"),
        (3.5, "@", "3.5"),
        (45292, "dd/mm/yyyy", "2024-01-01"),
        (45292.75, "d mmm yy h:mm", "2024-01-01 18:00"),
        (45292, "mmmm yyyy", "January 2024"),
        (45292, "yyyy", "2024"),
        (0.75, "h:mm AM/PM", "6:00 PM"),
        (1.25, "[h]:mm", "30:00"),
        (0.0625, "[mm]:ss", "90:00"),
        (-0.5, "[h]:mm", "-12:00"),
        (0.5, "hh:mm:ss", "12:00:00"),
        (1.25, "d.hh:mm", "1.06:00"),
        (26 / 24, "[h].mm", "26.00"),
        (83.45 / 86_400, "[mm]:ss.00", "01:23.45"),
        (83.45 / 86_400, "[s].00", "83.45"),
        (45292, '"Due: "dd.mm.yyyy', "Due: 2024-01-01"),
        (45292.5, 'dd.mm.yyyy hh:mm" h"', "2024-01-01 12:00 h"),
        (45292, 'ggge"年"m"月"d"日"', "2024-01-01"),
        (45292.25, "yyyy-mm-dd hh:mm:ss.000", "2024-01-01 06:00:00.000"),
        (0.999999, "hh:mm", "23:59"),
        (12.5 / 24, "hh:mm", "12:30"),
        (26.999 / 24, "[h]:mm", "26:59"),
        (59, "dd/mm/yyyy", "1900-02-28"),
        (0, "dd/mm/yyyy", "1900-01-00"),
        (100.49999999999999, "0", "101"),
        (4111111111111111, "General", "4111111111111111"),
        (1234.5, ";;;", "1234.5"),
        (-0.0, "General", "0"),
        (-3, "0;;0", "-3"),
        (-4, "\\-0", "--4"),
        (0, "0;-0;;@", "0"),
        (0, "#,###", "0"),
    ],
)
def test_a_number_is_shown_as_its_cell_shows_it(number: float, code: str, text: str) -> None:
    """Percent signs, zeros in front, units, signs, fractions, moments and lengths of time are part of the value."""
    assert formatted(number, code) == text


def test_days_may_be_counted_from_1904() -> None:
    """Workbooks from old Macintoshes count from four years later; a length of time counts from nothing."""
    assert formatted(43830, "yyyy-mm-dd", from_1904=True) == "2024-01-01"
    assert formatted(43830.5, "yyyy-mm-dd h:mm", from_1904=True) == "2024-01-01 12:00"
    assert formatted(1.25, "[h]:mm", from_1904=True) == "30:00"


@given(st.integers(-(10**9), 10**9))
def test_whole_numbers_keep_every_digit(number: int) -> None:
    """Groups and decimals add characters, and change none of the digits."""
    assert formatted(number, "#,##0.00").replace(",", "") == f"{number}.00"
    assert general(number) == str(number)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([*BUILT_IN.values(), "[h]:mm", '0"x"']))
def test_every_number_has_a_form_in_every_format(number: float, code: str) -> None:
    """No number is too large, too small or too negative for a code."""
    assert isinstance(formatted(number, code), str)
