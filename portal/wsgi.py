"""The WSGI application that the server's workers load."""

import os

from django.core.wsgi import get_wsgi_application

from portal.bootstrap import prepare

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")
prepare()
application = get_wsgi_application()
