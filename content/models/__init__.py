"""The kinds of pages: home, policy library (政策库), stories (故事), menu of services (菜单式服务)."""

from .home import HomePage
from .policy import Level, PolicyAttachment, PolicyIndexPage, PolicyIssuer, PolicyPage, Validity
from .service import ServiceMenuPage, ServicePage
from .story import StoryIndexPage, StoryPage

__all__ = [
    "HomePage",
    "Level",
    "PolicyAttachment",
    "PolicyIndexPage",
    "PolicyIssuer",
    "PolicyPage",
    "ServiceMenuPage",
    "ServicePage",
    "StoryIndexPage",
    "StoryPage",
    "Validity",
]
