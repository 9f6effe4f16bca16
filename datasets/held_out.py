"""How many of a data set's pairs are held out for evaluation. Pure."""

LARGEST_SHARE = 0.5
MOST_HELD_OUT = 200
"""Pairs: more would take time and hardly narrow the measured loss."""


def held_out_pairs(pairs: int, share: float) -> int:
    """About how many pairs a job holds out; the trainer rounds to whole conversations.

    Args:
        pairs: of the data set.
        share: of them that is wanted, from 0 to LARGEST_SHARE.
    """
    return min(max(round(pairs * share), 1), MOST_HELD_OUT, pairs) if share > 0 and pairs > 1 else 0
