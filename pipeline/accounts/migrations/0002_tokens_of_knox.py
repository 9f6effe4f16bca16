"""Tokens that knox has kept so far stay valid, without a name."""

from typing import Any

from django.db import migrations


def adopt(apps: Any, schema_editor: Any) -> None:
    """Give each a row of ours."""
    schema_editor.execute(
        "INSERT INTO accounts_apitoken (authtoken_ptr_id, name) SELECT digest, '' FROM knox_authtoken "
        "ON CONFLICT DO NOTHING"
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_tokens_and_quotas")]

    operations = [migrations.RunPython(adopt, migrations.RunPython.noop)]
