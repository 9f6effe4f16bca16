"""What is on offer: GPU types with their list figures, and base models."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.text import slugify

from training.core.estimate import Hardware

MAX_GPUS = 8


class GpuType(models.Model):
    """A kind of GPU on offer, with its list price and throughput."""

    name = models.CharField(max_length=40, unique=True, help_text="The name scripts use: A100-80GB.")
    label = models.CharField(max_length=80)
    description = models.CharField(max_length=120, blank=True)
    price_per_hour = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(0)],
        help_text="US dollars per GPU and hour.",
    )
    tokens_per_second = models.PositiveIntegerField(
        validators=[MinValueValidator(1)], help_text="Training throughput of one GPU."
    )
    is_active = models.BooleanField(default=True, help_text="Offered for new jobs.")
    is_default = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order in lists.")

    class Meta:
        db_table = "lora_gpu_types"
        verbose_name = "GPU type"
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="gpu_one_default"),
            models.CheckConstraint(condition=Q(price_per_hour__gte=0), name="gpu_price_not_negative"),
            models.CheckConstraint(condition=Q(tokens_per_second__gte=1), name="gpu_throughput_positive"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def queue(self) -> str:
        """The Celery queue that workers with this GPU serve."""
        return gpu_queue(self.name)

    def hardware(self, count: int) -> Hardware:
        return Hardware(
            price_per_hour=float(self.price_per_hour), tokens_per_second=self.tokens_per_second, count=count
        )


def gpu_queue(name: str) -> str:
    return f"gpu.{slugify(name)}"


class BaseModel(models.Model):
    """A causal language model that adapters are trained on."""

    name = models.CharField(max_length=120, unique=True)
    source = models.CharField(
        max_length=255,
        help_text="A folder in the models directory, an absolute path on the workers, or a Hugging Face id.",
    )
    parameters = models.PositiveBigIntegerField(help_text="Number of parameters.")
    license = models.CharField(max_length=80, help_text="SPDX identifier, or the licence's name.")
    is_active = models.BooleanField(default=True, help_text="Offered for new jobs.")
    is_default = models.BooleanField(default=False)

    class Meta:
        db_table = "lora_base_models"
        ordering = ["-is_default", "parameters", "name"]
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="base_model_one_default"),
        ]

    def __str__(self) -> str:
        return self.name
