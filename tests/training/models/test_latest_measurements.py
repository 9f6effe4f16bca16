"""Of each hardware, the estimate learns from the newest runs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.training.measured import record, start
from training.models import RunMeasurement
from training.models.measurement import RunMeasurementQuerySet

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("wanted", [[], ["H100"], ["H100", "CPU of the host"], ["nowhere", "H100"]])
def test_the_latest_are_the_newest_of_each(user, dataset, monkeypatch, django_assert_num_queries, wanted):
    monkeypatch.setattr(RunMeasurementQuerySet, "LATEST", 2)
    ages = {}
    for number, hardware in enumerate(
        ["H100", "CPU of the host", "H100", "H100", "V100-32GB", "CPU of the host", "H100"]
    ):
        row = record(start(user, dataset))
        ages[row.pk] = (hardware, (number * 5) % 7)
        created = timezone.now() - timedelta(hours=ages[row.pk][1])
        RunMeasurement.objects.filter(pk=row.pk).update(hardware=hardware, created_at=created)
    expected = []
    for hardware in wanted:
        of_it = sorted((age, pk) for pk, (name, age) in ages.items() if name == hardware)
        expected += [pk for _, pk in of_it[:2]]
    with django_assert_num_queries(1):
        found = [row.pk for row in RunMeasurement.objects.latest_on(wanted)]
    assert sorted(found) == sorted(expected)
