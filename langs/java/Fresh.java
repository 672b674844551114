package snafu;

import java.io.IOException;
import java.net.URL;
import java.util.Enumeration;

/**
 * The loader of one isolated call: defines the classes of a Loader once more, so that their static
 * state is as when just loaded. Only what the call uses is defined, from bytes that Templates
 * keeps. Nothing holds it when the call is over (but for threads that the function leaves behind).
 */
final class Fresh extends ClassLoader {
	static {
		registerAsParallelCapable();
	}

	private final Loader loader;

	private Fresh(Loader loader, ClassLoader parent) {
		super(parent);
		this.loader = loader;
	}

	/** One for LOADER, and one above it for the loader above it that has users' classes, too. */
	static Fresh of(Loader loader) {
		ClassLoader parent = loader.getParent();
		return new Fresh(loader, parent instanceof Loader ? of((Loader) parent) : parent);
	}

	@Override
	protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
		Templates.Template template = loader.templates.of(name);
		if (!template.own)
			return template.base != null ? template.base : getParent().loadClass(name);
		synchronized (getClassLoadingLock(name)) {
			Class<?> made = findLoadedClass(name);
			if (made == null)
				made = defineClass(name, template.bytes(), template.offset, template.length,
					template.domain);
			return made;
		}
	}

	/** What the class is here. */
	Class<?> same(Class<?> c) throws ClassNotFoundException {
		Class<?> bare = c;
		while (bare.isArray())
			bare = bare.getComponentType();
		return bare.getClassLoader() instanceof Loader ? Class.forName(c.getName(), false, this) : c;
	}

	@Override
	protected URL findResource(String name) {
		return loader.findResource(name);
	}

	@Override
	protected Enumeration<URL> findResources(String name) throws IOException {
		return loader.findResources(name);
	}
}
