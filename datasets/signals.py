"""What other apps may have a say in."""

from django.dispatch import Signal

dataset_deleting = Signal()
"""Sent with ``dataset``; a receiver answers with the reason why it is still needed, or with ``None``."""
