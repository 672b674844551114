/* runtime/settings/function_config_members.h — the members of a <source>.config that are not named
 * like a setting. */
#ifndef SNAFU_RUNTIME_SETTINGS_FUNCTION_CONFIG_MEMBERS_H
#define SNAFU_RUNTIME_SETTINGS_FUNCTION_CONFIG_MEMBERS_H

enum snafu_member_meaning {
	SNAFU_MEMBER_SETTING,
	SNAFU_MEMBER_ENVIRONMENT,
	SNAFU_MEMBER_DESTINATIONS,
	SNAFU_MEMBER_FUNCTIONS,
	SNAFU_MEMBER_DESCRIPTION,
	SNAFU_MEMBER_HANDLER,
	SNAFU_MEMBER_FUNCTION_NAME,
	SNAFU_MEMBER_NOTHING, /* Lambda has it; here it means nothing */
};

struct snafu_config_member {
	const char *name;
	enum snafu_member_meaning meaning;
	const char *setting; /* SETTING: its name */
	const char *unit; /* SETTING: what a number counts, when it is a size */
};

/* The last one's name is NULL. */
extern const struct snafu_config_member snafu_config_members[];

#endif
