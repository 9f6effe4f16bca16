"""What no client of ours sends, and anybody may: each kind once."""

import json

DIGITS = "9" * 5000
BRACKETS = "[" * 100_000
LONG = "x" * 100_000

TEXTS = {
    "nothing": "",
    "a space": " ",
    "NUL": "\0",
    "NUL within": "a\0b",
    "half a surrogate pair": "\ud800",
    "control characters": "\x01\x7f\x85",
    "line break": "a\r\nSet-Cookie: a=b",
    "superscript": "²",
    "Arabic digit": "٣",
    "5,000 digits": DIGITS,
    "zero": "0",
    "below zero": "-1",
    "minus": "-",
    "2**31": str(2**31),
    "2**63": str(2**63),
    "10**30": str(10**30),
    "fraction": "1.5",
    "infinite": "1e999",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "a word": "abc",
    "true": "true",
    "null": "null",
    "brackets": BRACKETS,
    "an object": '{"a": {"b": 1}}',
    "JSON with a NUL": '{"a": "\\u0000"}',
    "JSON with half a pair": '{"\\udc00": 1}',
    "a pair": "1,2",
    "long": LONG,
    "percent": "%",
    "percent NUL": "%00",
    "the admin's NUL": "_00",
    "format": "%s{0}{x}",
    "markup": "<script>'\";--",
    "way up": "../../../etc/passwd",
    "right to left": "\u202eabc",
    "astral": "\U0001f600",
    "no such id": "00000000-0000-0000-0000-000000000000",
    "braced id": "{00000000000000000000000000000000}",
    "no such day": "2026-02-31",
    "year zero": "0000-01-01 00:00",
    "last year": "9999-12-31T23:59:59+23:59",
    "address": "http://[",
    "elsewhere": "//evil.example/",
}
"""By kind: parts of a path, of a query, of a form, of a header, of a cookie."""

JSON_VALUES = {
    **{kind: json.dumps(text) for kind, text in TEXTS.items()},
    "number": "5",
    "number zero": "0",
    "negative number": "-1",
    "number 2**31": str(2**31),
    "number 2**63": str(2**63),
    "number of 400 digits": "9" * 400,
    "number of 5,000 digits": DIGITS,
    "number with fraction": "1.5",
    "number beyond doubles": "1e999",
    "bare NaN": "NaN",
    "bare Infinity": "-Infinity",
    "bare true": "true",
    "bare false": "false",
    "bare null": "null",
    "empty list": "[]",
    "list": '["a"]',
    "empty object": "{}",
    "object": '{"a": 1}',
    "same key twice": '{"a": 1, "a": 2}',
    "NUL in a key": '{"a\\u0000": 1}',
    "half a pair in a key": '{"\\udc00": 1}',
    "100 lists": "[" * 100 + "]" * 100,
    "2,000 lists": "[" * 2000 + "]" * 2000,
    "100,000 open lists": BRACKETS,
    "100,000 open objects": '{"a":' * 100_000,
    "cut short": '{"a": "',
    "trailing": "1 2",
}
"""By kind: JSON text in place of a value, or of the whole body."""

BODIES = {
    "nothing": b"",
    "no UTF-8": b"\xff\xfe\x80",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-7": b"+AHsAIg-a+ACIAOg- 1+AH0-",
    "raw half pair": b'{"a": "\xed\xa0\x80"}',
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00C\xbf\xa6\xa3\x02\x00\x00\x00",
    "3 MB of JSON": b'{"a": "' + b"x" * 3_000_000 + b'"}',
    "3 MB of form": b"a=" + b"x" * 3_000_000,
    "2,000 fields": "&".join(f"f{number}=1" for number in range(2000)).encode(),
    "not a form": b"\0\0%%%===&&&;;;=%ED%A0%80&%00=%00",
}
"""By kind: what stands in place of a body, under any content type."""

BOUNDARY = "b0undary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def multipart(*parts: str, end: str = f"--{BOUNDARY}--\r\n") -> bytes:
    return (
        "".join(f"--{BOUNDARY}\r\nContent-Disposition: form-data; {part}\r\n" for part in parts).encode(
            "utf-8", "surrogatepass"
        )
        + end.encode()
    )


MULTIPARTS = {
    "no end": multipart('name="a"\r\n\r\n1', end=""),
    "no name": multipart("\r\n\r\n1"),
    "nothing but an end": multipart(),
    "200 files": multipart(*(f'name="file"; filename="{number}.jsonl"\r\n\r\n{{}}' for number in range(200))),
    "2,000 fields": multipart(*(f'name="f{number}"\r\n\r\n1' for number in range(2000))),
    "3 MB field": multipart(f'name="name"\r\n\r\n{"x" * 3_000_000}'),
    "NUL in a name": multipart('name="na\0me"\r\n\r\n1'),
    "NUL in a value": multipart('name="name"\r\n\r\na\0b'),
    "half a pair": multipart('name="name"\r\n\r\n\ud800'),
    "NUL in a file's name": multipart('name="file"; filename="a\0.jsonl"\r\n\r\n{}'),
    "no name of a file": multipart('name="file"; filename=""\r\n\r\n{}'),
    "long name of a file": multipart(f'name="file"; filename="{"x" * 5000}.jsonl"\r\n\r\n{{}}'),
    "foreign name of a file": multipart("name=\"file\"; filename*=utf-7''+AAA-.jsonl\r\n\r\n{}"),
    "unknown charset of a name": multipart("name=\"file\"; filename*=nonsense''a.jsonl\r\n\r\n{}"),
    "wrong base64": multipart('name="name"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!'),
    "unknown encoding": multipart('name="name"\r\nContent-Transfer-Encoding: nonsense\r\n\r\n1'),
    "charset of a part": multipart('name="name"\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+AAA-'),
    "nested": multipart('name="name"\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x--'),
    "file with a NUL mapping": multipart(
        'name="file"; filename="a.jsonl"\r\n\r\n{}', 'name="mapping"\r\n\r\n{"prompt": "a\\u0000"}'
    ),
    "file with half a pair": multipart(
        'name="file"; filename="a.jsonl"\r\n\r\n{}', 'name="mapping"\r\n\r\n{"prompt": "\\ud800"}'
    ),
    "file with brackets": multipart(
        'name="file"; filename="a.jsonl"\r\n\r\n{}', f'name="mapping"\r\n\r\n{BRACKETS}'
    ),
}  # fmt: skip

CONTENT_TYPES = (
    "application/json",
    "application/json; charset=utf-8",
    "application/json; charset=utf-7",
    "application/json; charset=utf-16",
    "application/json; charset=nonsense",
    "application/json; charset=",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-7",
    "application/x-www-form-urlencoded; charset=nonsense",
    MULTIPART,
    f"{MULTIPART}; charset=utf-7",
    f"{MULTIPART}; charset=idna",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=é",
    f"multipart/form-data; boundary={'x' * 500}",
    "multipart/mixed; boundary=a",
    "text/plain",
    "application/xml",
    "application/octet-stream",
    "*/*",
    "/",
    "",
    ";;;",
    "é",
)

HEADERS = {
    "HTTP_HOST": ("", "evil.example", "a b", "[::1", "localhost:99999", "\xff", "testserver:80@evil", "testserver."),
    "HTTP_ACCEPT": ("", "application/xml", "image/png", "*", "a/b;q=x", ";", "\xff", "text/html;" * 1000),
    "HTTP_ACCEPT_ENCODING": ("gzip;q=x", "\xff", "gzip," * 1000),
    "HTTP_ACCEPT_LANGUAGE": ("x" * 1000, "\xff", "en-" * 500),
    "HTTP_AUTHORIZATION": (
        "Bearer", "Bearer ", "Bearer \xe9", "Bearer \xff\xfe", "Bearer a b", "Bearer pl_\0", "Bearer " + "a" * 100_000,
        "Bearer pl_²", "bearer\xa0x", "Basic \xff", "Basic ====", "\0", "Token x",
    ),
    "HTTP_COOKIE": (
        'sessionid="\\000"', 'sessionid="a\\000b"', 'csrftoken="\\000"', 'messages="\\000"', "sessionid=\xff",
        "sessionid=" + "x" * 100_000, "sessionid=²", "messages=a:b:c", "csrftoken=é", ";;;==;", "=", 'a="\\377"',
        "; ".join(f"c{number}=1" for number in range(2000)), 'unrelated="\\000"',
    ),
    "HTTP_IDEMPOTENCY_KEY": ("\0", "\xff", "x" * 256, "x" * 255, " ", "²", "a\tb"),
    "HTTP_IF_MODIFIED_SINCE": ("yesterday", "Thu, 99 Foo 0000 99:99:99 GMT", "\xff"),
    "HTTP_IF_NONE_MATCH": ("*", "\xff", '"' * 1000),
    "HTTP_RANGE": ("bytes=-1", "bytes=5-1", "bytes=\xff", f"bytes={DIGITS}-"),
    "HTTP_HX_REQUEST": ("true", "\xff"),
    "HTTP_HX_CURRENT_URL": ("http://[", "\xff", "http://testserver/\0", "javascript:x", "//"),
    "HTTP_HX_CURRENT_URL_URI_AUTOENCODED": ("\xff",),
    "HTTP_HX_BOOSTED": ("true",),
    "HTTP_HX_TRIGGERING_EVENT": ("{", BRACKETS, "\xff"),
    "HTTP_ORIGIN": ("null", "http://[", "\xff"),
    "HTTP_REFERER": ("http://[", "\xff", "//"),
    "HTTP_X_REQUEST_ID": ("a\r\nb", "\xff", "x" * 5000),
    "HTTP_X_HTTP_METHOD_OVERRIDE": ("DELETE", "²"),
    "HTTP_X_FORWARDED_PROTO": ("https", "\xff"),
    "HTTP_X_FORWARDED_FOR": ("\xff", "1.2.3.4, x", "a" * 5000),
    "HTTP_CONTENT_ENCODING": ("gzip", "br", "nonsense"),
}  # fmt: skip
"""As WSGI has them: bytes read as Latin-1."""
