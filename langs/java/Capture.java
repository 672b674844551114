package snafu;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Stands below System.out and System.err: what a call prints goes to its log as well. */
final class Capture extends OutputStream {
	private final PrintStream stream;

	private Capture(PrintStream stream) {
		this.stream = stream;
	}

	static PrintStream over(PrintStream stream) {
		return new PrintStream(new Capture(stream), true, StandardCharsets.UTF_8);
	}

	@Override
	public void write(int b) {
		write(new byte[] {(byte) b}, 0, 1);
	}

	@Override
	public void write(byte[] bytes, int from, int size) {
		Call call = Call.current();
		if (call != null)
			call.print(bytes, from, size);
		stream.write(bytes, from, size);
	}

	@Override
	public void flush() {
		stream.flush();
	}
}
