"""The least that a job's budget may be."""

from decimal import Decimal

from training.core.estimate import STORAGE_COST

STORAGE = Decimal(str(STORAGE_COST))
"""US dollars for keeping a run's artifacts."""
LOWEST = STORAGE + Decimal("0.01")
"""US dollars."""
TOO_LOW = f"Must be at least ${LOWEST}: keeping the adapter alone costs ${STORAGE:.2f}."
