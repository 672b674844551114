package snafu;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What belongs to a source tree by the habits of Maven, Gradle and plain folders: jars, resources,
 * classes that somebody built. */
final class Project {
	private static final String[] LIBRARY_FOLDERS = {"lib", "libs", "target/dependency",
		"WEB-INF/lib", "src/main/webapp/WEB-INF/lib"};
	private static final String[] BUILT_FOLDERS = {"target/classes", "build/classes/java/main",
		"bin", "out/classes"};
	private static final int POM_DEPTH_CAP = 8;
	private static final int LIBRARIES_CAP = 1000;

	final String folder; // the project's
	final Set<String> libraries = new LinkedHashSet<>(); // jars, absolute
	final List<String> resources = new ArrayList<>(); // folders, absolute
	final List<String> built = new ArrayList<>(); // folders of classes, absolute

	/** SOURCE_ROOT: where the packages begin; ROOT: what the user named. */
	Project(String sourceRoot, String root) {
		String above = sourceRoot;
		boolean maven = false;
		for (String habit : new String[] {"/src/main/java", "/src/test/java", "/src"}) {
			if (sourceRoot.endsWith(habit)) {
				above = sourceRoot.substring(0, sourceRoot.length() - habit.length());
				maven = habit.length() > 4;
				break;
			}
		}
		folder = above;
		resources.add(sourceRoot);
		if (maven)
			resources.add(folder + "/src/main/resources");
		for (String base : new LinkedHashSet<>(Arrays.asList(sourceRoot, folder, root)))
			for (String name : LIBRARY_FOLDERS)
				addJars(new File(base, name));
		if (!folder.equals(sourceRoot))
			for (String name : BUILT_FOLDERS)
				if (new File(folder, name).isDirectory())
					built.add(folder + '/' + name);
		File pom = new File(folder, "pom.xml");
		if (pom.isFile())
			addPom(pom, 0);
	}

	private void addJars(File folder) {
		String[] names = folder.list();
		if (names == null)
			return;
		Arrays.sort(names);
		for (String name : names)
			if (name.endsWith(".jar") && libraries.size() < LIBRARIES_CAP)
				libraries.add(folder.getPath() + '/' + name);
	}

	/** The dependencies of a pom.xml that are in the local repository already. Versions that come
	 * from a parent or an import are not found out. */
	private void addPom(File pom, int depth) {
		if (depth > POM_DEPTH_CAP || libraries.size() >= LIBRARIES_CAP)
			return;
		try {
			String text = new String(Unit.read(pom), StandardCharsets.UTF_8)
				.replaceAll("(?s)<!--.*?-->", "")
				.replaceAll("(?s)<(dependencyManagement|build|profiles)>.*?</\\1>", "");
			Matcher dependency = Pattern.compile("(?s)<dependency>(.*?)</dependency>")
				.matcher(text);
			while (dependency.find()) {
				String body = dependency.group(1);
				String scope = tag(body, "scope");
				if (depth > 0 && (scope.equals("test") || scope.equals("provided")))
					continue;
				addArtifact(value(text, tag(body, "groupId")), tag(body, "artifactId"),
					value(text, tag(body, "version")), depth);
			}
		} catch (IOException e) {
			// as if it were not there
		}
	}

	private void addArtifact(String group, String artifact, String version, int depth) {
		String base = System.getProperty("user.home") + "/.m2/repository/" + group.replace('.', '/')
			+ '/' + artifact + '/' + version + '/' + artifact + '-' + version;
		if (new File(base + ".jar").isFile() && libraries.add(base + ".jar"))
			addPom(new File(base + ".pom"), depth + 1);
	}

	private static String tag(String text, String name) {
		int start = text.indexOf('<' + name + '>');
		int end = text.indexOf("</" + name + '>');
		return start < 0 || end < start ? ""
			: text.substring(start + name.length() + 2, end).trim();
	}

	/** "${lang.version}" is looked up among the properties. */
	private static String value(String pom, String text) {
		return text.startsWith("${") && text.endsWith("}")
			? text.equals("${project.version}") ? tag(pom, "version")
			: tag(pom, text.substring(2, text.length() - 1)) : text;
	}
}
