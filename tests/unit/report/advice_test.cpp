#include "emulator/report/advice.hpp"

#include <gtest/gtest.h>

namespace coldframe {
namespace {

const CommandEnd k_well{.ended_well = true};
const CommandEnd k_badly{};

InvocationRecord timeout_record() {
  InvocationRecord record;
  record.status = InvocationStatus::timeout;
  return record;
}

TEST(Advisor, HasNothingToSayOfARunThatWentWell) {
  Advisor advisor;
  InvocationRecord record;
  record.max_memory_used_bytes = 100 << 20;
  advisor.on_invocation(record);
  EXPECT_TRUE(advisor.advice({}, k_well).empty());
}

TEST(Advisor, NamesATimeoutToTryUpToTheOneThatLambdaAllows) {
  Advisor advisor;
  advisor.on_invocation(timeout_record());
  FunctionConfig config;
  const auto said = [&](int timeout_s) {
    config.timeout_s = timeout_s;
    return advisor.advice(config, k_badly).at(0);
  };
  EXPECT_EQ(said(3), "timed out after 3 s; try --timeout 9");
  EXPECT_EQ(said(600), "timed out after 600 s; try --timeout 900");
  EXPECT_EQ(said(900),
            "timed out after 900 s, and Lambda allows no more; make the work shorter or split it");
  EXPECT_TRUE(advisor.advice(config, k_well).empty()) << "somebody wanted the timeout";
  EXPECT_TRUE(advisor.advice(config, {.ended_well = false, .cut_off = true}).empty())
      << "it waited for nobody";
}

TEST(Advisor, DoesNotTakeAnInitWithoutEndForATimeout) {
  Advisor advisor;
  InvocationRecord record = timeout_record();
  record.never_started = true;
  advisor.on_invocation(record);
  EXPECT_TRUE(advisor.advice({}, k_badly).empty());
}

TEST(Advisor, DoesNotBlameTheTimeoutForAnAnswerInAnUnknownMode) {
  Advisor advisor;
  InvocationRecord record = timeout_record();
  record.answer_error = "Runtime.InvalidResponseModeHeader";
  advisor.on_invocation(record);
  const auto texts = advisor.advice({}, k_badly);
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_TRUE(texts[0].starts_with(
      "the runtime's answer had a Lambda-Runtime-Function-Response-Mode other than 'streaming'"))
      << texts[0];
}

TEST(Advisor, NamesAnInitLimitToTry) {
  Advisor advisor;
  InitRecord init;
  init.status = InitStatus::timeout;
  advisor.on_init(init);
  FunctionConfig config;
  EXPECT_EQ(advisor.advice(config, k_well).at(0),
            "init was not done after 10 s, which is Lambda's limit; to see how long it takes, try "
            "--init-limit 30s");
  InvocationRecord record = timeout_record();
  record.never_started = true;
  advisor.on_invocation(record);
  config.init_limit = std::chrono::milliseconds(1500);
  EXPECT_EQ(advisor.advice(config, k_badly).at(0),
            "init was not done after 1.5 s; to see how long it takes, try --init-limit 30s (its "
            "repetition ended with the timeout of 3 s)");
  config.init_limit = std::chrono::seconds(20);
  EXPECT_NE(advisor.advice(config, k_badly).at(0).find("--init-limit 60s"), std::string::npos);
}

TEST(Advisor, TellsOfAnInitThatLambdaWouldHaveEnded) {
  Advisor advisor;
  InitRecord init;
  init.duration = std::chrono::seconds(10);
  advisor.on_init(init);
  FunctionConfig config;
  config.init_limit = std::chrono::seconds(30);
  EXPECT_TRUE(advisor.advice(config, k_well).empty());
  init.duration = std::chrono::milliseconds(11'022);
  advisor.on_init(init);
  init.duration = std::chrono::seconds(2);  // a later one was quicker
  advisor.on_init(init);
  EXPECT_EQ(advisor.advice(config, k_well),
            std::vector<std::string>{
                "init took 11.0 s: Lambda would have ended this init at 10 s and begun it again "
                "within the first invoke, under the timeout of 3 s (W19)"});
}

TEST(Advisor, KnowsThatAProvisionedInitMayTakeLonger) {
  InitRecord init;
  init.provisioned = true;
  init.duration = std::chrono::seconds(129);
  FunctionConfig config;
  EXPECT_EQ(long_init_advice(init, config), "");
  init.duration = std::chrono::seconds(131);
  EXPECT_EQ(long_init_advice(init, config),
            "init took 131.0 s: Lambda would have ended this init at 130 s, its limit with "
            "provisioned concurrency (W19)");
  config.timeout_s = 200;
  EXPECT_EQ(long_init_advice(init, config), "");
  init.duration = std::chrono::seconds(201);
  EXPECT_NE(long_init_advice(init, config).find("at 200 s,"), std::string::npos);
  config.timeout_s = 900;
  init.duration = std::chrono::seconds(901);
  EXPECT_NE(long_init_advice(init, config).find("at 900 s,"), std::string::npos);
  init.status = InitStatus::timeout;
  EXPECT_EQ(long_init_advice(init, config), "") << "somebody has ended it";
}

TEST(Advisor, SaysWhyTheProcessEnded) {
  Advisor advisor;
  InvocationRecord record;
  record.status = InvocationStatus::exit;
  record.exit_reason = "Runtime exited with error: exit status 3";
  advisor.on_invocation(record);
  const std::string text = "the function's process ended: Runtime exited with error: exit status 3";
  EXPECT_EQ(advisor.advice({}, k_badly), std::vector<std::string>{text});
  EXPECT_TRUE(advisor.advice({}, k_well).empty()) << "somebody wanted it";
  record.response = std::chrono::milliseconds(1);
  advisor.on_invocation(record);
  EXPECT_EQ(advisor.advice({}, k_well), std::vector<std::string>{text}) << "nobody saw it";
}

TEST(Advisor, IsSilentAboutAnEndThatIsExplained) {
  Advisor advisor;
  InvocationRecord record;
  record.status = InvocationStatus::exit;
  record.exit_reason = "Runtime exited with error: exit status 3";
  advisor.on_invocation(record);
  EXPECT_EQ(advisor.advice({}, {.is_explained = true}), std::vector<std::string>{});
  record.error_type = "Runtime.OutOfMemory";
  advisor.on_invocation(record);
  EXPECT_EQ(advisor.advice({}, k_badly),
            std::vector<std::string>{"out of memory at 128 MB; try --memory 256"});
}

TEST(Advisor, SaysHowToInstallAMissingRuntimeClient) {
  InitRecord init;
  init.status = InitStatus::error;
  init.last_line = "/usr/bin/python3: No module named awslambdaric";
  Advisor advisor;
  advisor.on_init(init);
  EXPECT_NE(advisor.advice({}, k_badly).at(0).find("pip install awslambdaric"), std::string::npos);
  init.last_line = "ModuleNotFoundError: No module named 'numpy'";
  EXPECT_EQ(missing_client_advice(init), "");
}

TEST(Advisor, NamesAMemorySizeThatWouldDo) {
  Advisor advisor;
  InvocationRecord record;
  record.max_memory_used_bytes = 400 << 20;
  advisor.on_invocation(record);
  EXPECT_EQ(
      advisor.advice({}, k_well).at(0),
      "used 400 MB of 128: Lambda would have killed it (nothing is limited here); try --memory "
      "512");
}

TEST(Advisor, NamesALargerMemorySizeLastIfThereWasNoneLeft) {
  Advisor advisor;
  InvocationRecord record;
  record.status = InvocationStatus::out_of_memory;
  record.error_type = "Runtime.OutOfMemory";
  record.exit_reason = "Runtime exited with error: signal: killed";
  record.max_memory_used_bytes = 300 << 20;
  advisor.on_invocation(record);
  FunctionConfig config;
  config.memory_mb = 256;
  EXPECT_EQ(advisor.advice(config, k_badly).back(), "out of memory at 256 MB; try --memory 512");
  config.memory_mb = 10240;
  EXPECT_EQ(advisor.advice(config, k_badly).back(),
            "out of memory at 10240 MB, and Lambda has no more; make it need less");
}

TEST(Advisor, TellsThatFilesInMemoryTookOfIt) {
  Advisor advisor;
  InvocationRecord record;
  record.status = InvocationStatus::out_of_memory;
  record.error_type = "Runtime.OutOfMemory";
  record.tmp_used_bytes = 503 << 20;
  advisor.on_invocation(record);
  FunctionConfig config;
  config.memory_mb = 512;
  EXPECT_EQ(advisor.advice(config, k_badly).back(), "out of memory at 512 MB; try --memory 1024")
      << "they are on a disk";
  EXPECT_EQ(advisor.advice(config, {.tmp_counts_as_memory = true}).back(),
            "out of memory at 512 MB with 503 MB in /tmp, which is in memory here and counts; on "
            "Lambda it is on a disk of its own (512 MB) and does not; try --memory 1024");
}

TEST(Advisor, NamesALargerMemorySizeAlsoForAnInit) {
  Advisor advisor;
  InitRecord record;
  record.status = InitStatus::error;
  record.error_type = "Runtime.OutOfMemory";
  advisor.on_init(record);
  FunctionConfig config;
  config.memory_mb = 6000;
  EXPECT_EQ(advisor.advice(config, k_badly).back(), "out of memory at 6000 MB; try --memory 10240");
}

}  // namespace
}  // namespace coldframe
