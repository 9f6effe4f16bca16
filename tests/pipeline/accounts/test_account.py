"""Signing in, the account page and its tokens, and the pages for what is not there."""

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


def test_signing_in_and_out(client, user):
    user.set_password("correct horse battery")
    user.save()
    assert (
        "correct username and password" in client.post("/login", {"username": "ada", "password": "no"}).content.decode()
    )
    answer = client.post("/login", {"username": "ada", "password": "correct horse battery", "next": "/account"})
    assert answer["Location"] == "/account"
    assert client.get("/account").status_code == 200
    assert client.post("/logout")["Location"] == "/login"
    assert client.get("/account")["Location"] == "/login?next=/account"


def test_a_token_is_shown_once_works_and_can_be_revoked(signed_in, user):
    answer = signed_in.post("/account/tokens", {"name": "Script"})
    token = answer.context["new_token"]
    assert token in answer.content.decode()
    script = APIClient()
    script.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert script.get("/api/jobs").status_code == 200

    page = signed_in.get("/account").content.decode()
    key = user.auth_token_set.get().token_key
    assert token not in page
    assert key in page
    signed_in.post(f"/account/tokens/{key}/revoke")
    assert script.get("/api/jobs").status_code == 401


def test_another_users_token_cannot_be_revoked(signed_in, client, other_user, api, user):
    key = user.auth_token_set.get().token_key
    client.force_login(other_user)
    assert client.post(f"/account/tokens/{key}/revoke").status_code == 404
    assert user.auth_token_set.exists()


def test_the_password_can_be_changed(signed_in, user):
    user.set_password("correct horse battery")
    user.save()
    signed_in.force_login(user)
    new = {"new_password1": "another long secret", "new_password2": "another long secret"}
    assert signed_in.post("/account/password", {"old_password": "wrong", **new}).status_code == 200
    assert (
        signed_in.post("/account/password", {"old_password": "correct horse battery", **new})["Location"] == "/account"
    )
    user.refresh_from_db()
    assert user.check_password("another long secret")


def test_the_front_page_leads_to_the_datasets(signed_in):
    assert signed_in.get("/")["Location"] == "/datasets"


def test_what_is_not_there_is_a_page_for_people_and_json_for_scripts(signed_in):
    page = signed_in.get("/nothing")
    assert page.status_code == 404
    assert "There is nothing here" in page.content.decode()
    assert signed_in.get("/api/nothing").json() == {"error": "There is nothing at this address.", "details": None}


def test_no_page_allows_inline_scripts_or_other_hosts(signed_in, dataset):
    for path in ("/datasets", f"/training/configure?datasetId={dataset.pk}", "/account", "/admin/"):
        answer = signed_in.get(path)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
    page = signed_in.get(f"/training/configure?datasetId={dataset.pk}").content.decode()
    assert " style=" not in page
    assert " onclick" not in page
    assert "<script>" not in page


@pytest.mark.parametrize(
    "model",
    ["datasets/dataset", "training/trainingjob", "training/gputype", "training/basemodel", "training/jobevent",
     "training/jobmetric", "training/artifact", "training/worker", "training/idempotencykey", "training/jobdeletion",
     "notifications/notification", "auth/user", "accounts/apitoken", "axes/accessattempt"],
)  # fmt: skip
def test_the_admin_lists_and_searches_every_model(admin_client, dataset, model):
    assert admin_client.get(f"/admin/{model}/").status_code == 200
    assert admin_client.get(f"/admin/{model}/", {"q": "a"}).status_code == 200
