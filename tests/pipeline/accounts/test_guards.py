"""Who tries passwords or tokens is locked out, who asks too often waits, and nobody takes more than their share."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from pipeline.accounts import throttling
from pipeline.accounts.models import ApiToken, Quota
from training.core.presets import PRESETS

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
FRESH = re.compile(r"\b[A-Za-z0-9]{64}\b")  # a CSRF token, new in each answer
QUICK = "django.contrib.auth.hashers.MD5PasswordHasher"


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = [QUICK, *settings.PASSWORD_HASHERS]


@pytest.fixture
def rates(settings):
    """Change some; what other tests have counted is forgotten."""
    cache.delete_pattern("rate:*")

    def change(**changes):
        settings.RATES = settings.RATES | changes

    yield change
    cache.delete_pattern("rate:*")


@pytest.fixture
def ada(user):
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client, name, password, **extra):
    return client.post("/login", {"username": name, "password": password}, **extra)


def script(token):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


class TestSigningIn:
    @pytest.fixture(autouse=True)
    def without_rate(self, rates, settings):
        rates(sign_in="")
        settings.AXES_FAILURE_LIMIT = 3

    @pytest.mark.parametrize("page", ["/login", "/admin/login/"])
    def test_after_some_wrong_passwords_even_the_right_one_is_refused_for_a_while(self, client, ada, page):
        answers = [client.post(page, {"username": "ada", "password": "wrong"}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        answer = client.post(page, {"username": "ada", "password": PASSWORD})
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) > 0
        assert "Too many attempts" in answer.content.decode()

    def test_nobody_learns_whether_there_is_such_an_account(self, client, ada):
        def tried(name):
            answers = [sign_in(client, name, "wrong") for _ in range(4)]
            return [
                (answer.status_code, FRESH.sub("", answer.content.decode().replace(f'value="{name}"', "")))
                for answer in answers
            ]

        assert tried("ada") == tried("bob")

    def test_others_at_the_same_address_and_the_same_name_elsewhere_are_let_in(self, client, ada, other_user, settings):
        settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 0}
        other_user.set_password(PASSWORD)
        other_user.save()
        for _ in range(4):
            sign_in(client, "ada", "wrong")
        assert sign_in(client, "grace", PASSWORD).status_code == 302
        client.logout()
        assert sign_in(client, "ada", PASSWORD, REMOTE_ADDR="192.0.2.9").status_code == 302

    def test_a_right_password_forgets_the_wrong_ones(self, client, ada):
        for _ in range(3):
            for _ in range(2):
                sign_in(client, "ada", "wrong")
            assert sign_in(client, "ada", PASSWORD).status_code == 302
            client.logout()

    def test_an_address_that_tries_many_names_is_stopped_too(self, client, db, rates):
        rates(sign_in="5/min")
        codes = [sign_in(client, f"name{number}", "wrong").status_code for number in range(7)]
        assert codes == [200] * 5 + [429] * 2

    def test_a_forwarded_address_counts_only_behind_a_proxy(self, client, db, rates):
        rates(sign_in="3/min")
        codes = [
            sign_in(client, "x", "wrong", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}").status_code for number in range(4)
        ]
        assert codes[-1] == 429


class TestTokens:
    def test_what_is_known_of_a_token(self, signed_in, user):
        token = signed_in.post("/account/tokens", {"name": "Nightly run", "expires": "30"}).context["new_token"]
        kept = ApiToken.objects.get()
        assert timedelta(days=29) < kept.expiry - timezone.now() < timedelta(days=31)
        assert kept.last_used_at is None
        assert script(token).get("/api/jobs").status_code == 200
        kept.refresh_from_db()
        assert timezone.now() - kept.last_used_at < timedelta(minutes=1)
        page = signed_in.get("/account").content.decode()
        assert "Nightly run" in page
        assert token not in page

    @pytest.mark.parametrize("values", [{}, {"name": ""}, {"name": "x" * 81}, {"name": "x", "expires": "31"}])
    def test_a_token_without_a_name_or_with_a_strange_lifetime_is_not_made(self, signed_in, values):
        answer = signed_in.post("/account/tokens", values)
        assert answer.status_code == 422
        assert "new_token" not in answer.context
        assert not ApiToken.objects.exists()

    def test_an_expired_token_is_refused_and_no_longer_shown(self, signed_in, user):
        token = ApiToken.objects.create(user, expiry=timedelta(days=1), name="Old one")[1]
        assert script(token).get("/api/jobs").status_code == 200
        ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
        answer = script(token).get("/api/jobs")
        assert answer.status_code == 401
        assert "expired" in answer.json()["error"]
        assert "Old one" not in signed_in.get("/account").content.decode()

    @pytest.mark.parametrize("way", ["page", "admin", "code"])
    def test_tokens_end_with_the_password_they_were_made_under(self, client, admin_client, ada, other_user, way):
        token, other = ApiToken.objects.create(ada)[1], ApiToken.objects.create(other_user)[1]
        new = {"new_password1": "another long secret", "new_password2": "another long secret"}
        match way:
            case "page":
                client.force_login(ada)
                client.post("/account/password", {"old_password": PASSWORD, **new})
            case "admin":
                change = {
                    "password1": new["new_password1"],
                    "password2": new["new_password1"],
                    "usable_password": "true",
                }
                admin_client.post(f"/admin/auth/user/{ada.pk}/password/", change)
            case "code":
                ada.set_password(new["new_password1"])
                ada.save()
        ada.refresh_from_db()
        assert ada.check_password(new["new_password1"])
        assert script(token).get("/api/jobs").status_code == 401
        assert script(other).get("/api/jobs").status_code == 200

    def test_a_stronger_hash_of_the_same_password_revokes_nothing(self, client, ada, settings):
        token = ApiToken.objects.create(ada)[1]
        settings.PASSWORD_HASHERS = [settings.PASSWORD_HASHERS[1], QUICK]
        before = ada.password
        assert sign_in(client, "ada", PASSWORD).status_code == 302
        ada.refresh_from_db()
        assert ada.password != before
        assert script(token).get("/api/jobs").status_code == 200

    def test_a_user_who_is_locked_out_has_no_tokens_either(self, ada):
        token = ApiToken.objects.create(ada)[1]
        ada.is_active = False
        ada.save()
        assert script(token).get("/api/jobs").status_code == 401

    @pytest.mark.parametrize(
        "token", ["x", "pl_" + "a" * 64, "é", "a\\0b", "\x7f", "Ω".encode().decode("latin-1"), "a" * 100_000]
    )
    def test_whatever_is_no_token_is_refused(self, token, rates):
        answer = script(token).get("/api/jobs")
        assert answer.status_code == 401
        assert set(answer.json()) == {"error", "details"}

    def test_an_address_that_tries_wrong_tokens_is_locked_out_with_right_ones_too(self, ada, rates):
        rates(wrong_token="3/min")
        right, wrong = script(ApiToken.objects.create(ada)[1]), script("pl_" + "0" * 64)
        assert right.get("/api/jobs").status_code == 200
        assert [wrong.get("/api/jobs").status_code for _ in range(4)] == [401, 401, 401, 429]
        answer = right.get("/api/jobs")
        assert answer.status_code == 429
        assert 0 < int(answer["Retry-After"]) <= 60
        assert right.get("/api/jobs", REMOTE_ADDR="192.0.2.9").status_code == 200


class TestRates:
    def test_too_many_requests_are_answered_with_when_to_come_again(self, api, rates):
        rates(api="2/min")
        answers = [api.get("/api/jobs") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 0 < int(answers[-1]["Retry-After"]) <= 60
        assert set(answers[-1].json()) == {"error", "details"}

    def test_a_script_that_runs_wild_stops_neither_its_owner_nor_others(self, api, signed_in, user, other_user, rates):
        rates(api="1/min")
        assert [api.get("/api/jobs").status_code for _ in range(2)] == [200, 429]
        assert signed_in.get("/api/jobs").status_code == 200
        assert script(ApiToken.objects.create(user)[1]).get("/api/jobs").status_code == 200
        assert script(ApiToken.objects.create(other_user)[1]).get("/api/jobs").status_code == 200

    def test_a_count_that_is_gone_before_it_is_read_is_the_first(self):
        """Its window was over, or the cache restarted: here it is kept for no time at all."""
        assert [throttling._count("rate:test", 0) for _ in range(2)] == [1, 1]

    @pytest.mark.parametrize(
        ("scope", "path", "sent_as"),
        [
            ("estimate", "/api/jobs/estimate", "json"),
            ("create", "/api/jobs", "json"),
            ("upload", "/api/datasets", "multipart"),
        ],
    )
    def test_each_kind_of_request_is_counted_apart(self, api, rates, scope, path, sent_as):
        rates(**{scope: "1/min"})
        assert [api.post(path, {}, format=sent_as).status_code for _ in range(2)] == [400, 429]
        assert api.get("/api/jobs").status_code == 200

    @pytest.mark.parametrize(
        ("scope", "path"),
        [
            ("estimate", "/training/configure/estimate"),
            ("create", "/training/configure"),
            ("upload", "/datasets/upload"),
        ],
    )
    def test_pages_keep_to_the_same_rates(self, signed_in, rates, scope, path):
        rates(**{scope: "1/min"})
        assert signed_in.post(path, {}).status_code != 429
        answer = signed_in.post(path, {})
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) > 0
        assert signed_in.get("/datasets").status_code == 200

    def test_without_a_rate_or_without_a_cache_everybody_passes(self, api, rates, settings):
        rates(api="")
        assert {api.get("/api/jobs").status_code for _ in range(5)} == {200}
        rates(api="1/min")
        away = settings.CACHES["default"] | {"LOCATION": "unix:///nowhere/valkey.sock"}
        settings.CACHES = {"default": away}
        assert {api.get("/api/jobs").status_code for _ in range(3)} == {200}

    @pytest.mark.parametrize(
        ("rate", "parsed"), [("5/s", (5, 1)), ("60/min", (60, 60)), ("1/h", (1, 3600)), ("9/d", (9, 86400))]
    )
    def test_a_rate_is_a_number_for_a_time(self, rate, parsed):
        assert throttling.parse(rate) == parsed


class TestQuotas:
    def upload(self, api, content=b'{"messages": []}\n'):
        return api.post("/api/datasets", {"file": SimpleUploadedFile("a.jsonl", content)}, format="multipart")

    def test_no_more_data_sets_than_one_may_have(self, api, settings):
        settings.QUOTAS = settings.QUOTAS | {"datasets": 1}
        first = self.upload(api)
        assert first.status_code == 201
        answer = self.upload(api)
        assert answer.status_code == 409
        assert answer.json()["error"] == "Quota exceeded"
        assert "your limit is 1" in answer.json()["details"]
        api.delete(f"/api/datasets/{first.json()['data']['id']}")
        assert self.upload(api).status_code == 201

    def test_no_more_bytes_either_and_the_admin_can_allow_more(self, api, user, settings):
        settings.QUOTAS = settings.QUOTAS | {"stored_bytes": 100}
        dataset = self.upload(api, b"x" * 60).json()["data"]["id"]
        assert self.upload(api, b"x" * 60).status_code == 409
        version = {"file": SimpleUploadedFile("a.jsonl", b"y" * 60)}
        assert api.post(f"/api/datasets/{dataset}/versions", version, format="multipart").status_code == 409
        Quota.objects.create(user=user, stored_bytes=1000)
        assert self.upload(api, b"x" * 60).status_code == 201

    def test_the_page_says_so_at_the_file(self, signed_in, settings):
        settings.QUOTAS = settings.QUOTAS | {"datasets": 1}
        for status in (302, 422):
            answer = signed_in.post("/datasets/upload", {"file": SimpleUploadedFile("a.jsonl", b"{}\n")})
            assert answer.status_code == status
        assert "your limit is 1" in answer.content.decode()

    def test_no_more_tokens(self, signed_in, settings):
        settings.QUOTAS = settings.QUOTAS | {"tokens": 1}
        assert signed_in.post("/account/tokens", {"name": "one"}).status_code == 201
        answer = signed_in.post("/account/tokens", {"name": "two"})
        assert answer.status_code == 409
        assert "Revoke some" in answer.content.decode()

    def test_no_more_waiting_jobs_by_starting_or_retrying(self, api, dataset, put_job, settings):
        settings.QUOTAS = settings.QUOTAS | {"waiting_jobs": 2}
        put_job("running")
        failed = put_job("failed")
        body = {
            "dataset_id": str(dataset.pk), "preset_id": "fast", "gpu_config": {"type": "H100", "count": 1},
            "hyperparameters": PRESETS["fast"].hyperparameters.to_dict(), "estimated_cost": 1,
        }  # fmt: skip
        assert [api.post("/api/jobs", body, format="json").status_code for _ in range(3)] == [201, 201, 409]
        assert api.post(f"/api/jobs/{failed.pk}/retry").status_code == 409

    def test_zero_is_no_limit_and_the_account_says_how_much_there_is(self, signed_in, dataset, settings):
        settings.QUOTAS = settings.QUOTAS | {"datasets": 0, "tokens": 7}
        page = signed_in.get("/account").content.decode()
        assert "1, no limit" in page
        assert "0 of 7" in page
