"""What is asked of a new API token."""

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError

DAYS = {"30": "30 days", "90": "90 days", "365": "A year", "": "Until it is revoked"}


class TokenForm(forms.Form):
    """A name to tell it by, and how long it is taken."""

    name = forms.CharField(
        max_length=80, label="What is it for?", widget=forms.TextInput(attrs={"placeholder": "Nightly fine-tune"})
    )
    expires = forms.ChoiceField(
        choices=list(DAYS.items()),
        required=False,
        label="Expires after",
        widget=forms.Select(attrs={"class": "select"}),
        initial="90",
    )

    @property
    def lifetime(self) -> timedelta | None:
        """``None``: it does not expire."""
        days = self.cleaned_data["expires"]
        return timedelta(days=int(days)) if days else None

    def refuse(self, error: Exception) -> None:
        """Say at the form why there is no new one."""
        self.add_error(None, ValidationError(str(error)))
