"""What other apps may have a say in."""

from django.dispatch import Signal

dataset_deleting = Signal()
"""Sent with ``dataset``; a receiver answers with the reason why it is still needed, or with ``None``."""

version_tokenized = Signal()
"""Sent with ``version`` and ``place``, once a validation has stored the version's tokens for the model at that place,
and before the data set is ready."""
