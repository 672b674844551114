import json


def lambda_handler(event, context):
    """Sample pure Lambda function"""
    return {
        "statusCode": 200,
        "body": json.dumps({
            "message": "hello " + event.get("name", "world"),
            "function": context.function_name,
        }),
    }
