/* base/keeper.h — snafu-keeper, the small program between us and another one that we run
 * (child.h): it ends as that one does, and when we end, or ask it to (SIGTERM), it kills it and
 * whatever it has started. A compiler is several processes, and none of them would notice. */
#ifndef SNAFU_BASE_KEEPER_H
#define SNAFU_BASE_KEEPER_H

#define SNAFU_KEEPER            "snafu-keeper" /* the part: PARENT PROGRAM ARGUMENT... */
#define SNAFU_KEEPER_CANNOT_RUN 126 /* exit status: PROGRAM could not be executed */

#endif
