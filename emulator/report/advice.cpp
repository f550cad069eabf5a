#include "emulator/report/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "emulator/model/platform_log.hpp"

namespace coldframe {

namespace {

constexpr std::string_view k_out_of_memory = "Runtime.OutOfMemory";

std::string seconds_text(Duration duration) {
  return fmt::format("{:g} s", std::chrono::duration<double>(duration).count());
}

}  // namespace

std::string missing_client_advice(const InitRecord& record) {
  if (!record.last_line.ends_with("No module named awslambdaric")) return "";
  return "the Lambda runtime client is not installed for this Python; beside function.json: "
         "python3 -m venv .venv && .venv/bin/pip install awslambdaric; Runtime and Handler find it "
         "there, an EntryPoint names it: [\".venv/bin/python\", \"-m\", \"awslambdaric\"]";
}

std::string long_init_advice(const InitRecord& record, const FunctionConfig& config) {
  const Duration limit = config.lambdas_init_limit(record.provisioned);
  if (record.status != InitStatus::success || record.duration <= limit) return "";
  const std::string text =
      fmt::format("init took {:.1f} s: Lambda would have ended this init at {}",
                  std::chrono::duration<double>(record.duration).count(), seconds_text(limit));
  if (record.provisioned) return text + ", its limit with provisioned concurrency (W19)";
  return text +
         fmt::format(" and begun it again within the first invoke, under the timeout of {} s (W19)",
                     config.timeout_s);
}

void Advisor::on_init(const InitRecord& record) {
  if (record.status == InitStatus::success && record.duration > longest_init_.duration) {
    longest_init_ = record;
  }
  init_timed_out_ =
      init_timed_out_ || (record.status == InitStatus::timeout && record.phase == InitPhase::init);
  if (!record.exit_reason.empty()) exit_reason_ = record.exit_reason;
  out_of_memory_ = out_of_memory_ || record.error_type == k_out_of_memory;
  if (auto advice = missing_client_advice(record); !advice.empty()) client_advice_ = advice;
}

void Advisor::on_invocation(const InvocationRecord& record) {
  // What came after its answer was refused is no news.
  const bool bad_mode = record.answer_error == "Runtime.InvalidResponseModeHeader";
  bad_mode_ = bad_mode_ || bad_mode;
  timed_out_ = timed_out_ ||
               (record.status == InvocationStatus::timeout && !record.never_started && !bad_mode);
  invoke_in_init_ =
      invoke_in_init_ || (record.status == InvocationStatus::timeout && record.never_started);
  if (!record.exit_reason.empty()) {
    exit_reason_ = record.exit_reason;
    exited_after_answer_ = exited_after_answer_ || record.response.has_value();
  }
  if (record.error_type == k_out_of_memory) {
    out_of_memory_ = true;
    tmp_bytes_ = std::max(tmp_bytes_, record.tmp_used_bytes.value_or(0));
  }
  peak_bytes_ = std::max(peak_bytes_, record.max_memory_used_bytes.value_or(0));
}

std::string Advisor::out_of_memory_advice(const FunctionConfig& config,
                                          const CommandEnd& end) const {
  std::string text = fmt::format("out of memory at {} MB", config.memory_mb);
  if (const auto tmp = whole_megabytes(tmp_bytes_); end.tmp_counts_as_memory && tmp > 0) {
    text += fmt::format(
        " with {} MB in /tmp, which is in memory here and counts; on Lambda it is on a disk of its "
        "own ({} MB) and does not",
        tmp, config.tmp_mb);
  }
  if (config.memory_mb >= limits::k_memory_max_mb) {
    return text + ", and Lambda has no more; make it need less";
  }
  return text +
         fmt::format("; try --memory {}", std::min(config.memory_mb * 2, limits::k_memory_max_mb));
}

std::vector<std::string> Advisor::advice(const FunctionConfig& config,
                                         const CommandEnd& end) const {
  std::vector<std::string> texts;
  const bool is_told = end.is_explained || out_of_memory_ || !client_advice_.empty();
  if (!exit_reason_.empty() && !is_told && (!end.ended_well || exited_after_answer_)) {
    texts.push_back("the function's process ended: " + exit_reason_);
  }
  if (!client_advice_.empty()) texts.push_back(client_advice_);
  if (bad_mode_) {
    texts.push_back(
        "the runtime's answer had a Lambda-Runtime-Function-Response-Mode other than "
        "'streaming': Lambda refuses it, gives the caller an empty error, and waits for the "
        "timeout");
  }
  if (init_timed_out_) {
    std::string text =
        fmt::format("init was not done after {}{}; ", seconds_text(config.init_limit),
                    config.init_limit == limits::k_init_limit ? ", which is Lambda's limit" : "");
    text +=
        fmt::format("to see how long it takes, try --init-limit {}s",
                    std::max<std::int64_t>(30, 3 * (config.init_limit / std::chrono::seconds(1))));
    if (invoke_in_init_) {
      text += fmt::format(" (its repetition ended with the timeout of {} s)", config.timeout_s);
    }
    texts.push_back(text);
  }
  if (auto text = long_init_advice(longest_init_, config); !text.empty()) texts.push_back(text);
  if (timed_out_ && !end.ended_well && !end.cut_off) {
    texts.push_back(config.timeout_s >= limits::k_timeout_max_s
                        ? fmt::format("timed out after {} s, and Lambda allows no more; make the "
                                      "work shorter or split it",
                                      config.timeout_s)
                        : fmt::format("timed out after {} s; try --timeout {}", config.timeout_s,
                                      std::min(config.timeout_s * 3, limits::k_timeout_max_s)));
  }
  const auto used = whole_megabytes(peak_bytes_);
  if (out_of_memory_) {
    texts.push_back(out_of_memory_advice(config, end));
  } else if (used > config.memory_mb) {
    const auto enough =
        std::min<std::int64_t>((used * 115 / 100 + 63) / 64 * 64, limits::k_memory_max_mb);
    texts.push_back(fmt::format(
        "used {} MB of {}: Lambda would have killed it (nothing is limited here); try --memory {}",
        used, config.memory_mb, enough));
  }
  return texts;
}

}  // namespace coldframe
