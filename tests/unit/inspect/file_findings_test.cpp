// W3, W4, W16, W39: what the function's own files and packages show.
#include "tests/unit/inspect/inspect_fixture.hpp"

namespace coldframe::testing {
namespace {

constexpr std::size_t k_mb = std::size_t{1} << 20;

class FileFindings : public InspectTest {
 protected:
  // As Python writes it (PEP 552): magic, flags, time and size of its source.
  std::string byte_code(const std::string& of, char flags = 0, int earlier = 0) {
    struct stat info {};
    ::stat(host(of).c_str(), &info);
    return "\xa7\r\r\n" + std::string{flags, 0, 0, 0} +
           ElfMaker::number(static_cast<std::uint64_t>(info.st_mtime - earlier), 4) +
           ElfMaker::number(static_cast<std::uint64_t>(info.st_size), 4) + "code";
  }
  void big_package() {
    package("sklearn", "scikit-learn", "1.5.2");
    file("/var/task/app.py", "from sklearn import svm\ndef handler(e, c): pass\n");
    file(source, "x = 1\n" + std::string(2 * k_mb, '#'));
    file(site + "/sklearn/__pycache__/__init__.cpython-311.pyc",
         byte_code(site + "/sklearn/__init__.py"));
  }
  const std::string site = k_site;
  const std::string source = site + "/sklearn/svm.py";
  const std::string cached = site + "/sklearn/__pycache__/svm.cpython-311.pyc";
};

TEST_F(FileFindings, OnesThatOthersMayNotReadAreW4) {
  file("/var/task/model.bin", "x", 0600);
  file("/var/task/more.bin", "x", 0640);
  const auto found = only();
  EXPECT_EQ(found.id, "W4") << found.message;
  EXPECT_EQ(found.severity, inspect::Severity::error);
  EXPECT_EQ(found.message,
            "model.bin and 1 more are closed to others: Lambda's user gets "
            "Permission denied");
  EXPECT_EQ(found.fix, "RUN chmod -R o+rX /var/task");
}

TEST_F(FileFindings, AClosedDirectoryIsToldOnce) {
  file("/var/task/models/a.bin", "x", 0600);
  directory("/var/task/models", 0750);
  EXPECT_EQ(only().where, "/var/task/models");
}

TEST_F(FileFindings, AParentOfTheCodeThatIsClosedIsW4) {
  directory("/var", 0700);
  EXPECT_EQ(ids(), "W4 error");
}

TEST_F(FileFindings, PackagesThatAreUsedCountAndTheBasesOwnDoNot) {
  file("/etc/shadow", "root:*", 0640);
  file("/root/.profile", "", 0600);
  directory("/root", 0700);
  EXPECT_EQ(ids(), "");
  package("sklearn", "scikit-learn", "1.5.2");
  file("/var/task/app.py", "import sklearn\ndef handler(e, c): pass\n");
  file(site + "/sklearn/x.py", "", 0600);
  EXPECT_EQ(ids(), "W4 error");
}

TEST_F(FileFindings, HiddenOnesAreAWarning) {
  file("/var/task/.git/config", "", 0600);
  EXPECT_EQ(ids(), "W4 warning");
}

TEST_F(FileFindings, AllThatIsTooLargeIsW16) {
  extra_bytes = std::int64_t{11} << 30;
  const auto found = inspection().findings.front();
  EXPECT_EQ(found.id, "W16") << found.message;
  EXPECT_PRED2(has, found.message, "11.00 GB uncompressed");
  extra_bytes = std::int64_t{9500} << 20;
  EXPECT_PRED2(has, ids(), "W16 warning");
}

TEST_F(FileFindings, CachesAndBuildToolsAreToldOf) {
  file("/root/.cache/pip/wheel", std::string(11 * k_mb, 'x'));
  const auto found = only();
  EXPECT_EQ(found.id, "W16");
  EXPECT_EQ(found.severity, inspect::Severity::info);
  EXPECT_PRED2(has, found.message, "pip's cache, 11 MB");
}

TEST_F(FileFindings, WhatLiesInTwoLayersIsToldOf) {
  file("/var/task/model.bin", std::string(12 * k_mb, 'x'));
  add_layer();
  file("/var/task/model.bin", std::string(12 * k_mb, 'x'));
  const auto found = only();
  EXPECT_PRED2(has, found.message, "12 MB in 1 files lie in two layers");
  EXPECT_EQ(found.where, "/var/task/model.bin");
}

TEST_F(FileFindings, WhatIsBigIsListed) {
  package("sklearn", "scikit-learn", "1.5.2");
  file(site + "/sklearn/data.bin", std::string(3 * k_mb, 'x'));
  file("/srv/data/models/x.bin", std::string(2 * k_mb, 'x'));
  const auto biggest = inspection().biggest;
  ASSERT_EQ(biggest.size(), 3U);
  EXPECT_EQ(biggest[0].kind, "layer");
  EXPECT_EQ(biggest[1].kind + " " + biggest[1].name, "package sklearn");
  EXPECT_EQ(biggest[1].bytes, static_cast<std::int64_t>(3 * k_mb));
  EXPECT_EQ(biggest[2].name, "/srv/data/models");
}

TEST_F(FileFindings, MissingByteCodeIsW39AndWhatItCosts) {
  big_package();
  const auto found = only();
  EXPECT_EQ(found.id, "W39") << found.message;
  EXPECT_EQ(found.severity, inspect::Severity::warning);
  EXPECT_PRED2(has, found.message, "1 modules have no byte code in sklearn");
  EXPECT_PRED2(has, found.message, "up to 0.2 s of CPU");
  EXPECT_EQ(found.fix, "RUN /usr/local/bin/python3.11 -m compileall -q " + site + "/sklearn");
  file(cached, byte_code(source));
  EXPECT_EQ(ids(), "");
}

TEST_F(FileFindings, StaleByteCodeIsW39) {
  big_package();
  file(cached, byte_code(source, 0, 10));
  EXPECT_PRED2(has, only().message, "the byte code of 1 modules is not that of their source");
  file(cached, byte_code(source, 1, 10));  // by a hash
  EXPECT_EQ(ids(), "");
  file(cached, "\xa7\r\r\n");
  EXPECT_EQ(ids(), "W39 warning");
}

TEST_F(FileFindings, ByteCodeOfWhatIsNotImportedIsNoFinding) {
  big_package();
  file("/var/task/app.py", "def handler(e, c): pass\n");
  EXPECT_EQ(ids(), "");
}

TEST_F(FileFindings, PackagesThatAreRequiredCount) {
  big_package();
  package("mine", "mine", "1", "Requires-Dist: scikit-learn>=1.0");
  file("/var/task/app.py", "import helper\ndef handler(e, c): pass\n");
  file("/var/task/helper.py", "if True:\n    import mine\n");
  EXPECT_EQ(ids(), "W39 warning");
}

TEST_F(FileFindings, ACacheWithoutItsVariableIsW3) {
  package("matplotlib", "matplotlib", "3.9");
  EXPECT_EQ(ids(), "");
  file("/var/task/app.py", "import matplotlib.pyplot as plt\ndef handler(e, c): pass\n");
  file(site + "/matplotlib/__pycache__/__init__.cpython-311.pyc",
       byte_code(site + "/matplotlib/__init__.py"));
  const auto found = only();
  EXPECT_EQ(found.id, "W3") << found.message;
  EXPECT_EQ(found.fix, "ENV MPLCONFIGDIR=/tmp/matplotlib");
  manifest.config.environment = {{"MPLCONFIGDIR", "/tmp/m"}};
  EXPECT_EQ(ids(), "");
  manifest.config.environment = {{"HOME", "/tmp"}};
  EXPECT_EQ(ids(), "");
}

TEST_F(FileFindings, OneVariableIsAskedForOnce) {
  package("transformers", "transformers", "4", "Requires-Dist: huggingface-hub");
  package("huggingface_hub", "huggingface-hub", "0.2");
  file("/var/task/app.py", "import transformers\ndef handler(e, c): pass\n");
  std::size_t count = 0;
  for (const auto& finding : inspection().findings)
    count += finding.id == "W3" ? 1 : 0;
  EXPECT_EQ(count, 1U);
}

}  // namespace
}  // namespace coldframe::testing
