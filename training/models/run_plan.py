"""How a job is to run, beyond its hyperparameters, and what was predicted of it when it was started."""

from django.db import models
from django.db.models import Q

from training.core.options import AUTO, NO_QUANTIZATION, PRECISIONS, QUANTIZATIONS, RunOptions
from training.models.data_fit import TOO_LONG
from training.models.job import TrainingJob
from training.trainer.windows import SPLIT


class RunPlan(models.Model):
    """One a job. Predictions are for the hardware that was chosen, with the price of that day."""

    class Basis(models.TextChoices):
        LIST = "list", "List figures"
        ARCHITECTURE = "architecture", "The model's architecture"
        MEASURED = "measured", "Measured runs"

    job = models.OneToOneField(TrainingJob, on_delete=models.CASCADE, related_name="plan", primary_key=True)
    is_probe = models.BooleanField(default=False, help_text="Only measures a few steps; makes no adapter.")
    micro_batch_size = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Conversations in one forward pass; empty: by a number of tokens."
    )
    gradient_checkpointing = models.BooleanField(default=False)
    quantization = models.CharField(max_length=8, choices=QUANTIZATIONS, default=NO_QUANTIZATION)
    precision = models.CharField(max_length=8, choices=PRECISIONS, default=AUTO)
    too_long = models.CharField(
        max_length=8, choices=TOO_LONG, default=SPLIT, help_text="What becomes of rows longer than a sequence."
    )
    allow_dropped_rows = models.BooleanField(
        "started although rows are lost", default=False, help_text="An explicit confirmation."
    )
    conversations = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="To train on, as counted before the start; empty: the worker counts."
    )
    pairs = models.PositiveBigIntegerField(null=True, blank=True)
    allow_oom = models.BooleanField(
        "started although it was predicted not to fit", default=False, help_text="The second, explicit confirmation."
    )

    price_per_hour = models.DecimalField(max_digits=8, decimal_places=2, help_text="US dollars per GPU and hour.")
    price_as_of = models.DateField(null=True, blank=True)
    basis = models.CharField(max_length=16, choices=Basis, default=Basis.LIST)
    basis_runs = models.PositiveIntegerField(default=0, help_text="How many measured runs the estimate is from.")
    total_steps = models.PositiveBigIntegerField(help_text="Of the whole run, also for a probe.")
    tokens_per_second = models.FloatField()
    overhead_seconds = models.FloatField()
    duration_hours = models.FloatField()
    low_hours = models.FloatField(help_text="10th percentile.")
    high_hours = models.FloatField(help_text="90th percentile.")
    low_cost = models.FloatField(help_text="US dollars, 10th percentile.")
    high_cost = models.FloatField(help_text="US dollars, 90th percentile.")
    peak_bytes = models.PositiveBigIntegerField(null=True, blank=True, help_text="On one GPU; empty: not known.")
    sequence_length = models.FloatField(help_text="Tokens of a conversation, on average.")
    longest_sequence = models.PositiveIntegerField(help_text="Tokens of the longest, as memory is predicted for it.")
    sequences_at_once = models.PositiveIntegerField(help_text="Conversations in one forward pass on one GPU, at most.")

    class Meta:
        db_table = "lora_run_plans"
        constraints = [
            models.CheckConstraint(condition=Q(quantization__in=list(QUANTIZATIONS)), name="plan_quantization_known"),
            models.CheckConstraint(condition=Q(precision__in=list(PRECISIONS)), name="plan_precision"),
            models.CheckConstraint(
                condition=Q(micro_batch_size__isnull=True) | Q(micro_batch_size__gte=1),
                name="plan_micro_batch_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"plan of {self.job_id}"

    @property
    def training_seconds(self) -> float:
        """Of the whole run, as predicted: starting, evaluating and saving left out."""
        return max(0.0, self.duration_hours * 3600 - self.overhead_seconds)

    def hours_at(self, tokens_per_second: float) -> float:
        """Of training the whole run, at another pace than was predicted; overheads left out."""
        return self.training_seconds / 3600 * self.tokens_per_second / tokens_per_second

    @property
    def options(self) -> RunOptions:
        """Its memory options, typed."""
        return RunOptions(
            micro_batch_size=self.micro_batch_size,
            gradient_checkpointing=self.gradient_checkpointing,
            quantization=self.quantization,
            precision=self.precision,
        )
