from flask import current_app, make_response, request


def main():
    current_app.logger.info("Received request")
    if request.path == "/teapot":
        response = make_response("short and stout", 418)
        response.headers["X-Pot"] = "tea"
        return response
    msg = "---HEADERS---\n{}\n--BODY--\n{}\n-----\n".format(
        request.headers.get("X-Asked"), request.get_data(as_text=True))
    return msg
