//! The common test protocol of tests/clients, as a Rust handler (see ../../README.md).
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::{run, service_fn, Context, Diagnostic, Error, LambdaEvent};
use serde_json::{json, Value};

static INVOKES: AtomicU64 = AtomicU64::new(0);

fn describe(context: &Context) -> Result<Value, Error> {
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64;
    let k = context
        .client_context
        .as_ref()
        .and_then(|client| client.custom.get("k"));
    Ok(json!({
        "request_id": context.request_id,
        "function_name": context.env_config.function_name,
        "function_version": context.env_config.version,
        "memory_mb": context.env_config.memory,
        "arn": context.invoked_function_arn,
        "remaining_ms": context.deadline as i64 - now_ms,
        "k": k,
    }))
}

// A plain error would carry the name of its Rust type, which the standard library may change.
fn deliberate() -> Diagnostic {
    Diagnostic {
        error_type: "Deliberate".into(),
        error_message: "failed on purpose".into(),
    }
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    let invokes = INVOKES.fetch_add(1, Ordering::SeqCst) + 1;
    let (mut event, context) = event.into_parts();
    let op = event["op"].as_str().unwrap_or_default().to_owned();
    match op.as_str() {
        "echo" => Ok(event["payload"].take()),
        "fail" => Err(deliberate()),
        "pid" => Ok(json!({"pid": std::process::id(), "invokes": invokes})),
        "context" => Ok(describe(&context)?),
        "sleep" => {
            let ms = event["ms"].as_u64().ok_or("ms is no number")?;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Ok(json!("awake"))
        }
        "big" => {
            let bytes = event["bytes"].as_u64().ok_or("bytes is no number")?;
            Ok(Value::String("x".repeat(bytes as usize)))
        }
        _ => Err(format!("unknown op {op:?}").into()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
