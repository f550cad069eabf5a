#include "emulator/process/log_frames.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace coldframe {
namespace {

struct Event {
  LogLevel level;
  bool json;
  std::string text;
  bool operator==(const Event&) const = default;
};

void PrintTo(const Event& event, std::ostream* out) {
  *out << static_cast<int>(event.level) << (event.json ? " json " : " text ")
       << event.text.substr(0, 80) << " (" << event.text.size() << ")";
}

Event line(std::string text) { return {LogLevel::undefined, false, std::move(text)}; }

template <typename Splitter>
std::vector<Event> split(const std::vector<std::string_view>& pieces) {
  std::vector<Event> events;
  const auto emit = [&](const LogEvent& e) {
    events.push_back({e.level, e.json, std::string(e.text)});
  };
  Splitter splitter;
  for (auto piece : pieces)
    splitter.feed(piece, emit);
  splitter.finish(emit);
  return events;
}

// Whole, byte by byte, and cut in two at every place: all must agree.
template <typename Splitter>
std::vector<Event> split_every_way(std::string_view bytes) {
  auto wanted = split<Splitter>({bytes});
  std::vector<std::string_view> single;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    single.push_back(bytes.substr(i, 1));
  EXPECT_EQ(split<Splitter>(single), wanted) << "byte by byte";
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    EXPECT_EQ(split<Splitter>({bytes.substr(0, cut), bytes.substr(cut)}), wanted) << "at " << cut;
    if (::testing::Test::HasFailure()) break;
  }
  return wanted;
}

std::string u32(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}
std::string frame(std::uint32_t type, const std::string& payload) {
  return u32(type) + u32(static_cast<std::uint32_t>(payload.size())) +
         std::string("\x00\x06\x12\x34\xff\n\r\x01", 8) + payload;
}

TEST(LineSplitter, GivesOneEventALine) {
  EXPECT_EQ(split_every_way<LineSplitter>("one\ntwo\n\n three \n"),
            (std::vector<Event>{line("one"), line("two"), line(""), line(" three ")}));
}

TEST(LineSplitter, GivesAnUnfinishedLineAtTheEndAndNothingForNothing) {
  EXPECT_EQ(split_every_way<LineSplitter>("one\ntwo"),
            (std::vector<Event>{line("one"), line("two")}));
  EXPECT_TRUE(split<LineSplitter>({}).empty());
  EXPECT_EQ(split_every_way<LineSplitter>("one\n").size(), 1U);
}

TEST(LineSplitter, KeepsOtherControlBytes) {
  const std::string text("a\rb\0c\x1b[0m\xff", 10);
  EXPECT_EQ(split_every_way<LineSplitter>(text + "\n"), (std::vector<Event>{line(text)}));
}

TEST(LineSplitter, BreaksAnEndlessLineButLosesNothingOfIt) {
  const std::string piece(64 * 1024, 'x');
  const auto events = split<LineSplitter>(std::vector<std::string_view>(40, piece));
  EXPECT_GT(events.size(), 1U);
  std::size_t total = 0;
  for (const auto& event : events) {
    EXPECT_LE(event.text.size(), 512 * 1024U);
    total += event.text.size();
  }
  EXPECT_EQ(total, 40 * piece.size());
}

TEST(FrameSplitter, KnowsEveryLevelInBothFormats) {
  for (std::uint32_t level = 0; level <= 6; ++level) {
    const std::uint32_t type = 0xA55A0002U | level << 2;
    EXPECT_EQ(split_every_way<FrameSplitter>(frame(type | 1U, "hello")),
              (std::vector<Event>{{static_cast<LogLevel>(level), false, "hello"}}));
    EXPECT_EQ(split_every_way<FrameSplitter>(frame(type, "{\"a\":1}")),
              (std::vector<Event>{{static_cast<LogLevel>(level), true, "{\"a\":1}"}}));
  }
}

TEST(FrameSplitter, GivesConformanceCase66AsOneErrorEvent) {
  EXPECT_EQ(split_every_way<FrameSplitter>(frame(0xA55A0017U, "hello")),
            (std::vector<Event>{{LogLevel::error, false, "hello"}}));
}

TEST(FrameSplitter, KeepsNewlinesInsideAPayloadAsOneEvent) {
  const std::string traceback = "[ERROR] ValueError: x\nTraceback:\n  File \"a\"\n\n";
  EXPECT_EQ(
      split_every_way<FrameSplitter>(frame(0xA55A0017U, traceback) + frame(0xA55A000FU, "next")),
      (std::vector<Event>{{LogLevel::error, false, traceback}, {LogLevel::info, false, "next"}}));
}

TEST(FrameSplitter, TakesPayloadsThatLookLikeFramesAndEmptyOnes) {
  const std::string inner = frame(0xA55A0017U, "inner");
  EXPECT_EQ(
      split_every_way<FrameSplitter>(frame(0xA55A0003U, inner) + frame(0xA55A0003U, "")),
      (std::vector<Event>{{LogLevel::undefined, false, inner}, {LogLevel::undefined, false, ""}}));
}

TEST(FrameSplitter, TakesTheLegacyHeaderWithoutATimestamp) {
  const std::string legacy = u32(0xA55A0001U) + u32(5) + "hello";
  EXPECT_EQ(split_every_way<FrameSplitter>(legacy + legacy + frame(0xA55A0013U, "warn")),
            (std::vector<Event>{line("hello"), line("hello"), {LogLevel::warn, false, "warn"}}));
}

TEST(FrameSplitter, TakesAMegabyteInOneFrame) {
  const std::string payload(1024 * 1024, 'x');
  const std::string bytes = frame(0xA55A000FU, payload);
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < bytes.size(); at += 65536) {
    pieces.push_back(std::string_view(bytes).substr(at, 65536));
  }
  const auto events = split<FrameSplitter>(pieces);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events[0].text == payload);
}

std::string joined(const std::vector<Event>& events) {
  std::string text;
  for (const auto& event : events)
    text += event.text;
  return text;
}

TEST(FrameSplitter, GivesWhatIsNoFrameAsPlainLines) {
  EXPECT_EQ(split_every_way<FrameSplitter>("plain text\nand more\n"),
            (std::vector<Event>{line("plain text"), line("and more")}));
  EXPECT_EQ(split_every_way<FrameSplitter>("hi\n"), (std::vector<Event>{line("hi")}));
}

TEST(FrameSplitter, TreatsUnknownTypesAndAbsurdLengthsAsNoFrames) {
  for (const std::uint32_t type :
       {0xA55A001EU, 0xA55A001FU, 0xA55A0023U, 0xA55B0003U, 0xA55A1003U, 0x00000000U}) {
    const std::string bytes = frame(type, "hello");
    EXPECT_EQ(joined(split<FrameSplitter>({bytes})).size() + 1, bytes.size()) << std::hex << type;
  }
  const auto events = split<FrameSplitter>({u32(0xA55A0003U) + u32(0xFFFFFFFFU) + "12345678hello"});
  EXPECT_NE(joined(events).find("hello"), std::string::npos);
}

TEST(FrameSplitter, LosesNothingOfAFrameThatWasCutOff) {
  const std::string bytes = frame(0xA55A0017U, "a long farewell");
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    const auto events = split<FrameSplitter>({std::string_view(bytes).substr(0, cut)});
    std::string wanted = bytes.substr(0, cut);
    std::erase(wanted, '\n');
    EXPECT_EQ(joined(events), wanted) << cut;
  }
}

TEST(FrameSplitter, EndsAStrayLineWithAnInvokeButBreaksNoFrame) {
  std::vector<Event> events;
  const auto emit = [&](const LogEvent& e) {
    events.push_back({e.level, e.json, std::string(e.text)});
  };
  const std::string bytes = frame(0xA55A0017U, "a\nb");
  for (std::size_t cut = 3; cut < bytes.size(); ++cut) {
    events.clear();
    FrameSplitter splitter;
    splitter.feed("stray" + bytes.substr(0, cut), emit);
    EXPECT_TRUE(splitter.in_line());
    splitter.finish_line(emit);
    EXPECT_FALSE(splitter.in_line());
    splitter.feed(bytes.substr(cut), emit);
    EXPECT_EQ(events, (std::vector<Event>{line("stray"), {LogLevel::error, false, "a\nb"}})) << cut;
  }
}

// A library that prints to the descriptor must not cost all later frames their level and shape.
TEST(FrameSplitter, FindsTheFramesAgainBehindAPlainLine) {
  EXPECT_EQ(split_every_way<FrameSplitter>("stray line\n" + frame(0xA55A0017U, "a\nb") + "x\n" +
                                           frame(0xA55A000FU, "c")),
            (std::vector<Event>{line("stray line"),
                                {LogLevel::error, false, "a\nb"},
                                line("x"),
                                {LogLevel::info, false, "c"}}));
}

}  // namespace
}  // namespace coldframe
