"""What each route reads of a request: a table that a test holds against the URL resolver."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from training.core.presets import PRESETS

HYPERPARAMETERS = PRESETS["balanced"].hyperparameters.to_dict()
RUN = {
    "dataset_id": "{dataset}",
    "gpu_config": {"type": "H100", "count": 1},
    "hyperparameters": HYPERPARAMETERS,
    "base_model": "{base_model}",
    "micro_batch_size": 1,
    "gradient_checkpointing": True,
    "quantization": "none",
    "precision": "auto",
    "too_long": "split",
    "basis": "list",
    "preset_id": "custom",
}
READING = {
    "format": "auto",
    "mapping": {"prompt": "x"},
    "tool_calls": "train",
    "merge_turns": True,
    "fold_system": True,
}
READING_FORM = {
    "format": "", "tool_calls": "train", "merge_turns": "on", "fold_system": "on", "roles": "bot=assistant",
    "column_prompt": "", "column_messages": "",
}  # fmt: skip
LABELS = {"name": "x", "tags": "a, b", "note": "x"}
LABELS_JSON = LABELS | {"tags": ["a", "b"]}
SETTINGS = {
    "base_model": "1", "preset_id": "custom", "gpu_type": "H100", "gpu_count": "1", "use_list": "on",
    "within_hours": "5", "too_long": "split", "micro_batch_size": "1", "quantization": "none", "precision": "auto",
    "gradient_checkpointing": "on", "max_cost": "12.50", "name": "x", "tags": "a, b",
} | {name: str(value) for name, value in HYPERPARAMETERS.items()}  # fmt: skip
CONFIGURE = SETTINGS | {
    "dataset_id": "{dataset}", "quoted_cost": "1.00", "idempotency_key": "x", "allow_oom": "on",
    "allow_dropped_rows": "on", "note": "x",
}  # fmt: skip
PAGED = ("page", "cursor", "limit", "status", "q")
SEARCH = (
    "sort", "tag", "dataset_id", "base_model", "preset_id", "created_from", "created_to", "cost_min", "cost_max",
)  # fmt: skip
UPLOAD = {"name": "Chats", **READING_FORM, "mapping": '{"prompt": "x"}'}
FILTERS = (
    "q", "o", "p", "e", "all", "_popup", "_to_field", "_changelist_filters", "_facets", "status__exact", "status",
    "user__id__exact", "user__pk", "id__exact", "id__in", "pk__in", "created_at__gte", "created_at__year",
    "created_at__month", "created_at__day", "created_at__date", "created_at__isnull", "is_active__exact", "gpu", "age",
    "alive", "read_at__isempty", "name__exact", "family", "license", "device", "job__id__exact", "job", "priority",
    "base_model__id__exact", "user__username__regex", "user__password", "nonsense", "cursor",
)  # fmt: skip
ACTION = {
    "action": "delete_selected", "_selected_action": "1", "select_across": "0", "index": "0", "post": "yes",
    "confirmed": "yes", "_save": "x", "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": "1",
}  # fmt: skip
CHANGED = {
    "name": "x", "label": "x", "username": "grace2", "password": "x", "password1": "correct horse", "user": "1",
    "password2": "correct horse", "usable_password": "true", "description": "x", "price_per_hour": "1",
    "price_as_of": "2026-01-01", "tokens_per_second": "1", "memory_gib": "1", "usable_gib": "1", "position": "1",
    "source": "x", "revision": "x", "architecture": "{}", "parameters": "1", "license": "x", "family": "x",
    "email": "a@b.c", "date_joined_0": "x", "groups": "1", "user_permissions": "1", "permissions": "1",
    "expiry": "2026-01-01T00:00", "_to_field": "id", "_popup": "1", "_saveasnew": "1",
    "versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0", "post": "yes",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Row:
    """What it reads: parameters of its query, fields of its form, its JSON body by method."""

    query: tuple[str, ...] = ()
    form: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    as_admin: bool = False


POSTED = Row(form={"any": "x"})
ANY_JSON = Row(json={"POST": {}})
ADMIN = Row(query=FILTERS, as_admin=True)
TABLE = {
    "": Row(),
    "datasets": Row(query=PAGED),
    "datasets/upload": Row(form=UPLOAD),
    "datasets/<uuid:pk>": Row(query=("length", "row")),
    "datasets/<uuid:pk>/status": Row(query=("length", "row")),
    "datasets/<uuid:pk>/preview": Row(query=("length", "row")),
    "datasets/<uuid:pk>/upload": Row(form=UPLOAD),
    "datasets/<uuid:pk>/go-on": POSTED,
    "datasets/<uuid:pk>/cancel": POSTED,
    "datasets/<uuid:pk>/validate": POSTED,
    "datasets/<uuid:pk>/read": Row(form=READING_FORM),
    "datasets/<uuid:pk>/split": Row(
        form={"evaluation_percent": "5", "split_seed": "1", "evaluation_dataset": "{dataset}"}
    ),
    "datasets/<uuid:pk>/manage": Row(form={"name": "x"}),
    "datasets/<uuid:pk>/delete": POSTED,
    "datasets/<uuid:pk>/problems.csv": Row(),
    "datasets/<uuid:pk>/left-out.csv": Row(),
    "datasets/<uuid:pk>/download": Row(query=("version",)),
    "datasets/<uuid:pk>/versions/<int:number>/download": Row(),
    "api/datasets": Row(query=PAGED, form=UPLOAD, json={"POST": READING | {"name": "x", "file": "x"}}),
    "api/datasets/<uuid:pk>": Row(
        json={
            "PATCH": READING
            | {"name": "x", "evaluation_share": 0.1, "split_seed": 1, "evaluation_dataset_id": "{dataset}"}
        }
    ),
    "api/datasets/<uuid:pk>/errors": Row(query=(*PAGED, "severity", "kind")),
    "api/datasets/<uuid:pk>/preview": Row(query=("row", "limit", "length")),
    "api/datasets/<uuid:pk>/versions": Row(query=PAGED, form=UPLOAD, json={"POST": {"file": "x"}}),
    "api/datasets/<uuid:pk>/validate": ANY_JSON,
    "api/datasets/<uuid:pk>/continue": ANY_JSON,
    "api/datasets/<uuid:pk>/cancel": ANY_JSON,
    "api/datasets/<uuid:pk>/download": Row(query=("version",)),
    "api/datasets/<uuid:pk>/left-out": Row(),
    "training/configure": Row(query=("datasetId", "probe", *SETTINGS), form=CONFIGURE | {"change": "gpu_count=2"}),
    "training/configure/estimate": Row(form=CONFIGURE | {"check": "1"}),
    "training/accuracy": Row(),
    "training/jobs": Row(query=(*PAGED, *SEARCH)),
    "training/jobs/compare": Row(query=("job",)),
    "training/jobs/<uuid:job_id>": Row(),
    "training/jobs/<uuid:job_id>/status": Row(),
    "training/jobs/<uuid:job_id>/metrics": Row(query=("attempt", "after")),
    "training/jobs/<uuid:job_id>/try": Row(),
    "training/jobs/<uuid:job_id>/try/prompts": Row(),
    "training/jobs/<uuid:job_id>/again": Row(),
    "training/jobs/<uuid:job_id>/edit": Row(form=LABELS),
    "training/jobs/<uuid:job_id>/delete": POSTED,
    "training/jobs/<uuid:job_id>/cancel": POSTED,
    "training/jobs/<uuid:job_id>/retry": Row(form={"max_cost": "5"}),
    "v1/models": Row(),
    "v1/chat/completions": Row(
        json={"POST": {"model": "x:{job}", "messages": [{"role": "user", "content": "x"}], "stream": True}}
    ),
    "api/jobs/estimate": Row(json={"POST": RUN | {"alternatives": False, "within_hours": 5}}),
    "api/jobs": Row(
        query=(*PAGED, *SEARCH),
        json={
            "POST": RUN
            | {"estimated_cost": 1, "max_cost": 5, "allow_oom": True, "allow_dropped_rows": True, "probe": False}
            | LABELS_JSON
        },
    ),
    "api/jobs/<uuid:job_id>": Row(json={"PATCH": LABELS_JSON}),
    "api/jobs/<uuid:job_id>/cancel": ANY_JSON,
    "api/jobs/<uuid:job_id>/retry": Row(json={"POST": {"max_cost": 5}}),
    "api/jobs/<uuid:job_id>/adapter": Row(),
    "notifications": Row(query=PAGED),
    "notifications/read": POSTED,
    "notifications/<uuid:pk>/open": POSTED,
    "login": Row(query=("next",), form={"username": "ada", "password": "x", "next": "/"}),
    "logout": Row(form={"next": "/"}),
    "account": Row(),
    "account/password": Row(form={"old_password": "x", "new_password1": "x", "new_password2": "x"}),
    "account/tokens": Row(form={"name": "x", "expiry": "2026-01-01"}),
    "account/tokens/<str:token_key>/revoke": POSTED,
    "admin/": ADMIN,
    "admin/login/": Row(query=("next",), form={"username": "ada", "password": "x", "next": "/"}),
    "admin/logout/": Row(form={"next": "/"}),
    "admin/password_change/": Row(form={"old_password": "x"}, as_admin=True),
    "admin/password_change/done/": ADMIN,
    "admin/autocomplete/": Row(query=("term", "app_label", "model_name", "field_name", "page"), as_admin=True),
    "admin/jsi18n/": ADMIN,
    "admin/r/<path:content_type_id>/<path:object_id>/": ADMIN,
    "admin/^<app_label>/$": ADMIN,
    "admin/(?P<url>.*)$": ADMIN,
    "admin/<model>/": Row(query=FILTERS, form=ACTION, as_admin=True),
    "admin/<model>/add/": Row(query=FILTERS, form=CHANGED, as_admin=True),
    "admin/<model>/<path:object_id>/history/": ADMIN,
    "admin/<model>/<path:object_id>/delete/": Row(query=FILTERS, form=CHANGED, as_admin=True),
    "admin/<model>/<path:object_id>/change/": Row(query=FILTERS, form=CHANGED, as_admin=True),
    "admin/<model>/<path:object_id>/": ADMIN,
    "admin/<model>/<int:pk>/activate/": Row(form={"any": "x"}, as_admin=True),
    "admin/<model>/overview/": ADMIN,
    "admin/<model>/<id>/password/": Row(form=CHANGED, as_admin=True),
    "api/schema": Row(query=("format", "lang", "version")),
    "api/docs": Row(),
    "metrics": Row(query=("name",)),
}
"""By kind of address."""
