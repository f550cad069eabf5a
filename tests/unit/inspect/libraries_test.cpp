// W14 and W15: the closure of what programs and libraries need.
#include "tests/unit/inspect/inspect_fixture.hpp"

namespace coldframe::testing {
namespace {

class Libraries : public InspectTest {
 protected:
  void model_library(const ElfSpec& spec, const std::string& place_of = "/var/task/libmodel.so") {
    file(place_of, make_elf(spec));
  }
};

TEST_F(Libraries, AMissingOneIsW15AndNamesWhoNeedsIt) {
  file("/etc/debian_version", "12.1\n");
  model_library({.needed = {"libgomp.so.1", "libc.so.6"}});
  const auto found = only();
  EXPECT_EQ(found.id, "W15") << found.message;
  EXPECT_EQ(found.severity, inspect::Severity::error);
  EXPECT_EQ(found.message, "libmodel.so needs libgomp.so.1, which is not in the image");
  EXPECT_EQ(found.where, "/var/task/libmodel.so");
  EXPECT_PRED2(has, found.fix, "install -y --no-install-recommends libgomp1");
  file("/usr/lib/x86_64-linux-gnu/libgomp.so.1", make_elf({}));
  EXPECT_EQ(ids(), "");
}

TEST_F(Libraries, OneOfALibraryThatAnotherLoadsIsMissedToo) {
  model_library({.needed = {"libfirst.so"}});
  file("/usr/lib/libfirst.so", make_elf({.needed = {"libsecond.so"}}));
  EXPECT_EQ(only().message, "libfirst.so needs libsecond.so, which is not in the image");
}

TEST_F(Libraries, OneThatNothingLoadsIsTheBasesAffair) {
  file("/usr/lib/libtool.so", make_elf({.needed = {"libgone.so"}}));
  EXPECT_EQ(ids(), "");
}

TEST_F(Libraries, OfAPackageThatIsNotImportedItIsAWarning) {
  package("xgboost", "xgboost", "2.0.3");
  const std::string library = std::string(k_site) + "/xgboost/lib/libxgboost.so";
  file(library, make_elf({.needed = {"libgomp.so.1"}}));
  EXPECT_EQ(ids(), "W15 warning");
  file("/var/task/app.py", "import xgboost as xgb\ndef handler(e, c): pass\n");
  EXPECT_EQ(ids(), "W15 error");
}

TEST_F(Libraries, APackageThatAModelIsMadeOfIsUsed) {
  package("xgboost", "xgboost", "2.0.3");
  file(std::string(k_site) + "/xgboost/core.py", "class Booster: pass\n");
  file(std::string(k_site) + "/xgboost/__pycache__/core.cpython-311.pyc", "");
  file(std::string(k_site) + "/xgboost/lib/libxgboost.so",
       make_elf({.needed = {"libgomp-24e2ab19.so.1.0.0"}}));
  file("/var/task/model.pkl",
       "\x80\x02"
       "cxgboost.core\nBooster\n.");
  const auto found = inspection().findings.front();
  EXPECT_EQ(found.severity, inspect::Severity::error) << found.message;
  EXPECT_EQ(found.fix, "RUN pip install --force-reinstall xgboost==2.0.3");
}

TEST_F(Libraries, OriginRunpathAndLinksAreFollowed) {
  model_library({.needed = {"liba.so.1"}, .runpath = "$ORIGIN/libs:/nowhere"});
  file("/var/task/libs/liba.so.1.2", make_elf({}));
  link("/var/task/libs/liba.so.1", "liba.so.1.2");
  EXPECT_EQ(ids(), "");
}

TEST_F(Libraries, AnRpathServesWhatIsLoadedByIt) {
  model_library({.needed = {"libb.so"}, .rpath = "${ORIGIN}/libs"});
  file("/var/task/libs/libb.so", make_elf({.needed = {"libc-own.so"}}));
  file("/var/task/libs/libc-own.so", make_elf({}));
  EXPECT_EQ(ids(), "");
  // A RUNPATH does not.
  model_library({.needed = {"libb.so"}, .runpath = "${ORIGIN}/libs"});
  EXPECT_EQ(ids(), "W15 info");
}

TEST_F(Libraries, OneThatLiesElsewhereMayBeLoadedBefore) {
  model_library({.needed = {"libx.so"}});
  file("/srv/lib/libx.so", make_elf({}));
  const auto found = only();
  EXPECT_EQ(found.severity, inspect::Severity::info);
  EXPECT_PRED2(has, found.fix, "LD_LIBRARY_PATH=/srv/lib");
  manifest.config.environment = {{"LD_LIBRARY_PATH", "/srv/lib"}};
  EXPECT_EQ(ids(), "");
}

TEST_F(Libraries, LambdasOwnDirectoriesAndThoseOfLdconfigAreSearched) {
  model_library({.needed = {"libx.so", "liby.so"}});
  file("/var/task/lib/libx.so", make_elf({}));
  file("/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n");
  file("/etc/ld.so.conf.d/mine.conf", "/srv/lib\n");
  file("/srv/lib/liby.so", make_elf({}));
  EXPECT_EQ(ids(), "");
}

TEST_F(Libraries, OfAnotherMachineTheyArePassedOver) {
  model_library({.needed = {"libx.so"}});
  file("/usr/lib/libx.so", make_elf({.machine = 183}));
  EXPECT_PRED2(has, ids(), "W15");
}

TEST_F(Libraries, ADriversAreNoFinding) {
  model_library({.needed = {"libcuda.so.1"}});
  EXPECT_EQ(ids(), "");
}

TEST_F(Libraries, ATooNewGlibcIsW14) {
  model_library(
      {.needed = {"libc.so.6"},
       .wants = {
           {"libc.so.6", {{"GLIBC_2.2.5", false}, {"GLIBC_2.38", false}, {"GLIBC_2.35", false}}}}});
  const auto found = only();
  EXPECT_EQ(found.id, "W14") << found.message;
  EXPECT_EQ(found.severity, inspect::Severity::error);
  EXPECT_EQ(found.message,
            "libmodel.so needs GLIBC_2.38, and libc.so.6 of the image has no more than GLIBC_2.34");
}

TEST_F(Libraries, AWeakReferenceIsNoFinding) {
  model_library({.needed = {"libc.so.6"}, .wants = {{"libc.so.6", {{"GLIBC_2.38", true}}}}});
  EXPECT_EQ(ids(), "");
}

TEST_F(Libraries, ALibraryWithoutVersionsLoads) {
  model_library({.needed = {"libx.so"}, .wants = {{"libx.so", {{"X_1", false}}}}});
  file("/usr/lib/libx.so", make_elf({}));
  EXPECT_EQ(ids(), "");
}

TEST_F(Libraries, TooOldForSeveralIsToldOnceWithTheHighest) {
  package("a", "a", "1");
  file("/usr/lib/libstdc++.so.6", make_elf({.gives = {"GLIBCXX_3.4.9", "GLIBCXX_3.4.30"}}));
  for (const char* version : {"GLIBCXX_3.4.31", "GLIBCXX_3.4.32"}) {
    file("/var/task/" + std::string(version) + ".so",
         make_elf(
             {.needed = {"libstdc++.so.6"}, .wants = {{"libstdc++.so.6", {{version, false}}}}}));
  }
  EXPECT_EQ(only().message,
            "GLIBCXX_3.4.32.so and 1 more need GLIBCXX_3.4.32, and libstdc++.so.6 of the image has "
            "no more than GLIBCXX_3.4.30");
}

TEST_F(Libraries, AProgramsOwnAreCheckedWhereverItIs) {
  file("/usr/bin/serve",
       make_elf({.interpreter = "/lib64/ld-linux-x86-64.so.2", .needed = {"libserve.so"}}), 0755);
  manifest.config.entry_point = {"/usr/bin/serve"};
  EXPECT_EQ(ids(), "W15 error");
}

}  // namespace
}  // namespace coldframe::testing
