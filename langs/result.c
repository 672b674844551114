/* langs/result.c — see result.h. */
#include "langs/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "scanner/function.h"

#define MESSAGE_CAP  8192
#define PROBLEMS_CAP 4096

const char *snafu_status_name(enum snafu_status status)
{
	static const char *const names[] = {
		[SNAFU_OK] = "ok",
		[SNAFU_BAD_ARGUMENTS] = "bad-arguments",
		[SNAFU_UNKNOWN_FUNCTION] = "unknown-function",
		[SNAFU_TOO_LARGE] = "too-large",
		[SNAFU_OVER_LIMIT] = "over-limit",
		[SNAFU_RAISED] = "raised",
		[SNAFU_BAD_RESULT] = "bad-result",
		[SNAFU_LOAD_FAILED] = "load-failed",
		[SNAFU_DIED] = "died",
		[SNAFU_UNAVAILABLE] = "unavailable",
		[SNAFU_DEADLINE] = "deadline",
		[SNAFU_CANCELLED] = "cancelled",
		[SNAFU_INTERNAL] = "internal",
	};
	return names[status];
}

static void begin(struct snafu_result *result, enum snafu_status status, const char *type,
                  const char *message)
{
	struct snafu_buffer *payload = &result->payload;

	result->status = status;
	snafu_buffer_clear(payload);
	if (payload->cap < SNAFU_RESULT_ERROR_CAP)
		payload->cap = SNAFU_RESULT_ERROR_CAP;
	snafu_buffer_append_text(payload, "{\"errorType\":");
	snafu_json_write_text(payload, type);
	snafu_buffer_append_text(payload, ",\"errorMessage\":");
	snafu_json_write_string(payload, message, strnlen(message, MESSAGE_CAP));
}

static void end(struct snafu_result *result)
{
	snafu_buffer_append_byte(&result->payload, '}');
	if (!snafu_buffer_failed(&result->payload))
		return;
	snafu_buffer_clear(&result->payload);
	snafu_buffer_append_text(&result->payload,
	                         "{\"errorType\":\"Error\",\"errorMessage\":\"no memory\"}");
}

/* Room in the log is made by halves, so that many small pieces are not moved each
 * time. The cut is not inside a UTF-8 character. */
void snafu_result_log(struct snafu_result *result, const char *bytes, size_t size)
{
	struct snafu_buffer *log = &result->log;
	size_t keep = log->cap / 2, drop;

	if (size > log->cap) {
		bytes += size - log->cap;
		size = log->cap;
	}
	if (size > log->cap - log->size) {
		if (keep > log->cap - size)
			keep = log->cap - size;
		drop = log->size > keep ? log->size - keep : 0;
		while (drop < log->size && (log->data[drop] & 0xC0) == 0x80)
			drop++;
		memmove(log->data, log->data + drop, log->size - drop);
		log->size -= drop;
	}
	if (size && snafu_buffer_append(log, bytes, size))
		log->failed = 0; /* no memory: this piece is lost */
}

void snafu_result_read_error(const char *payload, size_t size, const char *name,
                             struct snafu_buffer *into)
{
	struct snafu_json_reader reader;
	struct snafu_json_value key, value;

	snafu_json_begin(&reader, payload, size);
	if (snafu_json_read(&reader, &value, NULL) || value.type != SNAFU_JSON_OBJECT)
		return;
	while (snafu_json_next_member(&reader, &key, &value, NULL) > 0) {
		if (snafu_json_equals(&key, name) && value.type == SNAFU_JSON_STRING) {
			snafu_json_unescape(&value, into);
			break;
		}
		if (snafu_json_skip(&reader, &value, NULL))
			break;
	}
}

void snafu_result_say_load(const struct snafu_result *result, const char *file,
                           struct snafu_buffer *into)
{
	struct snafu_buffer why = SNAFU_BUFFER(SNAFU_RESULT_ERROR_CAP);

	snafu_result_read_error(result->payload.data, result->payload.size, "errorMessage", &why);
	const char *text = why.data ? why.data : "no reason was given";
	if (strstr(text, file)) /* most languages say which it was */
		snafu_buffer_append_text(into, text);
	else
		snafu_buffer_format(into, "%s: cannot be loaded: %s", file, text);
	snafu_buffer_done(&why);
}

void snafu_result_done(struct snafu_result *result)
{
	snafu_buffer_done(&result->payload);
	snafu_buffer_done(&result->log);
}

void snafu_result_fail(struct snafu_result *result, enum snafu_status status, const char *type,
                       const char *format, ...)
{
	char message[MESSAGE_CAP];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	begin(result, status, type, message);
	end(result);
}

void snafu_result_fail_trace(struct snafu_result *result, enum snafu_status status,
                             const char *type, const char *message, const char *const *trace,
                             size_t n)
{
	struct snafu_buffer *payload = &result->payload;

	begin(result, status, type, message);
	size_t before = payload->size;
	snafu_buffer_append_text(payload, ",\"stackTrace\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			snafu_buffer_append_byte(payload, ',');
		snafu_json_write_text(payload, trace[i]);
	}
	snafu_buffer_append_byte(payload, ']');
	if (snafu_buffer_failed(payload)) { /* do without the trace */
		payload->failed = 0;
		payload->size = before;
	}
	end(result);
}

void snafu_argument_problem(struct snafu_argument_problems *problems, const char *name,
                            const char *format, ...)
{
	char text[512];
	va_list arguments;

	if (problems->count++ == 0) {
		problems->message = SNAFU_BUFFER(PROBLEMS_CAP);
		problems->json = SNAFU_BUFFER(PROBLEMS_CAP);
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);

	/* One that does not fit whole is only counted. */
	size_t message_size = problems->message.size, json_size = problems->json.size;
	snafu_buffer_format(&problems->message, "%s%s: %s", message_size ? "; " : "", name, text);
	snafu_buffer_append_text(&problems->json, json_size ? ",{\"name\":" : "{\"name\":");
	snafu_json_write_text(&problems->json, name);
	snafu_buffer_append_text(&problems->json, ",\"problem\":");
	snafu_json_write_text(&problems->json, text);
	snafu_buffer_append_byte(&problems->json, '}');
	if (problems->message.failed || problems->json.failed) {
		problems->message.failed = problems->json.failed = 0;
		problems->message.size = message_size;
		problems->json.size = json_size;
		if (problems->message.data)
			problems->message.data[message_size] = '\0';
	}
}

void snafu_argument_problems_fail(struct snafu_argument_problems *problems,
                                  const struct snafu_function *function,
                                  struct snafu_result *result)
{
	struct snafu_buffer message = SNAFU_BUFFER(MESSAGE_CAP - 1);

	snafu_buffer_append_text(&message, problems->message.data ? problems->message.data : "");
	snafu_buffer_append_text(&message, "; usage: ");
	snafu_function_signature(function, &message);
	begin(result, SNAFU_BAD_ARGUMENTS, "ArgumentError", message.data ? message.data : "");
	snafu_buffer_append_text(&result->payload, ",\"arguments\":[");
	snafu_buffer_append(&result->payload, problems->json.data, problems->json.size);
	snafu_buffer_append_byte(&result->payload, ']');
	end(result);
	snafu_buffer_done(&message);
	snafu_argument_problems_done(problems);
}

void snafu_argument_problems_done(struct snafu_argument_problems *problems)
{
	snafu_buffer_done(&problems->message);
	snafu_buffer_done(&problems->json);
	problems->count = 0;
}
