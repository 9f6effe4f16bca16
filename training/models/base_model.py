"""The base models that adapters are trained on."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from pipeline.base_models import Place
from training.core.architecture import Architecture, UnknownArchitecture


class BaseModel(models.Model):
    """A causal language model that adapters are trained on."""

    name = models.CharField(max_length=120, unique=True)
    source = models.CharField(
        max_length=255,
        help_text="A folder in the models directory, a path in one of PIPELINE_MODEL_ROOTS, or a Hugging Face id.",
    )
    revision = models.CharField(
        max_length=120,
        blank=True,
        help_text="Of a model on the hub: a commit, a tag or a branch. Empty: what the hub has as its main branch.",
    )
    family = models.CharField(max_length=40, blank=True, help_text="Groups the list of models: Llama, Qwen, …")
    parameters = models.PositiveBigIntegerField(
        blank=True, help_text="Number of parameters; left empty, it is worked out from the model's config.json."
    )
    architecture = models.JSONField(
        null=True,
        blank=True,
        help_text="Dimensions that memory is predicted from; left empty, they are read from config.json.",
    )
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

    def clean(self) -> None:
        super().clean()
        if self.architecture is not None:
            try:
                Architecture.from_dict(self.architecture)
            except UnknownArchitecture as error:
                raise ValidationError({"architecture": f"{str(error)[0].upper()}{str(error)[1:]}."}) from error

    @property
    def place(self) -> Place:
        """Where it lies."""
        return Place(self.source, self.revision)

    @property
    def dimensions(self) -> Architecture | None:
        """Its architecture, typed; ``None`` where that is not known."""
        return Architecture.from_dict(self.architecture) if self.architecture else None
