def handle(event, context):
    if event.method == "DELETE":
        return {"statusCode": 405, "body": "Method not allowed"}
    return {
        "statusCode": 201,
        "headers": {"X-Path": event.path},
        "body": {"said": event.body.decode(), "query": event.query,
                 "type": event.headers.get("Content-Type")},
    }
