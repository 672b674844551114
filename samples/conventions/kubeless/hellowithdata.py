def hello(event, context):
    print(event)
    return event['data']


def greet(event, context):
    request = event['extensions']['request']
    return {"method": request.method, "data": event['data'], "type": event['event-type'],
            "function": context['function-name']}
