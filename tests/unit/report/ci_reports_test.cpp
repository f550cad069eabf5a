// JUnit and GitHub.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <pugixml.hpp>

#include "emulator/report/github.hpp"
#include "emulator/report/junit.hpp"
#include "tests/unit/report/report_fixture.hpp"

namespace coldframe {
namespace {

using namespace report_fixture;

TEST(Junit, ListsEveryCaseWithItsPlaceAndTellsFailuresFromErrors) {
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(junit_xml(sample_report()).c_str()));
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  EXPECT_STREQ(suite.attribute("name").value(), "golden.cases");
  EXPECT_EQ(suite.attribute("tests").as_int(), 5);
  EXPECT_EQ(suite.attribute("failures").as_int(), 2);
  EXPECT_EQ(suite.attribute("errors").as_int(), 1);
  EXPECT_EQ(suite.attribute("skipped").as_int(), 1);
  const pugi::xml_node large = suite.find_child_by_attribute("testcase", "name", "large");
  EXPECT_STREQ(large.attribute("classname").value(), "golden.cases");
  EXPECT_STREQ(large.attribute("file").value(), "golden/cases.jsonl");
  EXPECT_EQ(large.attribute("line").as_int(), 3);
  EXPECT_TRUE(large.child("failure"));
  EXPECT_NE(std::string(large.child("failure").text().get()).find("want 1.0"), std::string::npos);
  EXPECT_TRUE(suite.find_child_by_attribute("testcase", "name", "hangs").child("error"));
  EXPECT_TRUE(suite.find_child_by_attribute("testcase", "name", "left out").child("skipped"));
  EXPECT_FALSE(suite.find_child_by_attribute("testcase", "name", "good").first_child());
}

TEST(Junit, SkipsWhatMaxFailExcusesAndKeepsItsFindings) {
  ValidationReport report = sample_report();
  report.cases[1].excused = true;
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(junit_xml(report).c_str()));
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  EXPECT_EQ(suite.attribute("failures").as_int(), 1);
  EXPECT_EQ(suite.attribute("skipped").as_int(), 2);
  const pugi::xml_node small = suite.find_child_by_attribute("testcase", "name", "small");
  EXPECT_STREQ(small.child("skipped").attribute("message").value(),
               "excused by --max-fail: $.a: outside the tolerance");
  EXPECT_NE(std::string(small.child("system-out").text().get()).find("got  1.5"),
            std::string::npos);
  EXPECT_FALSE(small.child("failure"));
}

TEST(Junit, SaysWhyACaseWasNotJudged) {
  const auto message = [](const ValidationReport& report) {
    pugi::xml_document document;
    EXPECT_TRUE(document.load_string(junit_xml(report).c_str()));
    const pugi::xml_node suite = document.child("testsuites").child("testsuite");
    return std::string(suite.find_child_by_attribute("testcase", "name", "left out")
                           .child("skipped")
                           .attribute("message")
                           .value());
  };
  ValidationReport report = sample_report();
  report.out_of_time = true;
  EXPECT_EQ(message(report), "--max-time was over");
  report = sample_report();
  report.interrupted_by = SIGINT;
  EXPECT_EQ(message(report), "interrupted by SIGINT");
}

TEST(Junit, ReplacesWhatXmlCannotHold) {
  EXPECT_EQ(xml_text(std::string("a\0b\x1B\xFF\t\n€\xEF\xBF\xBE", 13)),
            "a\uFFFDb\uFFFD\uFFFD\t\n€\uFFFD");
  ValidationReport report = sample_report();
  report.cases[1].findings[0].message = "bell \x07 <&> \xFF";
  pugi::xml_document document;
  const std::string xml = junit_xml(report);
  EXPECT_TRUE(document.load_string(xml.c_str()));
  EXPECT_EQ(xml.find('\x07'), std::string::npos);
}

TEST(Github, EscapesPropertiesAndMessages) {
  ValidationReport report = sample_report();
  report.cases.resize(2);
  report.cases[1].id = "50%: a, b";
  report.cases[1].findings[0].message = "100% off: here, there\r\nnext";
  const std::string text = github_annotations(report);
  EXPECT_EQ(text.rfind("::error file=golden/cases.jsonl,line=2,"
                       "title=golden case 50%25%3A a%2C b::$.a: 100%25 off: here, "
                       "there%0D%0Anext%0Awant 1.0%0A",
                       0),
            0u)
      << text;
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST(Github, WarnsOfWhatMaxFailExcuses) {
  ValidationReport report = sample_report();
  report.cases[1].excused = true;
  const std::string text = github_annotations(report);
  EXPECT_NE(text.find("::warning file=golden/cases.jsonl,line=2,title=golden case small%2C excused "
                      "by --max-fail::$.a: "),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("::error file=golden/cases.jsonl,line=3,title=golden case large::"),
            std::string::npos);
  for (int i = 0; i < 9; ++i) {
    report.cases.push_back(report.cases[1]);
  }
  EXPECT_NE(github_annotations(report).find("::warning title=coldframe validate::and 1 more golden "
                                            "cases did not pass, excused by --max-fail\n"),
            std::string::npos);
}

TEST(Github, ShowsTheNineWorstAndOneLineForTheRest) {
  ValidationReport report = sample_report();
  for (int i = 0; i < 20; ++i) {
    report.cases.push_back(
        failing("more-" + std::to_string(i), 10, number_finding("$.c", 1, 2, 0.5)));
  }
  const std::string text = github_annotations(report);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
  EXPECT_NE(text.find("and 14 more golden cases did not pass\n"), std::string::npos);
  report.cases.resize(1);
  EXPECT_EQ(github_annotations(report), "");
}

}  // namespace
}  // namespace coldframe
