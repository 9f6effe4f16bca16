"""The GPU types that are on offer, with their list figures."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.text import slugify

from training.core.estimate import Hardware, list_throughput
from training.core.fitting import Card
from training.core.throughput import Chip

MAX_GPUS = 8
GPU_QUEUE = "gpu."
"""How the names of the queues begin that training jobs wait in."""


class GpuType(models.Model):
    """A kind of GPU on offer, with its list price and throughput."""

    class Interconnect(models.TextChoices):
        NVLINK = "nvlink", "NVLink"
        PCIE = "pcie", "PCIe"
        XGMI = "xgmi", "Infinity Fabric"

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
        help_text="GiB on one card, as it is sold; without it, nobody is told whether a run fits.",
    )
    usable_gib = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.1)],
        help_text="GiB that programs can use (PyTorch's total_memory), which decides whether a run fits.",
    )
    peak_tflops = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.1)],
        help_text="Dense matrix products in 16 bits, summed up in fp32, in 10¹² operations a second.",
    )
    peak_fp32_tflops = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0.1)], help_text="The same in fp32, without TF32."
    )
    bandwidth_gb_s = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Of its memory, in 10⁹ bytes a second."
    )
    interconnect = models.CharField(
        max_length=8, choices=Interconnect, blank=True, help_text="Between the GPUs of one host."
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
        """Its memory, where that is known: what programs can use of it, else what it is sold as."""
        memory = self.usable_gib or self.memory_gib
        return Card(name=self.name, memory_gib=memory, has_bf16=self.has_bf16) if memory else None

    @property
    def chip(self) -> Chip | None:
        """Its speed, where its peaks and its bandwidth are known."""
        if not (self.peak_tflops and self.peak_fp32_tflops and self.bandwidth_gb_s):
            return None
        return Chip(
            name=self.name,
            peak=self.peak_tflops * 1e12,
            peak_fp32=self.peak_fp32_tflops * 1e12,
            bandwidth=self.bandwidth_gb_s * 1e9,
            has_bf16=self.has_bf16,
        )


def gpu_queue(name: str) -> str:
    return f"{GPU_QUEUE}{slugify(name)}"
