"""The control words of RTF that matter to its text; whatever is not told here changes looks alone."""

from __future__ import annotations

__all__ = ["CHARSETS", "ESCAPES", "HEARD", "NOTES", "SILENT", "SYMBOLS"]

SILENT = frozenset(
    {"author", "bkmkend", "bkmkstart", "blipuid", "buptim", "category", "colorschememapping", "colortbl", "comment"}
    | {"company", "creatim", "datafield", "datastore", "doccomm", "docvar", "falt", "filetbl", "fldinst", "fontemb"}
    | {"fonttbl", "formfield", "generator", "info", "keywords", "latentstyles", "listname", "listoverridetable"}
    | {"listpicture", "listtable", "manager", "mmathPr", "nextfile", "nonshppict", "objclass", "objdata", "operator"}
    | {"panose", "pict", "pntxta", "pntxtb", "printim", "private", "revtbl", "revtim", "rsidtbl", "rxe", "shprslt"}
    | {"sn", "stylesheet", "subject", "sv", "tc", "template", "themedata", "title", "userprops", "wgrffmtfilter", "xe"}
)
HEARD = frozenset({"shpinst", "shptxt", "listtext", "pntext", "annotation", "footnote", "ud", "atnauthor"})
NOTES = frozenset({"annotation", "footnote"})
SYMBOLS = {
    **{"par": "\n", "line": "\n", "page": "\n", "sect": "\n", "tab": "\t", "emdash": "—", "endash": "–"},
    **{"bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”"},
    **{"emspace": " ", "enspace": " ", "qmspace": " "},
}
ESCAPES = {b"~": " ", b"_": "-", b"\n": "\n", b"\r": "\n", b"{": "{", b"}": "}", b"\\": "\\"}
CHARSETS = {
    **{0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "big5"},
    **{161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257"},
    **{204: "cp1251", 222: "cp874", 238: "cp1250"},
}
