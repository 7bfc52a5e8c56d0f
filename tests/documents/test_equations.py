"""Equations on one line."""

from __future__ import annotations

import pytest

from extractor.documents.elements import parse_xml
from extractor.documents.equations import equation


def office(content: str) -> str:
    return equation(parse_xml(f'<m:oMath xmlns:m="m">{content}</m:oMath>'))


def run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"<m:f><m:num>{run('a+b')}</m:num><m:den>{run('2')}</m:den></m:f>", "(a+b)/2"),
        (f"{run('v=')}<m:sSup><m:e>{run('10')}</m:e><m:sup>{run('-3')}</m:sup></m:sSup>", "v=10^(-3)"),
        (f"<m:sSub><m:e>{run('x')}</m:e><m:sub>{run('1')}</m:sub></m:sSub>", "x_1"),
        (f"<m:rad><m:deg/><m:e>{run('x')}</m:e></m:rad>", "sqrt(x)"),
        (f"<m:rad><m:deg>{run('3')}</m:deg><m:e>{run('x')}</m:e></m:rad>", "root(3, x)"),
        (f"<m:d><m:e>{run('n')}</m:e></m:d>", "(n)"),
        (f"<m:func><m:fName>{run('sin')}</m:fName><m:e>{run('x')}</m:e></m:func>", "sin(x)"),
        (
            f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{run("i=1")}</m:sub><m:sup>{run("n")}</m:sup>'
            f"<m:e>{run('i')}</m:e></m:nary>",
            "∑_(i=1)^n(i)",
        ),
        (f"<m:m><m:mr><m:e>{run('1')}</m:e><m:e>{run('0')}</m:e></m:mr></m:m>", "[1, 0]"),
    ],
)
def test_office_equations_keep_their_layout_in_brackets(content: str, line: str) -> None:
    """Fractions, powers, roots and sums are what a reader would type."""
    assert office(content) == line


def test_two_terms_never_become_one_number() -> None:
    """A fraction before a power is not one number with it."""
    fraction = f"<m:f><m:num>{run('1')}</m:num><m:den>{run('2')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{run('10')}</m:e><m:sup>{run('6')}</m:sup></m:sSup>"
    assert office(fraction + power) == "1/2 10^6"


def test_mathml_reads_the_same() -> None:
    """OpenDocument keeps its equations in MathML, with the source beside them."""
    content = "<mi>r</mi><mo>=</mo><mfrac><mn>1</mn><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></mfrac>"
    math = f"<math><semantics><mrow>{content}</mrow><annotation>r = 1 over n+1</annotation></semantics></math>"
    assert equation(parse_xml(math)) == "r=1/(n+1)"
