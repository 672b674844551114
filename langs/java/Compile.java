package snafu;

import com.sun.source.util.JavacTask;
import com.sun.source.util.TaskEvent;
import com.sun.source.util.TaskListener;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.*;
import javax.tools.*;

/**
 * The compiler, as a program of its own: runs javac's own interface over one source file and what
 * it needs, and writes a Unit. Started by Sources; a process apart keeps the host small and takes
 * options that suit so short a run.
 *
 * <p>On stdin, each with a NUL behind it (arguments would go through the locale's encoding):
 * output, release (0: this one), source file, source path, class path. Exit 0 when the unit is
 * written, else 1, with the messages on stdout.
 */
final class Compile {
	private static final int MESSAGES_CAP = 20;
	private static final int ROUNDS_CAP = 8; // of leaving out what does not compile
	private static final String BAD_ENCODING = "illegal.char.for.encoding";

	/** This program's own jar, for snafu.Snafu. */
	private static final String BRIDGE = System.getProperty("java.class.path");

	private final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
	private final String release;
	private final String sourcePath;
	private final String classPath;
	private final Map<String, Patch> patches = new HashMap<>(); // by absolute path
	private final Set<String> warnings = new LinkedHashSet<>();
	private String encoding = "UTF-8";

	private Compile(String release, String sourcePath, String classPath) {
		this.release = release;
		this.sourcePath = sourcePath;
		this.classPath = classPath;
	}

	/** One run of javac and what came of it. */
	private static final class Run {
		final DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
		final Map<String, byte[]> classes = new LinkedHashMap<>();
		final Map<String, String> origins = new HashMap<>(); // class to absolute source
		final Set<String> read = new LinkedHashSet<>(); // absolute sources
		boolean good;

		List<Diagnostic<? extends JavaFileObject>> errors() {
			List<Diagnostic<? extends JavaFileObject>> errors = new ArrayList<>();
			for (Diagnostic<? extends JavaFileObject> diagnostic : diagnostics.getDiagnostics())
				if (diagnostic.getKind() == Diagnostic.Kind.ERROR)
					errors.add(diagnostic);
			return errors;
		}

		boolean hasError(String part) {
			for (Diagnostic<?> error : errors())
				if (error.getCode() != null && error.getCode().contains(part))
					return true;
			return false;
		}

		/** The sources with errors, absolute. */
		Set<String> broken() {
			Set<String> broken = new LinkedHashSet<>();
			for (Diagnostic<? extends JavaFileObject> error : errors())
				if (error.getSource() != null)
					broken.add(absolute(error.getSource()));
			return broken;
		}
	}

	static String absolute(JavaFileObject source) {
		return Path.of(source.toUri()).toAbsolutePath().normalize().toString();
	}

	/** Keeps the classes in memory, and notes what was read. */
	private static final class Manager extends ForwardingJavaFileManager<StandardJavaFileManager> {
		private final Run run;

		private final Map<String, Patch> patches;

		Manager(StandardJavaFileManager standard, Run run, Map<String, Patch> patches) {
			super(standard);
			this.run = run;
			this.patches = patches;
		}

		JavaFileObject patched(JavaFileObject file) {
			Patch patch = patches.isEmpty() ? null : patches.get(absolute(file));
			return patch == null ? file : patch;
		}

		@Override
		public String inferBinaryName(Location location, JavaFileObject file) {
			return super.inferBinaryName(location, Patch.original(file));
		}

		@Override
		public boolean isSameFile(FileObject a, FileObject b) {
			return super.isSameFile(Patch.original(a), Patch.original(b));
		}

		/** Everything is compiled in the unnamed module, which sees all libraries. */
		private static boolean isModule(String name) {
			return name.equals("module-info") || name.endsWith("/module-info.java");
		}

		@Override
		public Iterable<JavaFileObject> list(Location location, String name,
				Set<JavaFileObject.Kind> kinds, boolean recurse) throws IOException {
			Iterable<JavaFileObject> all = super.list(location, name, kinds, recurse);
			if (location != StandardLocation.SOURCE_PATH)
				return all;
			List<JavaFileObject> kept = new ArrayList<>();
			for (JavaFileObject file : all)
				if (!isModule(file.getName()))
					kept.add(patched(file));
			return kept;
		}

		@Override
		public JavaFileObject getJavaFileForInput(Location location, String name,
				JavaFileObject.Kind kind) throws IOException {
			return location == StandardLocation.SOURCE_PATH && isModule(name) ? null
				: super.getJavaFileForInput(location, name, kind);
		}

		@Override
		public JavaFileObject getJavaFileForOutput(Location location, String name,
				JavaFileObject.Kind kind, FileObject sibling) {
			java.net.URI uri = java.net.URI.create("memory:/" + name.replace('.', '/')
				+ kind.extension);
			return new SimpleJavaFileObject(uri, kind) {
				@Override
				public OutputStream openOutputStream() {
					return new ByteArrayOutputStream() {
						@Override
						public void close() {
							run.classes.put(name, toByteArray());
							run.origins.put(name, absolute((JavaFileObject) sibling));
						}
					};
				}
			};
		}
	}

	private Run run(Collection<String> files) throws IOException {
		Run run = new Run();
		List<String> options = new ArrayList<>(List.of("-parameters", "-proc:none", "-g", "-nowarn",
			"-Xprefer:source", "-implicit:class", "-encoding", encoding, "-sourcepath", sourcePath,
			"-classpath", classPath + File.pathSeparator + BRIDGE,
			"-XDstringConcat=inline")); // linked sooner, where classes are defined anew
		if (!release.equals("0"))
			options.addAll(List.of("--release", release));
		try (StandardJavaFileManager standard = compiler.getStandardFileManager(run.diagnostics,
				null, Charset.forName(encoding))) {
			Manager manager = new Manager(standard, run, patches);
			List<JavaFileObject> units = new ArrayList<>();
			for (JavaFileObject unit : standard.getJavaFileObjectsFromStrings(files))
				units.add(manager.patched(unit));
			JavacTask task = (JavacTask) compiler.getTask(null, manager, run.diagnostics, options,
				null, units);
			task.setTaskListener(new TaskListener() {
				@Override
				public void started(TaskEvent event) {
					if (event.getKind() == TaskEvent.Kind.PARSE)
						run.read.add(absolute(event.getSourceFile()));
				}
			});
			run.good = task.call() && !run.hasError(BAD_ENCODING);
		}
		return run;
	}

	/** Other files of the same folder: classes may stand in a file of another name. */
	private static List<String> neighbours(String file) {
		List<String> files = new ArrayList<>(List.of(file));
		String[] names = new File(file).getAbsoluteFile().getParentFile().list();
		Arrays.sort(names);
		for (String name : names)
			if (name.endsWith(".java") && !name.equals("module-info.java")
					&& !name.equals(new File(file).getName()))
				files.add(new File(new File(file).getParent(), name).getPath());
		return files;
	}

	/** Compiles FILE and what it needs; first simply, then with ever more allowances. */
	private Run compile(String file) throws IOException {
		String path = Path.of(file).toAbsolutePath().normalize().toString();
		Collection<String> files = List.of(file);
		Run first = run(files);
		if (first.hasError(BAD_ENCODING)) {
			encoding = "ISO-8859-1";
			first = run(files);
		}
		Run run = first;
		if (!run.good && run.hasError("cant.resolve")) {
			files = neighbours(file);
			Run wide = run(files);
			if (wide.good || !wide.broken().contains(path))
				run = wide;
		}
		// Broken methods are left out, so that all others work.
		for (int round = 0; round < ROUNDS_CAP && !run.good; round++) {
			if (run.broken().isEmpty() || !patch(run))
				return first;
			run = run(files);
		}
		return run.good ? run : first;
	}

	/** Patches the files with errors; false when one cannot be. */
	private boolean patch(Run run) throws IOException {
		Map<JavaFileObject, List<Diagnostic<? extends JavaFileObject>>> errors =
			new LinkedHashMap<>();
		for (Diagnostic<? extends JavaFileObject> error : run.errors()) {
			if (error.getSource() == null)
				return false;
			errors.computeIfAbsent(error.getSource(), key -> new ArrayList<>()).add(error);
		}
		for (JavaFileObject file : errors.keySet()) {
			Patch patch = Patch.of(compiler, file, errors.get(file));
			if (patch == null)
				return false;
			patches.put(absolute(file), patch);
			warnings.add(words(errors.get(file).get(0)));
		}
		return true;
	}

	private static String words(Diagnostic<? extends JavaFileObject> diagnostic) {
		String text = diagnostic.getMessage(null);
		return diagnostic.getSource() == null ? text : diagnostic.getSource().getName() + ":"
			+ diagnostic.getLineNumber() + ": " + text;
	}

	private void write(Run run, String output) throws IOException {
		Map<String, byte[]> sources = new LinkedHashMap<>();
		for (String source : run.read)
			sources.put(source, Files.readAllBytes(Path.of(source)));
		List<String> libraries = new ArrayList<>();
		for (String library : classPath.split(":"))
			if (library.endsWith(".jar"))
				libraries.add(library);
		StringBuilder text = new StringBuilder();
		for (String warning : warnings)
			text.append(warning.lines().findFirst().orElse("")).append(" (left out)\n");
		Path made = Files.createTempFile(Path.of(output).getParent(), "java-", ".tmp");
		try (OutputStream out = new FileOutputStream(made.toFile())) {
			Unit.write(out, sources, libraries, text.toString(), run.classes, run.origins);
		}
		Files.move(made, Path.of(output), StandardCopyOption.ATOMIC_MOVE,
			StandardCopyOption.REPLACE_EXISTING);
	}

	public static void main(String[] none) throws IOException {
		String[] arguments = Bridge.split(System.in.readAllBytes());
		PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
		Compile compile = new Compile(arguments[1], arguments[3], arguments[4]);
		if (compile.compiler == null) {
			out.println(System.getProperty("java.home") + " has no compiler (jdk.compiler)");
			System.exit(1);
		}
		Run run = compile.compile(arguments[2]);
		if (run.good) {
			compile.write(run, arguments[0]);
			return;
		}
		List<Diagnostic<? extends JavaFileObject>> errors = run.errors();
		for (int i = 0; i < errors.size() && i < MESSAGES_CAP; i++)
			out.println(words(errors.get(i)));
		if (errors.size() > MESSAGES_CAP)
			out.println("... and " + (errors.size() - MESSAGES_CAP) + " errors more");
		System.exit(1);
	}
}
