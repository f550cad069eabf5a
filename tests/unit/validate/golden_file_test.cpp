#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "emulator/validate/bounded_file.hpp"
#include "emulator/validate/golden_case.hpp"

namespace coldframe {
namespace {

class GoldenFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "golden-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& text) {
    std::string path = directory_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  // What is wrong with a file of this text, without its "FILE:".
  std::string refusal(const std::string& text) {
    const std::string path = write("cases.jsonl", text);
    const Result<GoldenSuite> suite = read_goldens({path});
    if (suite) return "accepted";
    EXPECT_EQ(suite.error().code, ExitCode::usage);
    const std::string& message = suite.error().message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << "one sentence: " << message;
    return message.rfind(path + ":", 0) == 0 ? message.substr(path.size() + 1) : message;
  }

  std::string directory_;
};

TEST_F(GoldenFile, KeepsTheEventByteForByte) {
  const std::string event = R"({"a" : 1.50, "b":12345678901234567890,"a":"\u00e9"})";
  const std::string path =
      write("cases.jsonl", R"({"id":"x","event": )" + event + R"( ,"expect":1})" + "\n");
  const Result<GoldenSuite> suite = read_goldens({path});
  ASSERT_TRUE(suite) << suite.error().message;
  EXPECT_EQ(suite.value().cases[0].event, event);
  EXPECT_EQ(suite.value().cases[0].line, 1u);
}

TEST_F(GoldenFile, ToleratesBlankLinesAByteOrderMarkAndWindowsLineEnds) {
  const std::string path = write("cases.jsonl",
                                 "\xEF\xBB\xBF{\"id\":\"a\",\"event\":1,\"expect\":1}\r\n"
                                 "\r\n  \n{\"id\":\"b\",\"event\":2,\"expect\":2}");
  const Result<GoldenSuite> suite = read_goldens({path});
  ASSERT_TRUE(suite) << suite.error().message;
  ASSERT_EQ(suite.value().cases.size(), 2u);
  EXPECT_EQ(suite.value().cases[1].line, 4u);
  EXPECT_NE(suite.value().find("b"), nullptr);
}

TEST_F(GoldenFile, ReadsEveryFormOfExpect) {
  const auto expect = [](const std::string& form) {
    const Result<GoldenCase> golden =
        parse_golden_line(R"({"id":"x","event":{},"expect":)" + form + "}", "");
    EXPECT_TRUE(golden) << form << (golden ? "" : golden.error().message);
    return golden.value().expect;
  };
  EXPECT_EQ(expect(R"({"statusCode":200})").kind, Expectation::Kind::value);
  EXPECT_EQ(expect(R"({"error":{"errorType":"KeyError"}})").error_type, "KeyError");
  EXPECT_EQ(expect(R"({"error":{}})").kind, Expectation::Kind::error);
  EXPECT_EQ(expect(R"({"status":400,"body":{"code":"X"}})").kind, Expectation::Kind::status);
  EXPECT_EQ(expect(R"({"any":true})").kind, Expectation::Kind::any);
  EXPECT_EQ(expect(R"({"any":true,"rules":[{"path":"$.a","range":[0,1]}]})").kind,
            Expectation::Kind::any);
  const Expectation escaped = expect(R"({"value":{"error":{"errorType":"x"}}})");
  EXPECT_EQ(escaped.kind, Expectation::Kind::value);
  EXPECT_NE(escaped.value.find("error"), nullptr);
  EXPECT_EQ(expect(R"({"error":{"errorType":"x"},"more":1})").kind, Expectation::Kind::value);
}

TEST_F(GoldenFile, ReadsEventsAndAnswersFromFilesBesideIt) {
  write("big.json", "{ \"big\": [1, 2] }\n");
  write("answer.json", "[NaN]");
  const std::string path = write(
      "cases.jsonl", R"({"id":"x","event":"@big.json","expect":"@answer.json","tags":["smoke"]})");
  const Result<GoldenSuite> suite = read_goldens({path});
  ASSERT_TRUE(suite) << suite.error().message;
  EXPECT_EQ(suite.value().cases[0].event, "{ \"big\": [1, 2] }\n");
  EXPECT_TRUE(suite.value().cases[0].expect.value.is(JsonKind::array));
  EXPECT_EQ(suite.value().tagged("smoke").size(), 1u);
  EXPECT_EQ(suite.value().tagged("other").size(), 0u);
}

TEST_F(GoldenFile, RefusesAnEventThatIsTooLargeForLambda) {
  const auto line = [](std::size_t bytes) {
    return R"({"id":"x","event":")" + std::string(bytes - 2, 'x') + R"(","expect":1})";
  };
  EXPECT_EQ(refusal(line(6291456)), "accepted");
  EXPECT_EQ(refusal("\n" + line(6291457)),
            "2: \"event\" has 6291457 bytes; Lambda takes at most 6291456");
  write("big.json", '"' + std::string(6291455, 'x') + '"');
  EXPECT_EQ(refusal(R"({"id":"x","event":"@big.json","expect":1})"),
            "1: @big.json has 6291457 bytes; Lambda takes at most 6291456");
}

TEST_F(GoldenFile, NamesFileAndLineOfAMalformedLine) {
  EXPECT_EQ(refusal("{\"id\":\"a\",\"event\":1,\"expect\":1}\n{\"id\":\"b\", oops}\n"),
            "2: not JSON at column 12: a key in double quotes is wanted, not 'o'");
}

TEST_F(GoldenFile, NamesAnUnknownKeyAndWhatIsKnown) {
  EXPECT_EQ(refusal(R"({"id":"a","event":1,"expct":1,"expect":1})"),
            "1: \"expct\" is not a key of a golden case; did you mean 'expect'?");
}

TEST_F(GoldenFile, GuessesTheKeyThatWasMeant) {
  const auto guess = [&](const std::string& line) {
    const std::string text = refusal(line);
    const std::size_t at = text.find("did you mean '");
    return at == std::string::npos ? text : text.substr(at + 14, text.rfind("'?") - at - 14);
  };
  const auto with = [](const std::string& key) { return R"({"id":"a",")" + key + R"(":1})"; };
  for (const char* key : {"expected", "Expect", "expects", "output", "response"})
    EXPECT_EQ(guess(with(key)), "expect") << key;
  for (const char* key : {"events", "evnt", "input", "payload"})
    EXPECT_EQ(guess(with(key)), "event") << key;
  EXPECT_EQ(guess(R"({"name":"a","event":1,"expect":1})"), "id");
  EXPECT_EQ(guess(with("tag")), "tags");
  EXPECT_EQ(guess(with("rule")), "rules");
  EXPECT_EQ(guess(with("x")),
            "1: \"x\" is not a key of a golden case; it has id, event, expect, "
            "label, tags, rules, wrap, origin");
  EXPECT_EQ(guess(R"({"id":"a","event":1,"expect":1,"rules":{"rtoll":1}})"), "rtol");
  EXPECT_EQ(guess(R"({"id":"a","event":1,"expect":{"error":{"errortype":"K"}}})"), "errorType");
}

TEST_F(GoldenFile, RefusesAFileWithoutEnd) {
  const auto message = [](const std::string& file) { return read_goldens({file}).error().message; };
  EXPECT_EQ(message("/dev/zero"),
            "/dev/zero:1: the line has more than 16 MB; is it a golden file?");
  EXPECT_EQ(refusal(R"({"id":"a","event":"@/dev/zero","expect":1})"),
            "1: @/dev/zero has more than 6291456 bytes; Lambda takes at most 6291456");
  EXPECT_EQ(refusal(R"({"id":"a","event":1,"expect":"@/dev/zero"})"),
            "1: @/dev/zero has more than 16777216 bytes; an answer takes at most 16777216");
}

TEST(BoundedLines, GoOnOverPiecesAndCountWhatIsReadInAll) {
  std::string pattern = (std::filesystem::temp_directory_path() / "lines-XXXXXX").string();
  const int fd = ::mkstemp(pattern.data());
  ASSERT_GE(fd, 0);
  ::close(fd);
  const std::string longest(100'000, 'x');
  std::ofstream(pattern, std::ios::binary) << "a\n\n" << longest << "\nend";
  std::size_t left = 1'000'000;
  BoundedLines lines(100'000, left);
  ASSERT_TRUE(lines.open(pattern));
  for (const std::string& wanted : {std::string("a"), std::string(), longest, std::string("end")})
    EXPECT_EQ(lines.next().value().value(), wanted);
  EXPECT_FALSE(lines.next().value());
  EXPECT_EQ(left, 1'000'000u - 100'007u);
  std::size_t little = 70'000;
  BoundedLines more(200'000, little);
  ASSERT_TRUE(more.open(pattern));
  EXPECT_TRUE(more.next());
  EXPECT_TRUE(more.next());
  const auto refused = more.next();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "with it, the golden files have more than 1 GB; split them");
  std::filesystem::remove(pattern);
}

TEST_F(GoldenFile, NamesBothPlacesOfADuplicateId) {
  const std::string line = "{\"id\":\"a\",\"event\":1,\"expect\":1}\n";
  EXPECT_EQ(refusal(line + "\n" + line),
            "3: the id \"a\" is already used at " + directory_ + "/cases.jsonl:1");
  const std::string first = write("one.jsonl", line);
  const std::string second = write("two.jsonl", line);
  const Result<GoldenSuite> suite = read_goldens({first, second});
  ASSERT_FALSE(suite);
  EXPECT_EQ(suite.error().message, second + ":1: the id \"a\" is already used at " + first + ":1");
}

TEST_F(GoldenFile, RefusesWhatIsNoCase) {
  for (const char* text : {"[]",
                           "7",
                           R"({"event":1,"expect":1})",
                           R"({"id":"a","expect":1})",
                           R"({"id":"a","event":1})",
                           R"({"id":"","event":1,"expect":1})",
                           R"({"id":7,"event":1,"expect":1})",
                           R"({"id":"a,b","event":1,"expect":1})",
                           R"({"id":"a","event":NaN,"expect":1})",
                           R"({"id":"a","event":1,"event":2,"expect":1})",
                           R"({"id":"a","event":1,"expect":{"error":"KeyError"}})",
                           R"({"id":"a","event":1,"expect":{"error":{"errorTyp":"KeyError"}}})",
                           R"({"id":"a","event":1,"expect":{"status":"400","body":1}})",
                           R"({"id":"a","event":1,"expect":{"any":false}})",
                           R"({"id":"a","event":1,"expect":1,"tags":"smoke"})",
                           R"({"id":"a","event":1,"expect":1,"rules":{"x":1}})",
                           R"({"id":"a","event":1,"expect":1,"rules":"strict"})",
                           R"({"id":"a","event":1,"expect":1,"wrap":["apigw-v1"]})",
                           R"({"id":"a","event":1,"expect":1,"origin":"me"})",
                           R"({"id":"a","event":"@absent.json","expect":1})"}) {
    EXPECT_EQ(refusal(text).rfind("1: ", 0), 0u) << text << " → " << refusal(text);
  }
}

TEST_F(GoldenFile, RefusesAnEmptyAnAbsentAndADirectoryFile) {
  EXPECT_NE(refusal("\n\n").find("holds no golden case"), std::string::npos);
  const Result<GoldenSuite> absent = read_goldens({directory_ + "/absent.jsonl"});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().message,
            "cannot read " + directory_ + "/absent.jsonl: No such file or directory");
  EXPECT_FALSE(read_goldens({directory_}));
  EXPECT_FALSE(read_goldens({}));
}

TEST_F(GoldenFile, RefusesAReferencedFileThatIsNotJson) {
  write("bad.json", "{\n oops");
  EXPECT_NE(refusal(R"({"id":"a","event":"@bad.json","expect":1})").find("line 2, column 2"),
            std::string::npos);
}

}  // namespace
}  // namespace coldframe
