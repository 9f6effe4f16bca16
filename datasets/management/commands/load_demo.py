"""``manage.py load_demo``: what a first visit needs: a user to sign in as, and a data set to train on."""

import secrets
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.files import File
from django.core.management.base import BaseCommand
from django.db import transaction

from datasets.services import dataset_upload

USERNAME = "demo"
DATASET = Path(__file__).resolve().parents[2] / "demo" / "house-style.jsonl"


class Command(BaseCommand):
    help = "Create the demo user (its password is printed once) and the demo data set, unless a user exists."

    def handle(self, **options: Any) -> None:
        users = get_user_model().objects
        if users.exists():
            return
        password = secrets.token_urlsafe(9)
        with transaction.atomic(), DATASET.open("rb") as file:
            user = users.create_superuser(USERNAME, password=password)
            dataset_upload(user=user, name="House style (demo)", file=File(file, name=DATASET.name))
        self.stdout.write(
            f"\n  Sign in as {self.style.SUCCESS(USERNAME)} with the password {self.style.SUCCESS(password)}\n"
            "  It is shown only now. To set another: .venv/bin/python manage.py changepassword demo\n"
        )
