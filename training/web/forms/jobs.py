"""What is asked of a job that is there."""

from django import forms

from training.web.forms.fields import budget_field


class RetryForm(forms.Form):
    """What a retry may change."""

    max_cost = budget_field()


class CurvesForm(forms.Form):
    """What a page has of a job's curves."""

    attempt = forms.IntegerField(required=False, min_value=0, max_value=2**15 - 1)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**62)
