"""Functions as AWS Lambda has them."""


def handler(event, context):
    return event


def typed(event: dict, context: "LambdaContext"):
    return sorted(event)


class Service:
    def __init__(self, name="none"):
        self.name = name

    def handle(self, event, context):
        return [self.name, event, context.function_name]


def about(event, context):
    client = context.client_context
    return {
        "id": context.aws_request_id, "name": context.function_name,
        "version": context.function_version, "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb, "group": context.log_group_name,
        "stream": context.log_stream_name.endswith("]") or "[$LATEST]" in context.log_stream_name,
        "left": context.get_remaining_time_in_millis(),
        "identity": [context.identity.cognito_identity_id,
                     context.identity.cognito_identity_pool_id],
        "client": client and [client.custom, client.env, client.client.app_title],
        "tenant": context.tenant, "trigger": context.trigger,
    }


def other(event, context, more):
    return [event, context, more]
