"""How the GPUs' memory is used."""

from typing import Any

from django import forms

from training.core.options import (
    AUTO,
    DEFAULT_OPTIONS,
    LARGEST_MICRO_BATCH,
    NO_QUANTIZATION,
    PRECISIONS,
    QUANTIZATIONS,
    RunOptions,
)
from training.web.forms.fields import as_sent
from training.web.forms.setting import SettingsForm

MICRO_BATCH = f"Must be between 1 and {LARGEST_MICRO_BATCH}."


class OptionsForm(SettingsForm):
    """How the GPUs' memory is used."""

    micro_batch_size = forms.IntegerField(
        label="Micro-batch size",
        help_text="Conversations that a GPU takes at once. The batch size stays the same: gradients are accumulated",
        required=False,
        min_value=1,
        max_value=LARGEST_MICRO_BATCH,
        error_messages={"min_value": MICRO_BATCH, "max_value": MICRO_BATCH},
        widget=forms.NumberInput(attrs={"placeholder": "Automatic", "inputmode": "numeric"}),
    )
    quantization = forms.ChoiceField(
        label="Model weights in",
        help_text="QLoRA needs a third of the memory for the weights, and a little more time",
        required=False,
        choices=list(QUANTIZATIONS.items()),
    )
    precision = forms.ChoiceField(
        label="Precision",
        help_text="Automatic is bf16 where the GPU has it, else fp16, which can overflow",
        required=False,
        choices=list(PRECISIONS.items()),
    )
    gradient_checkpointing = forms.BooleanField(
        label="Gradient checkpointing",
        help_text="Recomputes activations instead of keeping them: far less memory, but a third to a half slower",
        required=False,
    )

    @property
    def shows_options(self) -> bool:
        """One is not as usual, or cannot be."""
        usual = DEFAULT_OPTIONS.to_dict()
        values = {name: as_sent(self[name].value()) for name in usual}
        return self.is_wrong_at(*usual) or any(values[name] not in ("", as_sent(usual[name])) for name in usual)

    def chosen(self) -> dict[str, Any]:
        """Of a bound form, what was sent; of a fresh one, what it shows."""
        return self.cleaned_data if self.is_bound else dict(self.initial)

    def chosen_options(self) -> RunOptions:
        """How memory is to be used."""
        chosen = self.chosen()
        return RunOptions(
            micro_batch_size=chosen.get("micro_batch_size"),
            gradient_checkpointing=bool(chosen.get("gradient_checkpointing")),
            quantization=chosen.get("quantization") or NO_QUANTIZATION,
            precision=chosen.get("precision") or AUTO,
        )
