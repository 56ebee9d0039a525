"""The error that ends an iteration on purpose."""


class Error(Exception):
    """The reason to end an iteration early: ``raise Error("the shop did not take the order")``.

    Any other exception ends it, too; this one is shown by its text alone, without the name of its class. Keep the text
    free of ids and counts: equal texts are counted together.
    """
