from decimal import Decimal
from typing import Any

from django.db import models
from djmoney.money import Money

class MoneyField(models.DecimalField[Money | Decimal | int | str, Money]):
    _pyi_private_set_type: Money | Decimal | int | str
    _pyi_private_get_type: Money
    def __init__(self, *args: Any, default_currency: str = ..., **kwargs: Any) -> None: ...
