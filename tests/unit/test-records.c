/* tests/unit/test-records.c — records on their way from calls to files. */
#include "runtime/records/records.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "runtime/records/event_text.h"
#include "runtime/loggers/logger.h"
#include "runtime/records/record_queue.h"
#include "runtime/records/recorder.h"
#include "tests/unit/tap.h"

#define THREADS  4
#define ROUNDS   10000
#define TIME     1795431729123456000u
#define TEXT_CAP (16u << 20)

static struct snafu_record plain(const char *function, uint64_t number)
{
	return (struct snafu_record){
		.time = TIME,
		.function = function,
		.status_name = "ok",
		.duration = 12034567,
		.request_id = "id",
		.tenant = "",
		.trigger = "http",
		.executor = "inprocess",
		.start = "warm",
		.run = 999,
		.bytes_in = number,
		.attempt = 1,
		.error_type = "",
		.log = "",
	};
}

/* ---- pieces -------------------------------------------------------------------- */

static void test_pieces(void)
{
	struct snafu_buffer text = SNAFU_BUFFER(100);
	char time[SNAFU_RECORD_TIME_SIZE], type[8];
	static const char payload[] =
		"{\"other\":[{\"errorType\":\"No\"}],\"errorType\":\"Zero\\u00e4Div\"}";

	snafu_record_time(TIME, time);
	CHECK_STRING(time, "2026-11-23T11:02:09.123456Z");
	snafu_record_time(0, time);
	CHECK_STRING(time, "1970-01-01T00:00:00.000000Z");
	snafu_record_span(12034567, &text);
	CHECK_STRING(text.data, "12.034");
	snafu_record_error_type(payload, sizeof payload - 1, type, sizeof type);
	CHECK_STRING(type, "Zero\u00e4D");
	snafu_record_error_type(payload, sizeof payload - 1, type, 6);
	CHECK_STRING(type, "Zero");
	snafu_record_error_type("[1]", 3, type, sizeof type);
	CHECK_STRING(type, "");
	snafu_record_error_type("{\"errorType\":1}", 15, type, sizeof type);
	CHECK_STRING(type, "");
	snafu_record_error_type(NULL, 0, type, sizeof type);
	CHECK_STRING(type, "");
	snafu_buffer_done(&text);
}

/* ---- the queue ------------------------------------------------------------------- */

static struct snafu_record_queue queue;

static void *push_many(void *state)
{
	const char *name = state;

	for (uint64_t i = 0; i < ROUNDS; i++) {
		struct snafu_record record = plain(name, i);

		record.log = name;
		record.log_size = 1;
		while (snafu_record_push(&queue, &record))
			continue;
	}
	return NULL;
}

static void test_order(void)
{
	static char names[THREADS][2] = {"a", "b", "c", "d"};
	pthread_t threads[THREADS];
	uint64_t next[THREADS] = {0}, count = 0;
	bool good = true;

	snafu_record_queue_init(&queue);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, push_many, names[i]);
	while (count < THREADS * ROUNDS) {
		snafu_record_wait(&queue, -1);
		struct snafu_message *at = snafu_record_take(&queue), *after;

		for (; at; at = after, count++) {
			int who = at->record.function[0] - 'a';

			after = at->next;
			good = good && !at->is_event && at->record.bytes_in == next[who]++ &&
			       strcmp(at->record.log, names[who]) == 0 &&
			       strcmp(at->record.request_id, "id") == 0;
			snafu_message_free(&queue, at);
		}
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK(good);
	CHECK(count == THREADS * ROUNDS);
	CHECK(snafu_record_take(&queue) == NULL); /* counts what has been freed */
	CHECK(atomic_load(&queue.count) == 0 && atomic_load(&queue.bytes) == 0);
	CHECK(atomic_load(&queue.dropped_records) == 0);
	snafu_record_queue_done(&queue);
}

static void test_caps(void)
{
	struct snafu_record record = plain("f", 0);
	struct snafu_event event = {.event = "something"};
	char *log = calloc(1, SNAFU_RECORDS_BYTES_CAP);
	size_t events = 0, records = 0;

	snafu_record_queue_init(&queue);
	while (snafu_event_push(&queue, &event) == 0)
		events++;
	CHECK(events == SNAFU_RECORDS_CAP / 4 * 3);
	while (snafu_record_push(&queue, &record) == 0)
		records++;
	CHECK(events + records == SNAFU_RECORDS_CAP);
	CHECK(snafu_record_push(&queue, &record) == -ENOBUFS);
	CHECK(atomic_load(&queue.dropped_records) == 2 && atomic_load(&queue.dropped_events) == 1);
	snafu_record_queue_done(&queue);

	snafu_record_queue_init(&queue);
	record.log = log;
	record.log_size = SNAFU_RECORDS_BYTES_CAP / 2;
	CHECK(snafu_record_push(&queue, &record) == 0);
	CHECK(snafu_record_push(&queue, &record) == -ENOBUFS);
	snafu_record_queue_done(&queue);
	free(log);
}

static void test_long_texts(void)
{
	char name[SNAFU_RECORD_TEXT_CAP + 10];
	struct snafu_record record = plain(name, 0);
	struct snafu_buffer line = SNAFU_BUFFER(4096);

	memset(name, 'x', sizeof name);
	memcpy(name + SNAFU_RECORD_TEXT_CAP - 1, "\u00e4", 2);
	name[sizeof name - 1] = '\0';
	snafu_record_queue_init(&queue);
	snafu_record_push(&queue, &record);
	struct snafu_message *message = snafu_record_take(&queue);
	CHECK(strlen(message->record.function) == SNAFU_RECORD_TEXT_CAP - 1);
	snafu_message_free(&queue, message);

	snafu_event_push(&queue, &(struct snafu_event){.event = "instance-ended",
	                                               .function = "m.f",
	                                               .detail = "killed by \"9\"",
	                                               .process = 42});
	message = snafu_record_take(&queue);
	message->time = TIME;
	snafu_event_text(message, &line);
	CHECK_STRING(line.data,
	             "{\"time\":\"2026-11-23T11:02:09.123456Z\",\"event\":\"instance-ended\","
	             "\"function\":\"m.f\",\"process\":42,"
	             "\"detail\":\"killed by \\\"9\\\"\"}\n");
	snafu_message_free(&queue, message);
	snafu_buffer_done(&line);
	snafu_record_queue_done(&queue);
}

/* ---- comma-separated values --------------------------------------------------------- */

#define HEADER                                                                            \
	"time,function,status,duration_ms,request_id,tenant,trigger,executor,start,queue_ms," \
	"init_ms,run_ms,peak_memory,bytes_in,bytes_out,attempt,error_type,log\r\n"
#define BEFORE ",ok,12.034,id,,http,inprocess,warm,0.000,0.000,0.000,0,7,0,1,,"
#define START  "2026-11-23T11:02:09.123456Z,"

static char path[] = "/tmp/test-records-XXXXXX";

static char *content(size_t *ret_size)
{
	char *text = NULL;

	*ret_size = 0;
	if (snafu_file_read(path, TEXT_CAP, &text, ret_size, NULL))
		return strdup("");
	return text;
}

static const struct snafu_logger *csv;

static int add(const struct snafu_record *record, struct snafu_error *error)
{
	void *state;
	int code = csv->open(path, &state, error);

	if (code)
		return code;
	if (record)
		code = csv->write(state, &record, 1, error);
	csv->close(state);
	return code;
}

static void test_escapes(void)
{
	struct snafu_record record = plain("m.f", 7);
	struct snafu_error error;
	struct stat status;
	size_t size;

	unlink(path);
	CHECK(add(&record, &error) == 0);
	record.function = "a,\"b\"";
	record.log = "one\r\ntwo\rthree\n";
	CHECK(add(&record, &error) == 0);
	char *text = content(&size);
	CHECK_STRING(text, HEADER START "m.f" BEFORE "\r\n" START "\"a,\"\"b\"\"\"" BEFORE
	                                "\"one\ntwo\rthree\n\"\r\n");
	CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
	free(text);

	CHECK(snafu_file_write(path, "name,age\n", 9, NULL) == 0);
	CHECK(add(&record, &error) == -EINVAL && strstr(error.message, "other columns"));
	CHECK(snafu_file_write(path, "time,fun", 8, NULL) == 0);
	CHECK(add(NULL, &error) == 0);
	text = content(&size);
	CHECK_STRING(text, HEADER);
	free(text);
}

/* Wherever a file is torn, the next start makes whole records of it. */
static void test_torn(void)
{
	static const char first[] = HEADER START "m.f" BEFORE "\r\n";
	static const char second[] = START "\"a,\"\"b\"\"\"" BEFORE "\"one\ntwo, \"\"three\n\"\r\n";
	char *whole;
	bool good = true;
	size_t size;

	if (asprintf(&whole, "%s%s", first, second) < 0)
		return;
	for (size_t cut = 0; cut < sizeof second - 1; cut++) {
		snafu_file_write(path, whole, sizeof first - 1 + cut, NULL);
		good = good && add(NULL, NULL) == 0;
		char *text = content(&size), *rest = text + sizeof first - 1;
		size_t commas = 0, common = 0;
		bool quoted = false;

		good = good && strncmp(text, first, sizeof first - 1) == 0;
		while (good && rest[common] && rest[common] == second[common])
			common++;
		for (size_t i = 0; good && rest[i]; i++) {
			quoted ^= rest[i] == '"';
			commas += rest[i] == ',' && !quoted;
		}
		/* What is left is a part of the record, and commas. */
		good = good && common <= cut + 1 && strspn(rest + common, ",\r\n") == strlen(rest + common);
		good = good && (!*rest || (commas == SNAFU_RECORD_COLUMNS - 1 && !quoted &&
		                           snafu_path_has_suffix(rest, "\r\n")));
		good = good && (cut < 28) == !*rest;
		if (!good)
			printf("# torn after %zu bytes: %s\n", cut, rest);
		free(text);
		if (!good)
			break;
	}
	CHECK(good);
	free(whole);
}

/* ---- the writer --------------------------------------------------------------------- */

struct heard {
	int waits, again, dropped, other;
	size_t bytes, lines;
};

static void hear(void *state, enum snafu_severity severity, const char *line)
{
	struct heard *heard = state;

	(void)severity;
	if (strstr(line, "cannot be written"))
		heard->waits++;
	else if (strstr(line, "again"))
		heard->again++;
	else if (strstr(line, "dropped"))
		heard->dropped++;
	else
		heard->other++;
}

static size_t read_lines(void *state, const char *lines, size_t size, int patience_ms)
{
	struct heard *heard = state;

	(void)patience_ms;
	heard->bytes += size;
	for (size_t i = 0; i < size; i++)
		heard->lines += lines[i] == '\n';
	return size;
}

static size_t records_in_file(void)
{
	size_t size, count = 0;
	char *text = content(&size);

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	free(text);
	return count ? count - 1 : 0;
}

static struct snafu_recorder *recorder;

static void *record_many(void *name)
{
	for (uint64_t i = 0; i < ROUNDS; i++) {
		const struct snafu_record record = plain(name, i);

		if (i % 8 == 0)
			snafu_recorder_tell(recorder, &(struct snafu_event){.event = "call-accepted"});
		snafu_recorder_add(recorder, &record);
	}
	return NULL;
}

static void test_recorder(const char *list)
{
	struct heard heard = {0};
	const struct snafu_recorder_options options = {
		.loggers = list,
		.debug = read_lines,
		.debug_state = &heard,
		.reporter = {.report = hear, .state = &heard},
	};
	pthread_t threads[THREADS];

	unlink(path);
	CHECK(snafu_recorder_new(&options, &recorder, NULL) == 0);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, record_many, "f");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	snafu_recorder_stop(recorder);
	CHECK(records_in_file() == THREADS * ROUNDS);
	CHECK(heard.lines == THREADS * (ROUNDS + ROUNDS / 8));
	CHECK(heard.waits + heard.dropped + heard.other == 0);
	snafu_recorder_free(recorder);
}

/* As on a full disk: what cannot be written waits, then is dropped; when there is room
 * again, what has waited is written. */
static void test_full(const char *list)
{
	struct heard heard = {0};
	const struct snafu_recorder_options options = {.loggers = list, .reporter = {hear, &heard}};
	struct rlimit before, small;
	struct snafu_buffer metrics = SNAFU_BUFFER(4096);
	const struct snafu_record record = plain("m.f", 0);
	size_t size;

	unlink(path);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 1000;
	CHECK(snafu_recorder_new(&options, &recorder, NULL) == 0);
	setrlimit(RLIMIT_FSIZE, &small);
	for (int i = 0; i < SNAFU_RECORDS_CAP + 10; i++)
		snafu_recorder_add(recorder, &record);
	snafu_recorder_write_metrics(recorder, &metrics);
	setrlimit(RLIMIT_FSIZE, &before);
	snafu_recorder_stop(recorder);
	char *text = content(&size);
	/* A few records may have been written before the disk was full. */
	CHECK(strstr(metrics.data, "\nsnafu_records_dropped_total 0\n") == NULL);
	CHECK(strstr(metrics.data, "\nsnafu_records_written_total{logger=\"csv\"} ") != NULL);
	CHECK(records_in_file() >= SNAFU_RECORDS_CAP && snafu_path_has_suffix(text, "\r\n"));
	CHECK(heard.waits == 1 && heard.again == 1 && heard.dropped >= 1 && heard.other == 0);
	free(text);
	snafu_recorder_free(recorder);

	/* Still full at the end. */
	heard = (struct heard){0};
	unlink(path);
	CHECK(snafu_recorder_new(&options, &recorder, NULL) == 0);
	setrlimit(RLIMIT_FSIZE, &small);
	for (int i = 0; i < 100; i++)
		snafu_recorder_add(recorder, &record);
	snafu_recorder_stop(recorder);
	setrlimit(RLIMIT_FSIZE, &before);
	CHECK(records_in_file() < 100);
	CHECK(heard.waits == 1 && heard.dropped == 1);
	snafu_recorder_free(recorder);
	snafu_buffer_done(&metrics);
}

static void test_nothing_wanted(void)
{
	const struct snafu_recorder_options options = {.loggers = "none,"};
	struct snafu_record record = plain("f", 0);
	struct snafu_error error;

	recorder = NULL;
	CHECK(snafu_recorder_new(&options, &recorder, &error) == 0 && !recorder);
	snafu_recorder_add(recorder, &record);
	snafu_recorder_stop(recorder);
	snafu_recorder_free(recorder);
	CHECK(snafu_recorder_new(&(struct snafu_recorder_options){.loggers = "csv=/no/such/file"},
	                         &recorder, &error) == -ENOENT);
	CHECK(strstr(error.message, "/no/such/file") != NULL);
	CHECK(snafu_recorder_new(&(struct snafu_recorder_options){.loggers = "paper"}, &recorder,
	                         &error) == -ENOENT);
}

int main(void)
{
	char list[64];

	signal(SIGXFSZ, SIG_IGN);
	close(mkstemp(path));
	snprintf(list, sizeof list, "csv=%s", path);
	CHECK(snafu_logger_find("csv", &csv, NULL) == 0);
	test_pieces();
	test_order();
	test_caps();
	test_long_texts();
	test_escapes();
	test_torn();
	test_recorder(list);
	test_full(list);
	test_nothing_wanted();
	unlink(path);
	return tap_done();
}
