/* exporter/openapi_calls.c — the part of the OpenAPI document that is about asynchronous
 * calls: the same for all functions. For the eye's sake it is written with ' for ". */
#include "exporter/openapi_calls.h"

#include "base/buffer.h"

static const char paths[] =
	"\n'/calls':{'get':{'operationId':'listCalls','tags':['asynchronous calls'],"
	"'summary':'Asynchronous calls, the latest first.','parameters':["
	"{'name':'state','in':'query','description':'Only those in this state.',"
	"'schema':{'$ref':'#/components/schemas/CallState'}},"
	"{'name':'function','in':'query','description':'Only those of this function.',"
	"'schema':{'type':'string'}},"
	"{'name':'tenant','in':'query','description':'Only those of this tenant.',"
	"'schema':{'type':'string'}},"
	"{'name':'limit','in':'query','description':'At most so many.',"
	"'schema':{'type':'integer','minimum':1,'maximum':1000,'default':100}},"
	"{'name':'before','in':'query','description':'What the list before gave as next.',"
	"'schema':{'type':'integer'}}],"
	"'responses':{'200':{'description':'The calls.','content':{'application/json':{'schema':"
	"{'type':'object','properties':{'calls':{'type':'array','items':"
	"{'$ref':'#/components/schemas/Call'}},'next':{'type':['integer','null']}}}}}},"
	"'400':{'$ref':'#/components/responses/BadArguments'},"
	"'503':{'$ref':'#/components/responses/Unavailable'}}}},"

	"\n'/calls/{id}':{'parameters':[{'$ref':'#/components/parameters/CallId'}],"
	"'get':{'operationId':'showCall','tags':['asynchronous calls'],"
	"'summary':'One asynchronous call, with its result or error.','responses':{"
	"'200':{'description':'The call; Retry-After is there until it has ended.',"
	"'content':{'application/json':{'schema':{'$ref':'#/components/schemas/Call'}}}},"
	"'404':{'$ref':'#/components/responses/UnknownCall'}}},"
	"'delete':{'operationId':'forgetCall','tags':['asynchronous calls'],"
	"'summary':'Forget a call; one that runs is asked to stop.','responses':{"
	"'204':{'description':'It is forgotten.'},"
	"'404':{'$ref':'#/components/responses/UnknownCall'}}}},"

	"\n'/calls/{id}/redrive':{'parameters':[{'$ref':'#/components/parameters/CallId'}],"
	"'post':{'operationId':'redriveCall','tags':['asynchronous calls'],"
	"'summary':'Run a dead or failed call again.','responses':{"
	"'202':{'$ref':'#/components/responses/Accepted'},"
	"'404':{'$ref':'#/components/responses/UnknownCall'},"
	"'409':{'description':'It is not dead or failed.','content':{'application/json':"
	"{'schema':{'$ref':'#/components/schemas/Error'}}}}}}},"

	"\n'/calls/redrive':{'post':{'operationId':'redriveCalls','tags':['asynchronous calls'],"
	"'summary':'Run all dead letters again.','parameters':["
	"{'name':'function','in':'query','description':'Only those of this function.',"
	"'schema':{'type':'string'}},"
	"{'name':'tenant','in':'query','description':'Only those of this tenant.',"
	"'schema':{'type':'string'}}],"
	"'responses':{'200':{'description':'How many.','content':{'application/json':{'schema':"
	"{'type':'object','properties':{'redriven':{'type':'integer'}}}}}}}}}";

static const char schemas[] =
	",'CallState':{'enum':['waiting','running','succeeded','failed','dead']},"
	"'Call':{'type':'object','properties':{'id':{'type':'string'},'function':{'type':'string'},"
	"'tenant':{'type':'string'},"
	"'state':{'$ref':'#/components/schemas/CallState'},'attempts':{'type':'integer'},"
	"'interruptions':{'type':'integer'},"
	"'accepted':{'type':['string','null']},'ended':{'type':['string','null']},"
	"'due':{'type':'number','description':'Seconds until the next attempt.'},"
	"'result':{},'error':{},'payload':{},"
	"'deliveries':{'type':'array','items':{'type':'object'}}},"
	"'required':['id','function','state','attempts']}";

static const char responses[] =
	",'Accepted':{'description':'The call is accepted, and will be run at least once.',"
	"'headers':{'Location':{'description':'Where it can be seen.','schema':{'type':'string'}}},"
	"'content':{'application/json':{'schema':{'type':'object','properties':{"
	"'id':{'type':'string'},'state':{'type':'string'}},'required':['id']}}}},"
	"'UnknownCall':{'description':'No such call.','content':{'application/json':"
	"{'schema':{'$ref':'#/components/schemas/Error'}}}}";

static const char parameters[] =
	",'parameters':{'CallId':{'name':'id','in':'path','required':true,"
	"'description':'Of the call.','schema':{'type':'string'}},"
	"'Prefer':{'name':'Prefer','in':'header',"
	"'description':'respond-async: accept the call durably, and run it later.',"
	"'schema':{'type':'string'}}}";

static void write(const char *text, struct snafu_buffer *into)
{
	for (const char *at = text; *at; at++)
		snafu_buffer_append_byte(into, *at == '\'' ? '"' : *at);
}

void snafu_openapi_calls_operation(struct snafu_buffer *into)
{
	write(",'parameters':[{'$ref':'#/components/parameters/Prefer'}]", into);
}

void snafu_openapi_calls_response(struct snafu_buffer *into)
{
	write(",'202':{'$ref':'#/components/responses/Accepted'}", into);
}

void snafu_openapi_calls_paths(struct snafu_buffer *into)
{
	write(paths, into);
}

void snafu_openapi_calls_schemas(struct snafu_buffer *into)
{
	write(schemas, into);
}

void snafu_openapi_calls_responses(struct snafu_buffer *into)
{
	write(responses, into);
}

void snafu_openapi_calls_parameters(struct snafu_buffer *into)
{
	write(parameters, into);
}
