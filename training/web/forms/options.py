"""How the GPUs' memory is used."""

from typing import Any

from django import forms

from training.core.options import AUTO, LARGEST_MICRO_BATCH, NO_QUANTIZATION, PRECISIONS, QUANTIZATIONS, RunOptions


class OptionsForm(forms.Form):
    """How the GPUs' memory is used."""

    micro_batch_size = forms.IntegerField(
        label="Micro-batch size",
        help_text="Conversations a GPU takes at once; the batch size stays, gradients are added up",
        required=False,
        min_value=1,
        max_value=LARGEST_MICRO_BATCH,
        widget=forms.NumberInput(attrs={"placeholder": "Automatic", "inputmode": "numeric"}),
    )
    quantization = forms.ChoiceField(
        label="Model weights in",
        help_text="QLoRA needs a third of the memory for weights, and some more time",
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
        help_text="Computes activations again instead of keeping them: far less memory, a third to a half slower",
        required=False,
    )

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
