"""The page on which a payer pays in the stand-in; it says plainly that no money moves."""

from __future__ import annotations

from html import escape
from typing import Any

_WORDS = {
    "zh": {
        "lang": "zh-CN", "title": "收银台", "test": "测试环境：不会产生真实扣款", "pay": "支付", "back": "返回",
        "card": "银行卡", "alipay": "支付宝", "wechat_pay": "微信支付", "closed": "这笔付款已经结束。",
    },
    "en": {
        "lang": "en", "title": "Checkout", "test": "Test environment: no money is charged",
        "pay": "Pay", "back": "Back",
        "card": "Bank card", "alipay": "Alipay", "wechat_pay": "WeChat Pay", "closed": "This payment has ended.",
    },
}  # fmt: skip

_STYLE = """
:root{color-scheme:light dark;font:16px/1.6 system-ui,"Noto Sans CJK SC",sans-serif}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:light-dark(#f2f4f7,#14171c)}
main{box-sizing:border-box;width:min(24rem,100vw - 2rem);padding:1.5rem;border-radius:1rem;
background:light-dark(#fff,#1e232b);box-shadow:0 8px 30px #0002}
h1{font-size:2rem;margin:.25rem 0 0}p{margin:.25rem 0}.test{font-size:.875rem;padding:.5rem .75rem;border-radius:.5rem;
background:light-dark(#fff4d6,#4a3b10)}
label{display:flex;gap:.75rem;align-items:center;min-height:2.75rem;padding:0 .75rem;
border:1px solid #8886;border-radius:.5rem;margin-top:.5rem}
button,a.back{display:block;box-sizing:border-box;width:100%;
min-height:3rem;margin-top:1rem;border:0;border-radius:.5rem;font:inherit;text-align:center;line-height:3rem}
button{background:#0b5fd7;color:#fff;font-weight:600}a.back{color:inherit}
"""


def checkout(session: dict[str, Any]) -> str:
    """The page of one checkout, open or ended, in the language that the seller asked for."""
    words = _WORDS["en" if session["locale"] == "en" else "zh"]
    amount = f"¥{session['amount_total'] / 100:.2f}"
    if session["status"] == "open":
        methods = "".join(
            f'<label><input type="radio" name="method" value="{escape(name)}"{" checked" if first == 0 else ""}>'
            f"{words[name]}</label>"
            for first, name in enumerate(session["payment_method_types"])
            if name in words
        )
        body = (
            f'<form method="post">{methods}<button>{words["pay"]} {amount}</button></form>'
            f'<a class="back" href="{escape(session["cancel_url"] or session["success_url"])}">{words["back"]}</a>'
        )
    else:
        body = f'<p>{words["closed"]}</p><a class="back" href="{escape(session["success_url"])}">{words["back"]}</a>'
    return (
        f'<!doctype html><html lang="{words["lang"]}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{words["title"]}</title>'
        f'<style>{_STYLE}</style><main><p class="test">{words["test"]}</p><h1>{amount}</h1>'
        f"<p>{escape(session['description'])}</p>{body}</main></html>"
    )
