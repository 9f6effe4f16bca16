"""Which state of the catalogue and of what was measured is the present one, for those who remember an earlier one."""

from django.db import models


class Revision(models.Model):
    """Triggers give it another value in the very transaction that changes a row of its tables, whoever does."""

    name = models.CharField(max_length=16, primary_key=True, help_text="catalogue or measurements.")
    value = models.UUIDField()

    class Meta:
        db_table = "lora_revisions"

    def __str__(self) -> str:
        return f"{self.name} {self.value}"
