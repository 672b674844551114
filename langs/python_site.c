/* langs/python_site.c — the start of a process that serves one call, without the module
 * site where that would only put Debian's folders on sys.path and a few names into
 * builtins: both are done here, for a third of the time.
 *
 * What site also does is run what somebody installed: .pth files, sitecustomize and
 * usercustomize. Where any of these is there, or a virtual environment, or where the
 * folders are not Debian's, the interpreter starts as always. Follows site.py of CPython
 * 3.11 as Debian has it. */
#include "langs/python_site.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define ENTRIES_CAP 100000 /* of a folder that is searched for .pth files */
#define HOOK_CAP    4096 /* bytes of a sitecustomize.py that is looked into */
#define DEBIANS_CAP 300 /* bytes: Debian's own is smaller */

static bool has_path_files(const char *folder)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	bool found = false;

	for (size_t n = 0; directory && !found && (entry = readdir(directory)); n++) {
		size_t size = strlen(entry->d_name);

		found = n >= ENTRIES_CAP || (size > 4 && strcmp(entry->d_name + size - 4, ".pth") == 0);
	}
	if (directory)
		closedir(directory);
	return found;
}

static bool is_there(const char *folder, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path ||
	       access(path, F_OK) == 0;
}

/* A module or package of that name in FOLDER. */
static bool has_module(const char *folder, const char *name)
{
	char file[64];

	snprintf(file, sizeof file, "%s.py", name);
	return is_there(folder, file) || is_there(folder, name);
}

/* Debian's own sitecustomize.py only asks for the module apport_python_hook. */
static bool is_debians(const char *folder)
{
	char path[PATH_MAX], *text;
	size_t size;

	snprintf(path, sizeof path, "%.*s/sitecustomize.py", PATH_MAX - 32, folder);
	if (snafu_file_read(path, HOOK_CAP, &text, &size, NULL))
		return false;
	bool debians = size < DEBIANS_CAP && strstr(text, "import apport_python_hook") &&
	               strstr(text, "except ImportError:");
	free(text);
	return debians;
}

/* The folders of site: the user's own, then the system's. */
static void list_folders(struct python_site *site)
{
	const char *home = getenv("HOME"), *base = getenv("PYTHONUSERBASE");
	const char *none = getenv("PYTHONNOUSERSITE");
	char version[16];

	snprintf(version, sizeof version, "%d.%d", PY_MAJOR_VERSION, PY_MINOR_VERSION);
	if (!(none && *none) && geteuid() == getuid() && getegid() == getgid()) {
		if (base && *base)
			snprintf(site->folders[0], PATH_MAX, "%s/lib/python%s/site-packages", base, version);
		else if (home && *home)
			snprintf(site->folders[0], PATH_MAX, "%s/.local/lib/python%s/site-packages", home,
			         version);
	}
	snprintf(site->folders[1], PATH_MAX, "/usr/local/lib/python%s/dist-packages", version);
	snprintf(site->folders[2], PATH_MAX, "/usr/lib/python3/dist-packages");
	snprintf(site->folders[3], PATH_MAX, "/usr/lib/python%s/dist-packages", version);
	for (size_t i = 0; i < PYTHON_SITE_FOLDERS; i++)
		if (site->folders[i][0] && access(site->folders[i], F_OK) != 0)
			site->folders[i][0] = '\0';
}

bool python_site_replaceable(struct python_site *site)
{
	static const char *const unusual[] = {"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP",
	                                      "PYTHONPLATLIBDIR"};
	char library[64];

	memset(site, 0, sizeof *site);
	for (size_t i = 0; i < sizeof unusual / sizeof *unusual; i++)
		if (getenv(unusual[i]))
			return false;
	snprintf(library, sizeof library, "/usr/lib/python%d.%d", PY_MAJOR_VERSION, PY_MINOR_VERSION);
	if (!is_there("/usr/lib/python3", "dist-packages") ||
	    (has_module(library, "sitecustomize") && !is_debians(library)) ||
	    has_module(library, "usercustomize"))
		return false;
	list_folders(site);
	for (size_t i = 0; i < PYTHON_SITE_FOLDERS; i++)
		if (site->folders[i][0] &&
		    (has_path_files(site->folders[i]) || has_module(site->folders[i], "sitecustomize") ||
		     has_module(site->folders[i], "usercustomize") ||
		     has_module(site->folders[i], "apport_python_hook")))
			return false;
	return true;
}

/* exit(), quit() and help(), as scripts use them. */
static int add_builtins(void)
{
	static const char *const leave[] = {"exit", "quit"};
	PyObject *made = PyImport_ImportModule("_sitebuiltins"); /* frozen */
	PyObject *builtins = PyEval_GetBuiltins();
	int code = made ? 0 : -1;

	for (size_t i = 0; i < 2 && !code; i++) {
		PyObject *quitter =
			PyObject_CallMethod(made, "Quitter", "ss", leave[i], "Ctrl-D (i.e. EOF)");

		code = quitter ? PyDict_SetItemString(builtins, leave[i], quitter) : -1;
		Py_XDECREF(quitter);
	}
	PyObject *help = code ? NULL : PyObject_CallMethod(made, "_Helper", NULL);
	if (help)
		code = PyDict_SetItemString(builtins, "help", help);
	Py_XDECREF(help);
	Py_XDECREF(made);
	return help ? code : -1;
}

int python_site_replace(const struct python_site *site)
{
	PyObject *path = PySys_GetObject("path");
	int code = path && PyList_Check(path) ? 0 : -1;

	for (size_t i = 0; i < PYTHON_SITE_FOLDERS && !code; i++) {
		PyObject *folder = site->folders[i][0] ? PyUnicode_DecodeFSDefault(site->folders[i]) : NULL;

		if (folder)
			code = PyList_Append(path, folder);
		Py_XDECREF(folder);
	}
	return code || add_builtins() ? -1 : 0;
}
