import json


def main(args):
    """A web action: what it answers depends on how it is asked."""
    method = args["__ow_method"]
    path = args["__ow_path"]
    if path == "/moved":
        return {"statusCode": 302, "headers": {"location": "https://openwhisk.apache.org/"}}
    if path == "/cookie":
        return {
            "headers": {
                "Set-Cookie": ["UserID=Jane; Max-Age=3600; Version=1", "SessionID=asdfgh123456"],
                "Content-Type": "text/html",
            },
            "statusCode": 200,
            "body": "<html><body><h3>hello</h3></body></html>",
        }
    if path == "/picture":
        png = "iVBORw0KGgo="  # the first bytes of one, in base64
        return {"headers": {"Content-Type": "image/png"}, "statusCode": 200, "body": png}
    if path == "/missing":
        return {"error": {"statusCode": 404, "body": "there is no such thing"}}
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({
            "method": method,
            "name": args.get("name", "stranger"),
            "agent": args["__ow_headers"].get("user-agent", ""),
            "raw": args.get("__ow_body"),
        }),
    }
