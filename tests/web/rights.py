"""Who gets what: of each kind of address and method, the status for somebody who is not signed in, for another user,
and for staff without a permission, when it is asked for something of Ada's.
"""

from tests.web.routes import Address

Statuses = tuple[int, int, int]
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")

SIGN_IN = (302, 405, 405)
"""A page, by a method that it does not have: first of all, sign in."""
TOKEN = (401, 405, 405)
LIST = {"GET": (302, 200, 200)}
HERS = {"GET": (302, 404, 404)}
"""A page of something that is hers: to others it looks like none."""
DONE_TO_HERS = {"POST": (302, 404, 404)}
API_LIST = {"GET": (401, 200, 200), "HEAD": (401, 200, 200)}
API_HERS = {"GET": (401, 404, 404), "HEAD": (401, 404, 404)}
API_DONE_TO_HERS = {"POST": (401, 404, 404)}
OWN_FORM = {"GET": (302, 200, 200), "HEAD": (302, 200, 200), "OPTIONS": (302, 200, 200)}
NO_PERMISSION = dict.fromkeys(METHODS, (302, 302, 403))
STAFF = dict.fromkeys(METHODS, (302, 302, 200))
STAFF_READ = dict.fromkeys(METHODS, (302, 302, 405)) | dict.fromkeys(("GET", "HEAD", "OPTIONS"), (302, 302, 200))
STAFF_NOTHING = dict.fromkeys(METHODS, (302, 302, 404))
ANYBODY = {"GET": (200, 200, 200), "HEAD": (200, 200, 200), "OPTIONS": (200, 200, 200)}
REFUSED = dict.fromkeys(METHODS, (405, 405, 405))

RIGHTS: dict[str, dict[str, Statuses]] = {
    "": dict.fromkeys(METHODS, (302, 302, 302)),
    "datasets": LIST,
    "datasets/upload": LIST | {"POST": (302, 422, 422)},
    "datasets/<uuid:pk>": HERS,
    "datasets/<uuid:pk>/status": HERS,
    "datasets/<uuid:pk>/preview": HERS,
    "datasets/<uuid:pk>/upload": HERS | DONE_TO_HERS,
    "datasets/<uuid:pk>/go-on": DONE_TO_HERS,
    "datasets/<uuid:pk>/cancel": DONE_TO_HERS,
    "datasets/<uuid:pk>/validate": DONE_TO_HERS,
    "datasets/<uuid:pk>/read": DONE_TO_HERS,
    "datasets/<uuid:pk>/split": DONE_TO_HERS,
    "datasets/<uuid:pk>/manage": HERS | DONE_TO_HERS,
    "datasets/<uuid:pk>/delete": DONE_TO_HERS,
    "datasets/<uuid:pk>/problems.csv": HERS,
    "datasets/<uuid:pk>/left-out.csv": HERS,
    "datasets/<uuid:pk>/download": HERS,
    "datasets/<uuid:pk>/versions/<int:number>/download": HERS,
    "api/datasets": API_LIST | {"POST": (401, 400, 400)},
    "api/datasets/<uuid:pk>": API_HERS | {"PATCH": (401, 404, 404), "DELETE": (401, 404, 404)},
    "api/datasets/<uuid:pk>/errors": API_HERS,
    "api/datasets/<uuid:pk>/preview": API_HERS,
    "api/datasets/<uuid:pk>/versions": API_HERS | API_DONE_TO_HERS,
    "api/datasets/<uuid:pk>/validate": API_DONE_TO_HERS,
    "api/datasets/<uuid:pk>/continue": API_DONE_TO_HERS,
    "api/datasets/<uuid:pk>/cancel": API_DONE_TO_HERS,
    "api/datasets/<uuid:pk>/download": API_HERS,
    "api/datasets/<uuid:pk>/left-out": API_HERS,
    "training/configure": LIST | {"POST": (302, 200, 200)},  # which say that there is no such data set
    "training/configure/estimate": {"POST": (302, 200, 200)},
    "training/accuracy": LIST,
    "training/jobs": LIST,
    "training/jobs/compare": {"GET": (302, 400, 400)},  # of no jobs
    "training/jobs/<uuid:job_id>": HERS,
    "training/jobs/<uuid:job_id>/status": HERS,
    "training/jobs/<uuid:job_id>/metrics": HERS,
    "training/jobs/<uuid:job_id>/try": HERS,
    "training/jobs/<uuid:job_id>/try/prompts": HERS,
    "training/jobs/<uuid:job_id>/again": HERS,
    "training/jobs/<uuid:job_id>/edit": HERS | DONE_TO_HERS,
    "training/jobs/<uuid:job_id>/delete": HERS | DONE_TO_HERS,
    "training/jobs/<uuid:job_id>/cancel": DONE_TO_HERS,
    "training/jobs/<uuid:job_id>/retry": DONE_TO_HERS,
    "api/jobs/estimate": API_DONE_TO_HERS,
    "api/jobs": API_LIST | API_DONE_TO_HERS,
    "api/jobs/<uuid:job_id>": API_HERS | {"PATCH": (401, 404, 404), "DELETE": (401, 404, 404)},
    "api/jobs/<uuid:job_id>/cancel": API_DONE_TO_HERS,
    "api/jobs/<uuid:job_id>/retry": API_DONE_TO_HERS,
    "api/jobs/<uuid:job_id>/adapter": API_HERS,
    "v1/models": API_LIST,
    "v1/chat/completions": API_DONE_TO_HERS,
    "notifications": LIST,
    "notifications/read": {"POST": (302, 302, 302)},  # one's own
    "notifications/<uuid:pk>/open": DONE_TO_HERS,
    "login": dict.fromkeys(METHODS, (200, 302, 302)) | dict.fromkeys(("PATCH", "DELETE"), (405, 302, 302)),
    "logout": REFUSED | {"POST": (302, 302, 302), "OPTIONS": (200, 200, 200)},
    "account": LIST,
    "account/password": OWN_FORM | {"POST": (302, 200, 200), "PUT": (302, 200, 200)},
    "account/tokens": {"POST": (302, 201, 201)},
    "account/tokens/<str:token_key>/revoke": DONE_TO_HERS,
    "api/schema": REFUSED | ANYBODY,
    "api/docs": REFUSED | ANYBODY,
    "admin/": STAFF,
    "admin/login/": {
        "GET": (200, 200, 302), "HEAD": (200, 200, 200), "OPTIONS": (200, 200, 200), "POST": (200, 200, 200),
        "PUT": (200, 200, 200), "PATCH": (405, 405, 405), "DELETE": (405, 405, 405),
    },
    "admin/logout/": dict.fromkeys(METHODS, (302, 302, 405))
    | {"OPTIONS": (302, 302, 200), "POST": (302, 302, 302)},
    "admin/password_change/": STAFF | dict.fromkeys(("PATCH", "DELETE"), (302, 302, 405)),
    "admin/password_change/done/": STAFF_READ,
    "admin/autocomplete/": STAFF_READ | dict.fromkeys(("GET", "HEAD"), (302, 302, 403)),
    "admin/jsi18n/": STAFF_READ,
    "admin/r/<path:content_type_id>/<path:object_id>/": STAFF_NOTHING,
    "admin/^<app_label>/$": STAFF_NOTHING,
    "admin/(?P<url>.*)$": STAFF_NOTHING,
    "admin/<model>/": NO_PERMISSION,
    "admin/<model>/add/": NO_PERMISSION,
    "admin/<model>/<path:object_id>/history/": NO_PERMISSION,
    "admin/<model>/<path:object_id>/delete/": NO_PERMISSION,
    "admin/<model>/<path:object_id>/change/": NO_PERMISSION,
    "admin/<model>/<path:object_id>/": dict.fromkeys(METHODS, (302, 302, 302)),  # to the row's page
    "admin/<model>/<int:pk>/activate/": dict.fromkeys(METHODS, (302, 302, 405)) | {"POST": (302, 302, 403)},
    "admin/<model>/overview/": NO_PERMISSION,
    "admin/<model>/<id>/password/": NO_PERMISSION,
    "metrics": REFUSED | {"GET": (401, 401, 200)},  # for staff, as the documents say
}  # fmt: skip


def expected(address: Address, method: str) -> Statuses:
    """What the table says; a method that it leaves out is one that the address does not have."""
    if found := RIGHTS[address.kind].get(method):
        return found
    if not address.is_api:
        return SIGN_IN
    return (401, 200, 200) if method == "OPTIONS" else TOKEN
