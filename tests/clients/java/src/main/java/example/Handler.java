package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.LinkedHashMap;
import java.util.Map;

/** The common test protocol of tests/clients, as a Java handler (see README.md there). */
public final class Handler implements RequestHandler<Map<String, Object>, Object> {
  private static int invokes = 0;

  @Override
  public Object handleRequest(Map<String, Object> event, Context context) {
    invokes++;
    String op = (String) event.get("op");
    switch (op) {
      case "echo":
        return event.get("payload");
      case "fail":
        throw new IllegalStateException("failed on purpose");
      case "pid":
        return Map.of("pid", ProcessHandle.current().pid(), "invokes", invokes);
      case "context":
        return describe(context);
      case "sleep":
        return sleep(((Number) event.get("ms")).longValue());
      case "big":
        return "x".repeat(((Number) event.get("bytes")).intValue());
      default:
        throw new IllegalArgumentException("unknown op " + op);
    }
  }

  private static Map<String, Object> describe(Context context) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("request_id", context.getAwsRequestId());
    answer.put("function_name", context.getFunctionName());
    answer.put("function_version", context.getFunctionVersion());
    answer.put("memory_mb", context.getMemoryLimitInMB());
    answer.put("arn", context.getInvokedFunctionArn());
    answer.put("remaining_ms", context.getRemainingTimeInMillis());
    var client = context.getClientContext();
    answer.put("k", client == null ? null : client.getCustom().get("k"));
    return answer;
  }

  private static String sleep(long ms) {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException e) {
      throw new IllegalStateException("sleep was interrupted", e);
    }
    return "awake";
  }
}
