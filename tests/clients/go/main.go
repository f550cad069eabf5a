// The common test protocol of tests/clients, as a Go handler (see ../README.md).
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type request struct {
	Op      string `json:"op"`
	Payload any    `json:"payload"`
	Ms      int    `json:"ms"`
	Bytes   int    `json:"bytes"`
}

var invokes int

func describe(ctx context.Context) (any, error) {
	lc, ok := lambdacontext.FromContext(ctx)
	if !ok {
		return nil, errors.New("the client gave no context")
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		return nil, errors.New("the client gave no deadline")
	}
	var k any
	if value, found := lc.ClientContext.Custom["k"]; found {
		k = value
	}
	return map[string]any{
		"request_id":       lc.AwsRequestID,
		"function_name":    lambdacontext.FunctionName,
		"function_version": lambdacontext.FunctionVersion,
		"memory_mb":        lambdacontext.MemoryLimitInMB,
		"arn":              lc.InvokedFunctionArn,
		"remaining_ms":     time.Until(deadline).Milliseconds(),
		"k":                k,
	}, nil
}

func handle(ctx context.Context, event request) (any, error) {
	invokes++
	switch event.Op {
	case "echo":
		return event.Payload, nil
	case "fail":
		return nil, errors.New("failed on purpose")
	case "pid":
		return map[string]int{"pid": os.Getpid(), "invokes": invokes}, nil
	case "context":
		return describe(ctx)
	case "sleep":
		time.Sleep(time.Duration(event.Ms) * time.Millisecond)
		return "awake", nil
	case "big":
		return strings.Repeat("x", event.Bytes), nil
	}
	return nil, fmt.Errorf("unknown op %q", event.Op)
}

func main() {
	lambda.Start(handle)
}
