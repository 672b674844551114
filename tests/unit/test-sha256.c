/* tests/unit/test-sha256.c — the examples of FIPS 180-4, and that pieces make the same whole; and
 * lists of files with their hashes, as sha256sum writes them. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/sha256.h"
#include "convert/mirror.h"
#include "tests/unit/tap.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_examples(void)
{
	char hash[SNAFU_SHA256_TEXT_SIZE], *million = malloc(1000000);

	snafu_sha256_of("", 0, hash);
	CHECK_STRING(hash, EMPTY);
	snafu_sha256_of("abc", 3, hash);
	CHECK_STRING(hash, ABC);
	snafu_sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hash);
	CHECK_STRING(hash, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', 1000000);
	snafu_sha256_of(million, 1000000, hash);
	CHECK_STRING(hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

static void test_pieces(void)
{
	char bytes[300], whole[SNAFU_SHA256_TEXT_SIZE], pieces[SNAFU_SHA256_TEXT_SIZE];
	unsigned different = 0;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7);
	for (size_t size = 0; size <= sizeof bytes; size++) {
		struct snafu_sha256 sum;

		snafu_sha256_of(bytes, size, whole);
		snafu_sha256_begin(&sum);
		snafu_sha256_add(&sum, bytes, size / 3);
		snafu_sha256_add(&sum, bytes + size / 3, 0);
		snafu_sha256_add(&sum, bytes + size / 3, size - size / 3);
		snafu_sha256_end(&sum, pieces);
		different += strcmp(whole, pieces) != 0;
	}
	CHECK(different == 0);
}

static void test_lists(void)
{
	static const char *const names[] = {"a", "a b/c", "new\nline", "back\\slash\r", "\xff"};
	static const char *const bad[] = {"/etc/passwd", "../x", "a/../../x", "a//b", ".", "a/"};
	char path[] = "/tmp/snafu-list-XXXXXX";
	int fd = mkstemp(path);
	struct snafu_buffer text = SNAFU_BUFFER(1 << 16);
	struct snafu_mirror_list list = {0};
	struct snafu_arena arena = {0};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		snafu_mirror_list_write(names[i], ABC, &text);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		snafu_mirror_list_write(bad[i], ABC, &text);
	snafu_buffer_append_text(&text, "nonsense\n\\\n" ABC " x\n" ABC "  cut off");
	CHECK(snafu_write_all(fd, text.data, text.size) == 0);
	CHECK(snafu_mirror_list_read(&list, path, &arena, NULL) == 0);
	CHECK(list.count == sizeof names / sizeof *names);
	snafu_mirror_list_sort(&list);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct snafu_mirror_entry *entry = snafu_mirror_list_find(&list, names[i]);

		CHECK(entry && strcmp(entry->hash, ABC) == 0);
	}
	CHECK(snafu_mirror_list_find(&list, "cut off") == NULL);
	close(fd);
	unlink(path);
	CHECK(snafu_mirror_list_read(&list, path, &arena, NULL) == 0); /* none is none */
	free(list.entries);
	snafu_buffer_done(&text);
	snafu_arena_done(&arena);
}

int main(void)
{
	test_examples();
	test_pieces();
	test_lists();
	return tap_done();
}
