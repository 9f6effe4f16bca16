"""The ASGI application that Granian serves: the WSGI application behind a front that waits for clients."""

from django.conf import settings
from django.utils.module_loading import import_string

from pipeline.wsgi import application as wsgi

Front = import_string("pipeline.serving.front.Front")  # not before Django is set up, which the line above has done
application = Front(wsgi, threads=settings.WEB_THREADS)
