"""A job's curves."""

from django.db import models

from training.models.job import TrainingJob


class JobMetric(models.Model):
    """What the trainer measured at one optimizer step; ``evaluation_loss`` where it evaluated after it."""

    job = models.ForeignKey(TrainingJob, on_delete=models.CASCADE, related_name="metrics", db_index=False)
    step = models.PositiveBigIntegerField()
    epoch = models.FloatField()
    loss = models.FloatField(null=True, blank=True)
    learning_rate = models.FloatField(null=True, blank=True)
    gradient_norm = models.FloatField(null=True, blank=True)
    tokens_per_second = models.FloatField(null=True, blank=True)
    evaluation_loss = models.FloatField(null=True, blank=True)

    class Meta:
        db_table = "lora_job_metrics"
        ordering = ["step"]
        constraints = [models.UniqueConstraint(fields=["job", "step"], name="metric_once_a_step")]

    def __str__(self) -> str:
        return f"step {self.step}"
