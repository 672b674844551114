package snafu;

import com.sun.source.tree.BlockTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.util.List;
import java.util.TreeMap;
import javax.tools.Diagnostic;
import javax.tools.ForwardingJavaFileObject;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;

/** A source file whose broken method bodies give way to an error that says so when such a method is
 * called, so that the classes around it still compile. Used by Compile. */
final class Patch extends ForwardingJavaFileObject<JavaFileObject> {
	static final String PREFIX = "does not compile: "; // of the error's message

	private static final int MESSAGE_CAP = 4000;

	private final String text;

	private Patch(JavaFileObject file, String text) {
		super(file);
		this.text = text;
	}

	@Override
	public CharSequence getCharContent(boolean ignoreEncodingErrors) {
		return text;
	}

	/** The file itself, of a patch or any other. */
	static JavaFileObject original(javax.tools.FileObject file) {
		return file instanceof Patch ? ((Patch) file).fileObject : (JavaFileObject) file;
	}

	/** FILE without the bodies that ERRORS are in; null when one of them is outside of any. */
	static Patch of(JavaCompiler compiler, JavaFileObject file,
			List<Diagnostic<? extends JavaFileObject>> errors) throws IOException {
		JavacTask task = (JavacTask) compiler.getTask(null, null, diagnostic -> { }, null, null,
			List.of(file));
		CompilationUnitTree unit = task.parse().iterator().next();
		SourcePositions positions = Trees.instance(task).getSourcePositions();
		StringBuilder text = new StringBuilder(file.getCharContent(true));
		// The last first, so that the places of the others stay good.
		TreeMap<Long, String> bodies = new TreeMap<>(java.util.Comparator.reverseOrder());
		for (Diagnostic<? extends JavaFileObject> error : errors) {
			Finder finder = new Finder(unit, positions, error.getPosition());
			finder.scan(unit, null);
			if (finder.end < 0)
				return null;
			String message = original(file).getName() + ":" + error.getLineNumber() + ": "
				+ error.getMessage(null);
			bodies.merge(finder.start << 32 | finder.end, message, (a, b) -> a + '\n' + b);
		}
		for (var body : bodies.entrySet()) {
			int start = (int) (body.getKey() >> 32);
			int end = (int) (long) body.getKey();
			// As many lines as before, so that later errors keep their line numbers.
			String lines = "\n".repeat((int) text.substring(start, end).chars()
				.filter(c -> c == '\n').count());
			text.replace(start, end, "{ if (true) throw new java.lang.LinkageError("
				+ literal(PREFIX + body.getValue()) + "); throw null; " + lines + "}");
		}
		return new Patch(original(file), text.toString());
	}

	private static String literal(String text) {
		StringBuilder literal = new StringBuilder("\"");
		for (char c : text.substring(0, Math.min(text.length(), MESSAGE_CAP)).toCharArray())
			literal.append(c == '\n' ? "\\n" : c == '"' || c == '\\' ? "\\" + c : c < ' ' ? " "
				: c < 0x7f ? String.valueOf(c) : String.format("\\u%04x", (int) c));
		return literal.append('"').toString();
	}

	/** Finds the outermost method body around a place. */
	private static final class Finder extends TreePathScanner<Void, Void> {
		private final CompilationUnitTree unit;
		private final SourcePositions positions;
		private final long place;
		long start = -1;
		long end = -1;

		Finder(CompilationUnitTree unit, SourcePositions positions, long place) {
			this.unit = unit;
			this.positions = positions;
			this.place = place;
		}

		@Override
		public Void visitMethod(MethodTree method, Void nothing) {
			BlockTree body = method.getBody();
			if (body != null && end < 0 && method.getReturnType() != null && around(body)) {
				start = positions.getStartPosition(unit, body);
				end = positions.getEndPosition(unit, body);
				return null;
			}
			return super.visitMethod(method, nothing);
		}

		private boolean around(Tree tree) {
			return positions.getStartPosition(unit, tree) <= place
				&& place < positions.getEndPosition(unit, tree);
		}
	}
}
