#include "emulator/validate/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace coldframe {

const char* to_text(CaseStatus status) {
  switch (status) {
    case CaseStatus::pass:
      return "pass";
    case CaseStatus::fail:
      return "fail";
    case CaseStatus::error:
      return "error";
    case CaseStatus::skip:
      return "skip";
  }
  return "skip";
}

bool failed_to_start(const Observation& observation) {
  return observation.record.never_started ||
         observation.result.status == InvocationStatus::init_error;
}

namespace {

struct ErrorBody {
  std::string type;
  std::string message;
};

ErrorBody read_error_body(const InvokeResult& result) {
  ErrorBody body;
  const ParsedJson parsed = parse_json(result.payload ? *result.payload : "");
  if (!parsed) return body;
  if (const JsonValue* type = parsed.value().find("errorType")) body.type = type->text();
  if (const JsonValue* text = parsed.value().find("errorMessage")) body.message = text->text();
  return body;
}

// Without the request id: what happened is then the same sentence wherever it happened.
std::string summary_of(ErrorBody body, const InvokeResult& result) {
  constexpr std::string_view k_error = " Error: ";
  const std::size_t error = body.message.find(k_error);
  if (body.message.starts_with("RequestId: ") && error != std::string::npos) {
    body.message.erase(0, error + k_error.size());
  }
  if (body.type.empty() && body.message.empty()) {
    return shortened(result.payload ? *result.payload : "");
  }
  if (body.type.empty()) return shortened(body.message);
  if (body.message.empty()) return body.type;
  return shortened(fmt::format("{}: {}", body.type, body.message));
}

Finding failure(FindingKind kind, std::string want, std::string got, std::string message) {
  Finding finding;
  finding.kind = kind;
  finding.path = "$";
  finding.want = std::move(want);
  finding.got = shortened(std::move(got));
  finding.message = std::move(message);
  return finding;
}

Judgement with(CaseStatus status, Finding finding) {
  Judgement judgement;
  judgement.status = status;
  judgement.comparison.findings.push_back(std::move(finding));
  return judgement;
}

Judgement from(Comparison comparison) {
  Judgement judgement;
  judgement.status = comparison.failed() ? CaseStatus::fail : CaseStatus::pass;
  judgement.comparison = std::move(comparison);
  return judgement;
}

const char* refusal_text(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "not refused";
    case Refusal::function_not_found:
      return "the function was not found";
    case Refusal::throttled:
    case Refusal::reserved_throttled:
      return "the request was throttled";
    case Refusal::stopping:
      return "the emulator was stopping";
    case Refusal::no_environment:
      return "no execution environment could be opened";
  }
  return "refused";
}

// "timed out after 1 s", "no answer: exit (Runtime.ExitError: Runtime exited with …)"
std::string no_answer_text(const InvokeResult& result) {
  const ErrorBody body = read_error_body(result);
  constexpr std::string_view k_after = "timed out after ";
  const std::size_t at = body.message.find(k_after);
  if (result.status == InvocationStatus::timeout && at != std::string::npos) {
    double seconds = 0;
    const char* end = body.message.data() + body.message.size();
    const auto read = std::from_chars(body.message.data() + at + k_after.size(), end, seconds);
    if (read.ec == std::errc()) return fmt::format("timed out after {:g} s", seconds);
  }
  return fmt::format("no answer: {} ({})", to_text(result.status), summary_of(body, result));
}

// Judged by the error body alone, so that a golden may also want a Sandbox.Timedout.
Judgement judge_wanted_error(const Expectation& expect, const InvokeResult& result) {
  const ErrorBody got = read_error_body(result);
  if (expect.error_type && got.type != *expect.error_type) {
    Finding finding = failure(FindingKind::text, quote_json(*expect.error_type),
                              quote_json(got.type), "another function error than the wanted one");
    finding.path = "$.errorType";
    return with(CaseStatus::fail, std::move(finding));
  }
  if (expect.error_message && got.message != *expect.error_message) {
    Finding finding =
        failure(FindingKind::text, quote_json(*expect.error_message), quote_json(got.message),
                "the wanted function error with another message");
    finding.path = "$.errorMessage";
    return with(CaseStatus::fail, std::move(finding));
  }
  return {};
}

bool is_answer(InvocationStatus status) {
  return status == InvocationStatus::ok || status == InvocationStatus::function_error;
}

// For a golden that failed: whether its `expect` was perhaps meant to be a form.
void add_form_hint(Judgement& judgement, const std::string& key, const JsonValue* got) {
  if (key.empty() || judgement.status != CaseStatus::fail) return;
  if (got != nullptr && got->find(key) != nullptr) return;
  std::vector<Finding>& findings = judgement.comparison.findings;
  const auto about = [&](const Finding& finding) {
    return finding.kind == FindingKind::missing_key && finding.path == "$." + key;
  };
  const auto found = std::find_if(findings.begin(), findings.end(), about);
  Finding& finding = found != findings.end() ? *found : findings.front();
  finding.message += key == "status" ? "; did you mean statusCode? \"status\" is a form only "
                                       "together with \"body\""
                                     : "; did you mean {\"error\":{\"errorType\":…}}, a wanted "
                                       "function error?";
}

Judgement judge_answer(const GoldenCase& golden, const std::string& payload,
                       const Tolerance& base) {
  const ParsedJson got = parse_json(payload);
  if (!got) {
    const std::string what = payload.empty()
                                 ? "the answer is empty"
                                 : fmt::format("the answer is not JSON: {}", got.fault().plain);
    return with(CaseStatus::fail, failure(FindingKind::not_json, "", quote_json(payload), what));
  }
  if (golden.expect.kind == Expectation::Kind::any) {
    return from(check_properties(got.value(), golden.rules, base));
  }
  CompareOptions options;
  options.only_wanted_keys = golden.expect.kind == Expectation::Kind::status;
  Judgement judgement =
      from(compare(golden.expect.value, got.value(), golden.rules, base, options));
  add_form_hint(judgement, golden.expect.form_key, &got.value());
  return judgement;
}

}  // namespace

std::string error_summary(const InvokeResult& result) {
  return summary_of(read_error_body(result), result);
}

Judgement judge(const GoldenCase& golden, const InvokeResult& result, const Tolerance& base) {
  if (result.refusal != Refusal::none) {
    return with(CaseStatus::error,
                failure(FindingKind::no_answer, "", "", refusal_text(result.refusal)));
  }
  const bool error_wanted = golden.expect.kind == Expectation::Kind::error;
  const bool is_error = result.function_error || result.status != InvocationStatus::ok;
  if (error_wanted && is_error) {
    Judgement judgement = judge_wanted_error(golden.expect, result);
    if (judgement.status == CaseStatus::pass || is_answer(result.status)) return judgement;
  }
  // The sentence says all of it; as a value beside it, it would be there twice.
  if (!is_answer(result.status)) {
    return with(CaseStatus::error, failure(FindingKind::no_answer, "", "", no_answer_text(result)));
  }
  if (is_error) {
    Judgement judgement =
        with(CaseStatus::fail,
             failure(FindingKind::function_error, "", quote_json(error_summary(result)),
                     fmt::format("function error {}", error_summary(result))));
    if (golden.expect.form_key != "status") {
      add_form_hint(judgement, golden.expect.form_key, nullptr);
    }
    return judgement;
  }
  const std::string payload = result.payload ? *result.payload : "";
  if (error_wanted) {
    const std::string wanted = golden.expect.error_type.value_or("a function error");
    return with(CaseStatus::fail, failure(FindingKind::no_function_error, quote_json(wanted),
                                          payload, "a function error was wanted, not an answer"));
  }
  return judge_answer(golden, payload, base);
}

}  // namespace coldframe
