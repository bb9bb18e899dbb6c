"""A local stand-in for the payment platform: the few calls that dues need, shaped like Stripe's, without real money.

For the demo and for tests: a process of its own that the product reaches over HTTP as it reaches Stripe.
"""

# The environment variable with what messages are signed with.
SECRET_VARIABLE = "SANDBOX_WEBHOOK_SECRET"  # noqa: S105 - a name
