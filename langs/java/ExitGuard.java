package snafu;

import java.io.FileDescriptor;
import java.net.InetAddress;
import java.security.Permission;

/**
 * Keeps System.exit() and Runtime.halt() from ending the host, on JDKs that still have security
 * managers (up to 23; later ones: see langs/java.c). All else is allowed at once, without the work
 * that the checks do by default.
 */
@SuppressWarnings("removal")
final class ExitGuard extends SecurityManager {
	/** What the caller of exit() gets. An Error, so that {@code catch (Exception e)} around a
	 * whole program does not go on after it. */
	static final class Exit extends ThreadDeath {
		private static final long serialVersionUID = 1;
		private final int status;

		Exit(int status) {
			this.status = status;
		}

		@Override
		public String getMessage() {
			return "the function called System.exit(" + status + "), which would end the host";
		}
	}

	@Override
	public void checkExit(int status) {
		throw new Exit(status);
	}

	@Override
	public void checkPermission(Permission permission) {
	}

	@Override
	public void checkPermission(Permission permission, Object context) {
	}

	@Override
	public void checkCreateClassLoader() {
	}

	@Override
	public void checkAccess(Thread thread) {
	}

	@Override
	public void checkAccess(ThreadGroup group) {
	}

	@Override
	public void checkExec(String command) {
	}

	@Override
	public void checkLink(String library) {
	}

	@Override
	public void checkRead(FileDescriptor descriptor) {
	}

	@Override
	public void checkRead(String file) {
	}

	@Override
	public void checkRead(String file, Object context) {
	}

	@Override
	public void checkWrite(FileDescriptor descriptor) {
	}

	@Override
	public void checkWrite(String file) {
	}

	@Override
	public void checkDelete(String file) {
	}

	@Override
	public void checkConnect(String host, int port) {
	}

	@Override
	public void checkConnect(String host, int port, Object context) {
	}

	@Override
	public void checkListen(int port) {
	}

	@Override
	public void checkAccept(String host, int port) {
	}

	@Override
	public void checkMulticast(InetAddress address) {
	}

	@Override
	public void checkPropertiesAccess() {
	}

	@Override
	public void checkPropertyAccess(String key) {
	}

	@Override
	public void checkPrintJobAccess() {
	}

	@Override
	public void checkPackageAccess(String name) {
	}

	@Override
	public void checkPackageDefinition(String name) {
	}

	@Override
	public void checkSetFactory() {
	}

	@Override
	public void checkSecurityAccess(String target) {
	}
}
