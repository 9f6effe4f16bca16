"""What goes wrong with a back-up, for people."""


class BackupError(Exception):
    """It could not be made or restored; the message says why and what to do."""
