"""Who sends an API request, by the token in its header."""

import logging
from typing import Any

from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.crypto import hash_token
from knox.settings import CONSTANTS
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from pipeline.accounts.models import ApiToken
from pipeline.accounts.throttling import WRONG_TOKEN, address, seconds_to_wait

logger = logging.getLogger(__name__)

REFUSED = "The token is not valid: it is wrong, was revoked or has expired. Make a new one on your account’s page."


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]  # knox has no types
    """``Authorization: Bearer pl_…``: one query, an address that tries many wrong ones is locked out for a while.

    Knox's own reads all tokens of the user besides, to delete expired ones; here they are not found, and pruned.
    """

    def authenticate(self, request: Request) -> Any:
        """User and token; ``None`` without a token. Raises AuthenticationFailed, Throttled."""
        self._address = address(request)
        return super().authenticate(request)

    def authenticate_credentials(self, token: bytes) -> tuple[Any, ApiToken]:
        """Raises AuthenticationFailed, Throttled."""
        if wait := seconds_to_wait(WRONG_TOKEN, self._address, count=False):
            raise Throttled(wait=wait, detail="Too many wrong tokens came from your address.")
        found = self._find(token)
        if found is None or not found.user.is_active:
            seconds_to_wait(WRONG_TOKEN, self._address)
            logger.info("A token was refused")
            raise AuthenticationFailed(REFUSED)
        found.was_used()
        return found.user, found

    def _find(self, token: bytes) -> ApiToken | None:
        try:
            text = token.decode("ascii")
        except UnicodeDecodeError:
            return None
        candidates = ApiToken.objects.valid().filter(token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH], pk=hash_token(text))
        token_with_user: ApiToken | None = candidates.select_related("user").first() if "\0" not in text else None
        return token_with_user
