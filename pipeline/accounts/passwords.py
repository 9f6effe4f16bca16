"""What follows from a changed password, whoever changes it and where."""

from django.contrib.auth.models import AbstractBaseUser

from pipeline.accounts.models import ApiToken


class RevokeTokens:
    """Among Django's password validators, which are told of each change: what the old password let in, is let out."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Any will do; the others judge it."""

    def password_changed(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Revoke the user's API tokens."""
        if user is not None:
            ApiToken.objects.filter(user_id=user.pk).delete()

    def get_help_text(self) -> str:
        """Shown with the other validators'."""
        return "Your API tokens are revoked with the old password."
