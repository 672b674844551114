/* runtime/settings/function_config_members.c — see function_config_members.h. Lambda's are those of
 * its GetFunctionConfiguration, PutFunctionConcurrency and PutFunctionEventInvokeConfig, so
 * that what `aws lambda` prints can be put beside a source as it is. */
#include "runtime/settings/function_config_members.h"

#include <stddef.h>

#define NOTHING(NAME)                                 \
	{                                                 \
		.name = NAME, .meaning = SNAFU_MEMBER_NOTHING \
	}

const struct snafu_config_member snafu_config_members[] = {
	{"Timeout", SNAFU_MEMBER_SETTING, "call-timeout", NULL},
	{"MemorySize", SNAFU_MEMBER_SETTING, "memory", "MiB"},
	{"ReservedConcurrentExecutions", SNAFU_MEMBER_SETTING, "concurrency", NULL},
	{"MaximumRetryAttempts", SNAFU_MEMBER_SETTING, "retries", NULL},
	{"MaximumEventAgeInSeconds", SNAFU_MEMBER_SETTING, "maximum-age", NULL},
	{"Environment", SNAFU_MEMBER_ENVIRONMENT, NULL, NULL},
	{"DestinationConfig", SNAFU_MEMBER_DESTINATIONS, NULL, NULL},
	{"Functions", SNAFU_MEMBER_FUNCTIONS, NULL, NULL},
	{"Description", SNAFU_MEMBER_DESCRIPTION, NULL, NULL},
	{"Handler", SNAFU_MEMBER_HANDLER, NULL, NULL},
	{"FunctionName", SNAFU_MEMBER_FUNCTION_NAME, NULL, NULL},
	NOTHING("Architectures"),
	NOTHING("Code"),
	NOTHING("CodeSha256"),
	NOTHING("CodeSize"),
	NOTHING("DeadLetterConfig"),
	NOTHING("EphemeralStorage"),
	NOTHING("Examples"), /* for snafu-convert */
	NOTHING("FileSystemConfigs"),
	NOTHING("FunctionArn"),
	NOTHING("ImageConfigResponse"),
	NOTHING("KMSKeyArn"),
	NOTHING("LastModified"),
	NOTHING("LastUpdateStatus"),
	NOTHING("LastUpdateStatusReason"),
	NOTHING("LastUpdateStatusReasonCode"),
	NOTHING("Layers"),
	NOTHING("LoggingConfig"),
	NOTHING("MasterArn"),
	NOTHING("PackageType"),
	NOTHING("Publish"),
	NOTHING("ResponseMetadata"),
	NOTHING("RevisionId"),
	NOTHING("Role"),
	NOTHING("Runtime"),
	NOTHING("RuntimeVersionConfig"),
	NOTHING("SigningJobArn"),
	NOTHING("SigningProfileVersionArn"),
	NOTHING("SnapStart"),
	NOTHING("State"),
	NOTHING("StateReason"),
	NOTHING("StateReasonCode"),
	NOTHING("Tags"),
	NOTHING("TracingConfig"),
	NOTHING("Version"),
	NOTHING("VpcConfig"),
	{.name = NULL},
};
