/* langs/java_home.h — finding a JVM and a Java compiler on this machine. */
#ifndef SNAFU_LANGS_JAVA_HOME_H
#define SNAFU_LANGS_JAVA_HOME_H

struct snafu_error;

#define SNAFU_JAVA_OLDEST 17 /* the bridge's class files need it */

struct snafu_java_home {
	char *home; /* owned */
	char *library; /* owned: libjvm.so */
	char *compiler; /* owned: the home of a JDK with javac, this one if it has it; NULL: none */
	unsigned major; /* 17, 21, ... */
};

/* Looks at JAVA_HOME, the `java` in PATH, the JDK that ./configure found, and
 * /usr/lib/jvm, in this order. -ENOENT when there is none or only older ones. */
int snafu_java_home_find(struct snafu_java_home *ret_home, struct snafu_error *error);

void snafu_java_home_done(struct snafu_java_home *home);

#endif
