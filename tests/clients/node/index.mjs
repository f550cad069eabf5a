// The common test protocol of tests/clients, as a Node handler (see ../README.md).
// Served by both generations of the Node client.
import { setTimeout as sleep } from 'node:timers/promises';

let invokes = 0;

export const handler = async (event, context) => {
  invokes += 1;
  switch (event.op) {
    case 'echo':
      return event.payload;
    case 'fail':
      throw new RangeError('failed on purpose');
    case 'pid':
      return { pid: process.pid, invokes };
    case 'context':
      return {
        request_id: context.awsRequestId,
        function_name: context.functionName,
        function_version: context.functionVersion,
        memory_mb: Number(context.memoryLimitInMB),
        arn: context.invokedFunctionArn,
        remaining_ms: context.getRemainingTimeInMillis(),
        k: context.clientContext?.custom?.k ?? null,
      };
    case 'sleep':
      await sleep(event.ms);
      return 'awake';
    case 'big':
      return 'x'.repeat(event.bytes);
    default:
      throw new Error(`unknown op ${event.op}`);
  }
};
