"""Why is a request not accepted, and with which status is that said?"""


class Refused(Exception):
    def __init__(self, reason, status=401):
        super().__init__(reason)
        self.status = status
