// docs/thresholds.md names the metrics that the parser accepts, and no other.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "emulator/bench/threshold.hpp"

namespace coldframe {
namespace {

using Names = std::set<std::string, std::less<>>;

// The names in the first cell of every row, by the head of that column.
std::map<std::string, Names> tables() {
  std::ifstream file(COLDFRAME_SOURCE_DIR "/docs/thresholds.md");
  std::map<std::string, Names> found;
  const std::regex name("`\\.?([^`]+)`");
  std::string head;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| ")) {
      if (!line.starts_with("|")) head.clear();
      continue;
    }
    const std::string cell = line.substr(2, line.find(" |", 2) - 2);
    if (head.empty()) {
      head = cell;
      continue;
    }
    for (std::sregex_iterator it(cell.begin(), cell.end(), name), end; it != end; ++it) {
      found[head].insert((*it)[1]);
    }
  }
  return found;
}

template <typename List>
Names names_of(const List& list) {
  return {list.begin(), list.end()};
}

bool is_accepted(const std::string& metric) {
  for (const char* value : {"1ms", "1MB", "1%"}) {
    if (parse_threshold(metric + " <= " + value)) return true;
  }
  return false;
}

TEST(ThresholdDocs, NameEveryMetricAndNoOther) {
  auto documented = tables();
  EXPECT_EQ(documented["family"], names_of(k_metric_families));
  EXPECT_EQ(documented["figure"], names_of(k_metric_figures));
  EXPECT_EQ(documented["metric"], names_of(k_plain_metrics));
}

TEST(ThresholdDocs, NameOnlyWhatTheParserAccepts) {
  auto documented = tables();
  for (const std::string& family : documented["family"]) {
    EXPECT_FALSE(is_accepted(family)) << family << " without a figure";
    for (const std::string& figure : documented["figure"]) {
      EXPECT_TRUE(is_accepted(fmt::format("{}.{}", family, figure))) << family << "." << figure;
    }
  }
  for (const std::string& metric : documented["metric"]) {
    EXPECT_TRUE(is_accepted(metric)) << metric;
  }
}

}  // namespace
}  // namespace coldframe
