package snafu;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;

/** The context object of AWS Lambda, as its documentation has it: a proxy of the interface that the
 * user's code brings along. */
final class Lambda implements InvocationHandler {
	private static final String VERSION = "$LATEST";

	/** The members of getClientContext().getClient(), and their names in JSON. */
	private static final Map<String, String> CLIENT = Map.of(
		"getInstallationId", "installation_id", "getAppTitle", "app_title",
		"getAppVersionName", "app_version_name", "getAppVersionCode", "app_version_code",
		"getAppPackageName", "app_package_name");

	private final Context context;
	private final Json.Obj client; // of the client context; null for other objects

	private Lambda(Context context, Json.Obj client) {
		this.context = context;
		this.client = client;
	}

	static Object context(Class<?> type, Context context) {
		return proxy(type, new Lambda(context, null));
	}

	private static Object proxy(Class<?> type, InvocationHandler handler) {
		return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler);
	}

	@Override
	public Object invoke(Object proxy, Method method, Object[] arguments) {
		switch (method.getName()) {
		case "getAwsRequestId":
			return context.requestId();
		case "getFunctionName":
			return context.function();
		case "getFunctionVersion":
			return VERSION;
		case "getInvokedFunctionArn":
			return arn();
		case "getLogGroupName":
			return "/aws/lambda/" + context.function();
		case "getLogStreamName":
			return LocalDate.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyy/MM/dd"))
				+ "/[" + VERSION + "]" + String.format("%032x", ProcessHandle.current().pid());
		case "getRemainingTimeInMillis":
			return (int) Math.min(Integer.MAX_VALUE, context.remainingMillis());
		case "getMemoryLimitInMB":
			return (int) Math.min(Integer.MAX_VALUE, (context.memory > 0 ? context.memory
				: Runtime.getRuntime().maxMemory()) >> 20);
		case "getLogger":
			return proxy(method.getReturnType(), new Lambda(context, null));
		case "log":
			log(arguments[0]);
			return null;
		case "getClientContext":
			return clientContext(method.getReturnType());
		default:
			return other(proxy, method, arguments);
		}
	}

	/** Members of the client context and of what it holds; what every object has. */
	private Object other(Object proxy, Method method, Object[] arguments) {
		switch (method.getName()) {
		case "getClient":
			Json.Obj inner = object(client, "client");
			return inner == null ? null : proxy(method.getReturnType(), new Lambda(context, inner));
		case "getCustom":
			return strings(object(client, "custom"));
		case "getEnvironment":
			return strings(object(client, "env"));
		case "equals":
			return proxy == arguments[0];
		case "hashCode":
			return System.identityHashCode(proxy);
		case "toString":
			return "Context of " + context.requestId();
		default:
			String member = client == null ? null : CLIENT.get(method.getName());
			int k = member == null ? -1 : client.find(member);
			return k < 0 || client.values[k] == null ? nothing(method.getReturnType())
				: String.valueOf(client.values[k]);
		}
	}

	/** For getIdentity(), and whatever a later version may add: nothing is known. */
	private static Object nothing(Class<?> type) {
		return type == boolean.class ? (Object) false : type == int.class ? (Object) 0
			: type == long.class ? (Object) 0L : null;
	}

	private String arn() {
		String tenant = context.tenant();
		return "arn:aws:lambda:" + variable("AWS_REGION", variable("AWS_DEFAULT_REGION", "us-east-1"))
			+ ":" + (tenant.isEmpty() ? "000000000000" : tenant) + ":function:" + context.function();
	}

	private static String variable(String name, String other) {
		String value = System.getenv(name);
		return value == null || value.isEmpty() ? other : value;
	}

	private void log(Object message) {
		if (message instanceof byte[])
			System.out.print(new String((byte[]) message, StandardCharsets.UTF_8));
		else
			System.out.print(message);
		System.out.flush();
	}

	private Object clientContext(Class<?> type) {
		byte[] text = context.clientContext().getBytes(StandardCharsets.UTF_8);
		try {
			Object value = text.length == 0 ? null : new Json().parse(text, text.length);
			return value instanceof Json.Obj
				? proxy(type, new Lambda(context, (Json.Obj) value)) : null;
		} catch (Json.Malformed e) {
			return null;
		}
	}

	private static Json.Obj object(Json.Obj object, String key) {
		int k = object == null ? -1 : object.find(key);
		return k >= 0 && object.values[k] instanceof Json.Obj ? (Json.Obj) object.values[k] : null;
	}

	private static Map<String, String> strings(Json.Obj object) {
		Map<String, String> map = new LinkedHashMap<>();
		for (int i = 0; object != null && i < object.size; i++)
			map.put(object.keys[i], String.valueOf(object.values[i]));
		return map;
	}
}
