"""Why a record was refused: from the word that is counted and kept to a sentence for the terminal."""

import re

_SENTENCES = {
    "bad_date": "its capture date is missing, impossible or in the future",
    "bad_external_id": "its id is empty or too long",
    "bad_status": "it has no HTTP status",
    "bad_url": "its address cannot be used (only http and https, no user names)",
    "broken_zip": "the file is no whole zip; get it again",
    "digest_differs": "its bytes were changed: they have not the digest that the record names",
    "hash_differs": "it is not the file that the WACZ lists: its hash differs",
    "listed_but_missing": "the WACZ lists it, and it is not there",
    "listing_unreadable": "the listing of the WACZ (datapackage.json) cannot be read",
    "named_twice": "the WACZ holds two files of this name",
    "no_listing": "the WACZ has no listing (datapackage.json), so no hash could be checked",
    "not_listed": "the listing of the WACZ does not name it",
    "too_many_files": "the WACZ holds more files than are read",
    "unsafe_name": "its name leads out of the archive",
    "zip_bomb": "it grows beyond what a web archive may",
    "broken": "the server answered with an error, not with a page",
    "broken_csv": "the row is no valid CSV",
    "broken_json": "the line is no valid JSON",
    "content_encoding_cut": "its compressed content breaks off",
    "cut_off": "the file breaks off in the middle of this record; get the whole file and import it again",
    "empty_row": "the row is empty",
    "gone": "the page was gone when it was captured",
    "gzip_cut_off": "the compressed file breaks off here; get the whole file and import it again",
    "id_is_no_text": "its id is neither text nor a number",
    "length_lies": "its stated length is wrong",
    "line_too_long": "the line is longer than 10 MiB",
    "no_record": "there is no record here, only bytes that cannot be read",
    "no_text": "it has neither a text nor a title",
    "not_a_warc_record": "this is no WARC record",
    "not_an_object": "the line is JSON, but no object with named fields",
    "not_modified": "the server only said that the page had not changed",
    "not_stored": "it could not be stored; the log says why",
    "not_utf8": "the line is not in UTF-8",
    "oversize": "its content is larger than a page may be",
    "parse_incomplete": "no ad could be read from it",
    "refused": "the server refused the page",
    "slow_down": "the server asked to come later",
    "text_too_long": "its text is too long for an ad",
    "too_many_content_encodings": "its content is compressed too many times over",
    "unclosed_quote": "a quotation mark is opened and never closed",
    "wall": "a check for robots or a login form stands in place of the page",
}
_COLUMNS = re.compile(r"(\d+)_columns_instead_of_(\d+)")
_FIELD = re.compile(r"(\w+)_(is_no_text|too_long)")


def reason_sentence(reason: str) -> str:
    """The reason in plain English; a word that nobody has written a sentence for stays as it is."""
    code = reason.removeprefix("bad_record: ").removeprefix("ad_refused: ")
    if code in _SENTENCES:
        return _SENTENCES[code]
    if columns := _COLUMNS.fullmatch(code):
        return f"the row has {columns[1]} columns, the header has {columns[2]}"
    if field := _FIELD.fullmatch(code):
        return f"the field {field[1]!r} " + ("is too long" if field[2] == "too_long" else "holds no text")
    if code.startswith("parser_killed"):
        return "reading it took too long or too much memory, and was stopped"
    return code
