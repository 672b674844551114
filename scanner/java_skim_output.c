/* scanner/java_skim_output.c — what the skimmer makes: the compact text, where its
 * pieces stood, and which comment belongs to which declaration. See java_skimmer.h. */
#include "scanner/java_skimmer.h"

#include <string.h>

#include "base/array.h"

bool snafu_skim_add_piece(struct java_skimmer *state, const unsigned char *source)
{
	struct snafu_java_skim *skim = state->skim;

	if (snafu_array_grow(&skim->pieces, &skim->pieces_capacity, skim->n_pieces,
	                     sizeof *skim->pieces)) {
		state->error = -ENOMEM;
		return false;
	}
	skim->pieces[skim->n_pieces++] = (struct snafu_java_piece){
		.at = (uint32_t)(state->put - skim->compact),
		.source = (uint32_t)(source - state->source),
	};
	return true;
}

void snafu_skim_leave_out(struct java_skimmer *state, const unsigned char *from,
                          const unsigned char *to, char filler)
{
	size_t size = (size_t)(from - state->copied);

	memcpy(state->put, state->copied, size);
	/* White space before and behind is left out as well. */
	char *start = state->put;
	state->put += size;
	while (state->put > start + 1 && snafu_java_is_space((unsigned char)state->put[-1]))
		state->put--;
	if (filler)
		*state->put++ = filler;
	while (snafu_java_is_space(*to))
		to++;
	state->copied = to;
	snafu_skim_add_piece(state, to);
}

void snafu_skim_note_comment(struct java_skimmer *state)
{
	struct snafu_java_skim *skim = state->skim;

	if (snafu_array_grow(&skim->comments, &skim->comments_capacity, skim->n_comments,
	                     sizeof *skim->comments)) {
		state->error = -ENOMEM;
		return;
	}
	skim->comments[skim->n_comments++] = (struct snafu_java_comment){
		.declaration = (uint32_t)(state->at - state->source),
		.start = (uint32_t)(state->doc - state->source),
		.end = (uint32_t)(state->doc_end - state->source),
	};
}
