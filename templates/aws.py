"""templates/aws.py — what the targets for AWS Lambda share: its bounds, names and destinations."""

RETRIES, AGE_LEAST, AGE_MOST = 2, 60, 21600
SECONDS, MEMORY_LEAST, MEMORY_MOST = 900, 128, 10240


class Aws:
    def __init__(self, view):
        self.view = view

    def memory(self, function):
        """MiB."""
        if not function.mebibytes:
            self.view.notes.add(f"memory = 0B becomes {MEMORY_MOST} MiB: there is no Lambda "
                                "without a limit", function)
            return MEMORY_MOST
        return self.view.clamp(function, "memory", function.mebibytes, MEMORY_LEAST, MEMORY_MOST,
                               "MiB")

    def timeout(self, function):
        return self.view.clamp(function, "call-timeout", function.seconds, 1, SECONDS, "s")

    def retries(self, function):
        return self.view.clamp(function, "retries", function["retries"], 0, RETRIES, "retries")

    def age(self, function):
        return self.view.clamp(function, "maximum-age", function["maximum-age"] // 1000, AGE_LEAST,
                               AGE_MOST, "s")

    def destination(self, function, name):
        """The function that results go to, or None."""
        setting = function.get(name)
        if setting.is_default:
            return None
        kind, _, rest = setting.value.partition(":")
        found = self.view.find(rest) if kind == "function" else None
        if not found:
            self.view.notes.add(f"{name} = {setting.text}: only a function of this project can be "
                                "a destination here (or a queue of the provider's, by hand)",
                                function)
        return found

    def queues(self):
        """Topics and the names of their queues."""
        return self.view.topics()

    def environment(self, function):
        """Names that Lambda keeps for itself cannot be set."""
        kept = {}
        for name, value in function.environment.items():
            if name.startswith("AWS_") or name.startswith("LAMBDA_") or name.startswith("_"):
                self.view.notes.add(f"environment {name}: Lambda keeps this name for itself",
                                    function)
            elif "{{resolve:" in value:
                self.view.notes.add(f"environment {name}: CloudFormation would resolve "
                                    "{{resolve:...}} in it; set it by hand", function)
            else:
                kept[name] = value
        return kept
