"""Libraries that would speak where a program's own words are read."""

import warnings

import transformers


def quieten() -> None:
    """No progress bars, no advice, and no warning that is a library's own affair."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing")  # PEFT's own affair
