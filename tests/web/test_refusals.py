"""What cannot be read is refused in words that name the field, and nothing is taken for something else."""

import json

import pytest

from tests.web.asking import Ask
from tests.web.requests import FORM, JSON, filled, quoted, with_value
from tests.web.scene import ADMIN, ANONYMOUS, TOKEN, USER
from tests.web.table import TABLE
from tests.web.values import BRACKETS, DIGITS, MULTIPART, multipart

pytestmark = pytest.mark.django_db

ESTIMATE = TABLE["api/jobs/estimate"].json["POST"]
NUL, HALF = json.dumps("a\0"), json.dumps("\ud800")
STORED = "Holds a NUL character or half a surrogate pair."


@pytest.fixture
def ask(world, asker):
    def ask(who, method, path, query="", **about):
        answer = asker.ask(Ask(who, method, path.format(dataset=world.dataset.pk, job=world.job.pk), query, **about))
        assert not asker.failures, asker.failures
        return answer

    return ask


@pytest.fixture
def estimate(ask, world):
    """Ask for an estimate with this JSON text at one place."""
    whole = filled(ESTIMATE, world)

    def estimate(place, text, **about):
        body = with_value(whole, tuple(place.split(".")), text) if place else text
        return ask(TOKEN, "POST", "/api/jobs/estimate", **{"body": body.encode(), "content_type": JSON} | about)

    return estimate


@pytest.mark.parametrize(
    ("place", "text", "words"),
    [
        ("dataset_id", "5", "Must be a valid UUID."),
        ("dataset_id", "true", "Must be a valid UUID."),
        ("dataset_id", "[]", "Must be a valid UUID."),
        ("dataset_id", NUL, STORED),
        ("base_model", HALF, STORED),
        ("gpu_config.type", NUL, STORED),
        ("gpu_config.count", "true", "A valid integer is required."),
        ("gpu_config.count", '"1"', "A valid integer is required."),
        ("gpu_config.count", str(2**63), "Ensure this value is less than or equal to"),
        ("micro_batch_size", "1.5", "A valid integer is required."),
        ("within_hours", '"5"', "A valid number is required."),
        ("within_hours", "false", "A valid number is required."),
        ("within_hours", "9" * 400, "Ensure this value is less than or equal to"),
        ("alternatives", '"yes"', "Must be a valid boolean."),
        ("alternatives", "1", "Must be a valid boolean."),
        ("preset_id", NUL, STORED),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_at_its_field(estimate, place, text, words):
    answer = estimate(place, text)
    assert answer.status_code == 400
    assert answer.json()["error"] == "Validation error"
    assert words in answer.json()["details"][place][0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NaN", "NaN is no JSON number"),
        ("-Infinity", "-Infinity is no JSON number"),
        ("1e999", "1e999 is too large a number"),
        (DIGITS, "digits"),
        (BRACKETS, "Nested more than 32 deep"),
        ("[" * 40 + "]" * 40, "Nested more than 32 deep"),
        ('{"a": 1, "a": 2}', 'The key "a" stands twice'),
        ("", "JSON parse error"),
    ],
)
def test_json_that_readers_would_understand_differently_is_none(estimate, text, words):
    answer = estimate("within_hours", text)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


@pytest.mark.parametrize("body", [b"\xff", '{"a": 1}'.encode("utf-16"), b"\xef\xbb\xbf{}", b'"\xed\xa0\x80"'])
def test_json_is_utf_8(estimate, body):
    assert estimate("", "", body=body).status_code == 400


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "latin-1", "nonsense", "bz2_codec"])
@pytest.mark.parametrize("kind", [JSON, FORM, MULTIPART])
def test_other_charsets_are_not_guessed(ask, kind, charset):
    for who, path in ((TOKEN, "/api/jobs/estimate"), (TOKEN, "/api/datasets"), (ANONYMOUS, "/login")):
        answer = ask(who, "POST", path, body=b"{}", content_type=f"{kind}; charset={charset}")
        assert answer.status_code == 415
        assert b"UTF-8" in answer.content


@pytest.mark.parametrize("coding", ["gzip", "br", "nonsense"])
def test_packed_bodies_are_not_taken(estimate, coding):
    assert estimate("", "{}", headers=(("HTTP_CONTENT_ENCODING", coding),)).status_code == 415


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", ""])
def test_what_is_not_sent_as_json_is_not_read_as_such(estimate, kind):
    assert estimate("", "{}", content_type=kind).status_code == 415


@pytest.mark.parametrize(
    ("who", "path", "content_type", "body", "status"),
    [
        (TOKEN, "/api/jobs/estimate", JSON, b'"' + b"x" * 3_000_000 + b'"', 413),
        (USER, "/api/jobs/estimate", JSON, b'"' + b"x" * 3_000_000 + b'"', 413),
        (ANONYMOUS, "/login", FORM, b"a=" + b"x" * 3_000_000, 413),
        (TOKEN, "/api/datasets", MULTIPART, multipart(f'name="name"\r\n\r\n{"x" * 3_000_000}'), 413),
        (USER, "/datasets/upload", MULTIPART, multipart(f'name="name"\r\n\r\n{"x" * 3_000_000}'), 413),
        (ANONYMOUS, "/login", FORM, "&".join(f"f{n}=" for n in range(1001)).encode(), 400),
        (TOKEN, "/api/datasets", MULTIPART, multipart(*(f'name="f{n}"\r\n\r\n1' for n in range(1001))), 400),
        (TOKEN, "/api/datasets", MULTIPART, multipart(*['name="file"; filename="a.jsonl"\r\n\r\n{}'] * 101), 400),
        (USER, "/datasets/upload", MULTIPART, multipart(*['name="file"; filename="a.jsonl"\r\n\r\n{}'] * 101), 400),
    ],
)  # fmt: skip
def test_too_much_is_said_to_be_too_much(ask, who, path, content_type, body, status):
    answer = ask(who, "POST", path, body=body, content_type=content_type)
    assert answer.status_code == status
    assert any(words in answer.content for words in (b"larger than", b"More than 100 files", b"More than 1,000 fields"))


@pytest.mark.parametrize("query", ["&".join(f"f{n}=" for n in range(1001)), "q=%00", "%00=1", "q=%ff", "q=%ED%A0%80"])
@pytest.mark.parametrize(
    ("who", "path"), [(ANONYMOUS, "/login"), (USER, "/datasets"), (TOKEN, "/api/jobs"), (ADMIN, "/admin/auth/user/")]
)
def test_an_address_that_is_no_text(ask, who, path, query):
    assert ask(who, "GET", path, query).status_code == 400


@pytest.mark.parametrize("version", ["²", "abc", "0", "-1", "1.5", DIGITS, str(2**63), "none", "٣x"])
def test_a_version_that_is_no_number(ask, version):
    answer = ask(TOKEN, "GET", "/api/datasets/{dataset}/download", f"version={quoted(version)}")
    assert answer.status_code == 400
    assert answer.json()["details"]["version"]


def test_a_version_that_is_none(ask):
    assert ask(TOKEN, "GET", "/api/datasets/{dataset}/download", "version=2").status_code == 404
    assert ask(TOKEN, "GET", "/api/datasets/{dataset}/download", "version=1").status_code == 200
    for number in ("0", "2", DIGITS, str(2**63)):
        assert ask(USER, "GET", f"/datasets/{{dataset}}/versions/{number}/download").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/%00", "/api/%00", "/account/tokens/%00/revoke", "/admin/auth/user/%00/change/"],
)
@pytest.mark.parametrize("who", [ANONYMOUS, ADMIN])
def test_an_address_with_a_nul_leads_nowhere(ask, who, path):
    assert ask(who, "GET", path).status_code == 404


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "anything"])
@pytest.mark.parametrize("value", [r'"\000"', r'"a\000b"', r'"\377"', '"', "=;=", "\xff"])
@pytest.mark.parametrize("path", ["/login", "/datasets", "/api/jobs", "/admin/login/", "/nowhere"])
def test_a_cookie_that_is_none_of_ours_is_as_if_not_sent(ask, path, name, value):
    plain = ask(ANONYMOUS, "GET", path)
    answer = ask(ANONYMOUS, "GET", path, headers=(("HTTP_COOKIE", f"{name}={value}"),))
    assert answer.status_code == plain.status_code


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("mapping", '{"prompt": "a\\u0000"}', STORED),
        ("mapping", '{"prompt": "\\ud800"}', STORED),
        ("mapping", BRACKETS, "Nested more than 32 deep"),
        ("mapping", '{"prompt": "a", "prompt": "b"}', "stands twice"),
        ("name", "a\0", "Null characters are not allowed."),
    ],
)
def test_a_field_of_an_upload_is_refused_at_its_field(ask, field, text, words):
    sent = multipart('name="file"; filename="a.jsonl"\r\n\r\n{}', f'name="{field}"\r\n\r\n{text}')
    answer = ask(TOKEN, "POST", "/api/datasets", body=sent, content_type=MULTIPART)
    assert answer.status_code == 400
    assert words in answer.json()["details"][field][0]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", "5"),
        ("name", NUL),
        ("mapping", '{"role:\\ud800": "user"}'),
        ("merge_turns", '"no"'),
        ("merge_turns", "0"),
        ("evaluation_share", '"0.1"'),
        ("evaluation_share", "false"),
        ("split_seed", '"5"'),
        ("split_seed", str(2**63)),
        ("evaluation_dataset_id", "5"),
    ],
)
def test_a_change_of_the_wrong_kind_is_refused_at_its_field(ask, field, text):
    body = f'{{"{field}": {text}}}'.encode()
    answer = ask(TOKEN, "PATCH", "/api/datasets/{dataset}", body=body, content_type=JSON)
    assert answer.status_code == 400
    assert any(place.startswith(field) for place in answer.json()["details"])


@pytest.mark.parametrize("query", ["page=²x", f"page={2**63}", "limit=0", "limit=1e3", f"page={DIGITS}", "status=x"])
def test_a_list_says_what_is_wrong_with_its_query(ask, query):
    for path in ("/api/jobs", "/api/datasets"):
        answer = ask(TOKEN, "GET", path, query)
        assert answer.status_code == 400
        assert query.partition("=")[0] in answer.json()["details"]


@pytest.mark.parametrize("accept", ["application/xml", "image/png", "nonsense", "\xff", "text/html"])
def test_where_there_is_no_choice_there_is_one_answer(ask, accept):
    answer = ask(TOKEN, "GET", "/api/jobs", headers=(("HTTP_ACCEPT", accept),))
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    assert ask(TOKEN, "GET", "/api/jobs/{job}/adapter", headers=(("HTTP_ACCEPT", accept),)).status_code == 200


@pytest.mark.parametrize(
    "token", ["Bearer \xff", "Bearer pl_\xe9", "Bearer pl_\x01", "Bearer", "Bearer a b", "Bearer "]
)
def test_a_token_that_is_no_text_is_a_wrong_one(ask, token):
    answer = ask(ANONYMOUS, "GET", "/api/jobs", headers=(("HTTP_AUTHORIZATION", token),))
    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["HTTP_USER_AGENT", "HTTP_ACCEPT", "HTTP_X_FORWARDED_FOR", "HTTP_REFERER"])
@pytest.mark.parametrize("value", ["", "\xff", "x" * 5000, "x", "1.2.3.4:5", "::1%eth0", "1.2.3.4, "])
def test_a_wrong_password_is_one_whoever_sends_it(ask, settings, name, value):
    """What is kept of it are the client's own words, and where it says that it comes from."""
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    answer = ask(
        ANONYMOUS, "POST", "/login", body=b"username=ada&password=x", content_type=FORM, headers=((name, value),)
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["HTTP_USER_AGENT", "HTTP_COOKIE", "HTTP_AUTHORIZATION"])
def test_a_header_with_a_nul_is_no_header(ask, name):
    assert ask(ANONYMOUS, "GET", "/login", headers=((name, "a=\0"),)).status_code == 400


@pytest.mark.parametrize("host", ["evil.example", "a b", "[::1", "testserver:80@evil.example", "\xff", ""])
@pytest.mark.parametrize("path", ["/login", "/api/jobs", "/nowhere", "/admin/"])
def test_another_host_is_not_served(ask, path, host):
    assert ask(ANONYMOUS, "GET", path, headers=(("HTTP_HOST", host),)).status_code == 400


def test_a_method_is_what_the_request_line_says(ask, world):
    for header in ("HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_X_METHOD_OVERRIDE"):
        answer = ask(TOKEN, "POST", "/api/datasets/{dataset}", headers=((header, "DELETE"),))
        assert answer.status_code == 405
    world.dataset.refresh_from_db()
    assert world.dataset.deleted_at is None


@pytest.mark.parametrize("path", ["/datasets/{dataset}/delete", "/training/accuracy", "/api/datasets", "/logout"])
def test_a_method_that_an_address_does_not_have_is_said_in_its_own_way(ask, path):
    answer = ask(TOKEN if path.startswith("/api") else USER, "PUT", path)
    assert answer.status_code == 405
    assert answer["Allow"]
