from django.apps import AppConfig


class MemberSiteConfig(AppConfig):
    name = "portal.member_site"
    default_auto_field = "django.db.models.BigAutoField"
