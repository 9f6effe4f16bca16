"""The GPU types that are on offer, with their list figures."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.text import slugify

from training.core.estimate import Hardware, list_throughput
from training.core.fitting import Card

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
    price_as_of = models.DateField(null=True, blank=True, help_text="When the price was last looked up.")
    price_source = models.CharField(
        max_length=200, blank=True, help_text="Where the price is from: a provider's name, an address, an invoice."
    )
    tokens_per_second = models.PositiveIntegerField(
        validators=[MinValueValidator(1)], help_text="Training throughput of one GPU, for models up to 8B parameters."
    )
    memory_gib = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.1)],
        help_text="GiB on one card; without it, nobody is told whether a run fits.",
    )
    has_bf16 = models.BooleanField(
        "computes in bf16", default=True, help_text="Not before the A100's generation: a V100 trains in fp16 instead."
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

    def hardware(self, count: int, *, parameters: int | None = None) -> Hardware:
        """``count`` of these GPUs, as the list has them for a base model with so many parameters."""
        return Hardware(
            price_per_hour=float(self.price_per_hour),
            tokens_per_second=list_throughput(self.tokens_per_second, parameters),
            count=count,
        )

    @property
    def card(self) -> Card | None:
        """Its memory, where that is known."""
        return Card(name=self.name, memory_gib=self.memory_gib, has_bf16=self.has_bf16) if self.memory_gib else None


def gpu_queue(name: str) -> str:
    return f"gpu.{slugify(name)}"
