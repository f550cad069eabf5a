// W10, W11, W17, W18, W38: what documents and heads say.
#include "tests/unit/inspect/inspect_fixture.hpp"

namespace coldframe::testing {
namespace {

class ImageFindings : public InspectTest {};

TEST_F(ImageFindings, AHealthyImageHasNone) { EXPECT_EQ(ids(), ""); }

TEST_F(ImageFindings, AttestationsAreW10) {
  manifest.packaging.has_attestations = manifest.packaging.has_nested_index = true;
  const auto found = only();
  EXPECT_EQ(found.id, "W10") << found.message;
  EXPECT_EQ(found.severity, inspect::Severity::error);
  EXPECT_PRED2(has, found.fix, "--provenance=false --sbom=false");
}

TEST_F(ImageFindings, ANestedIndexAloneIsW10) {
  manifest.packaging.has_nested_index = true;
  EXPECT_EQ(ids(), "W10 error");
}

TEST_F(ImageFindings, AnArchiveThatCannotShowIsInformation) {
  manifest.packaging.is_docker_archive = true;
  EXPECT_EQ(ids(), "W10 info");
}

TEST_F(ImageFindings, AnImageForAnotherMachineIsW11) {
  config.architecture = "arm64";
  architecture_given = true;
  for (const auto& finding : inspection().findings)
    EXPECT_EQ(finding.id, "W11") << finding.message;
  EXPECT_PRED2(has, inspection().findings.front().message, "the image is for x86_64");
}

TEST_F(ImageFindings, ALibraryForAnotherMachineIsW11) {
  file("/var/task/native.so", make_elf({.machine = 183}));
  const auto found = only();
  EXPECT_EQ(found.id, "W11") << found.message;
  EXPECT_EQ(found.where, "/var/task/native.so");
  EXPECT_EQ(found.message, "native.so is for arm64, the function for x86_64");
}

TEST_F(ImageFindings, ALibraryForEachMachineIsNone) {
  file("/var/task/native.aarch64.so", make_elf({.machine = 183}));
  file("/var/task/native.x86_64.so", make_elf({}));
  EXPECT_EQ(ids(), "");
}

TEST_F(ImageFindings, ALibraryOfTheBaseForAnotherMachineIsNone) {
  file("/usr/lib/qemu/native.so", make_elf({.machine = 183}));
  EXPECT_EQ(ids(), "");
}

TEST_F(ImageFindings, Avx512IsAnErrorAndAvx2AWarningW17) {
  file("/var/task/fast.so",
       make_elf({.x86_isa = inspect::ElfFile::k_isa_v4 | inspect::ElfFile::k_isa_v3}));
  EXPECT_EQ(ids(), "W17 error");
  file("/var/task/fast.so", make_elf({.x86_isa = inspect::ElfFile::k_isa_v3}));
  EXPECT_EQ(ids(), "W17 warning");
  file("/var/task/fast.so", make_elf({.x86_isa = 3}));
  EXPECT_EQ(ids(), "");
}

TEST_F(ImageFindings, WhatTheLoaderTakesOnlyWhereItRunsIsNone) {
  file("/var/task/glibc-hwcaps/x86-64-v4/fast.so",
       make_elf({.x86_isa = inspect::ElfFile::k_isa_v4}));
  EXPECT_EQ(ids(), "");
}

TEST_F(ImageFindings, ABaseByItsTagIsW18) {
  manifest.config.labels = {{"org.opencontainers.image.base.name", "docker.io/python:3.11"}};
  EXPECT_EQ(ids(), "W18 info");
  manifest.config.labels.emplace_back("org.opencontainers.image.base.digest", "sha256:00");
  EXPECT_EQ(ids(), "");
  manifest.config.labels = {{"org.opencontainers.image.base.name", "python@sha256:00"}};
  EXPECT_EQ(ids(), "");
}

TEST_F(ImageFindings, ABaseByItsTagInTheHistoryIsW18) {
  manifest.config.history = {{"FROM python:3.11", true}, {"RUN true", false}};
  EXPECT_PRED2(has, only().message, "python:3.11");
  manifest.config.history = {{"RUN echo FROMAGE", false}};
  EXPECT_EQ(ids(), "");
}

TEST_F(ImageFindings, ReservedAndTooManyVariablesAreW38) {
  manifest.config.environment = {{"AWS_REGION", "eu-west-1"}};
  EXPECT_PRED2(has, only().message, "AWS_REGION");
  EXPECT_EQ(ids(), "W38 warning");
  manifest.config.environment = {{"BIG", std::string(4096, 'x')}};
  EXPECT_EQ(ids(), "W38 warning");
  manifest.config.environment = {{"BIG", std::string(4000, 'x')}};
  EXPECT_EQ(ids(), "");
}

TEST_F(ImageFindings, WhatAwssOwnImagesSetIsNone) {
  manifest.config.environment = {{"LAMBDA_TASK_ROOT", "/var/task"},
                                 {"LAMBDA_RUNTIME_DIR", "/var/runtime"},
                                 {"LANG", "en_US.UTF-8"},
                                 {"TZ", ":/etc/localtime"}};
  EXPECT_EQ(ids(), "");
  manifest.config.environment = {{"LAMBDA_TASK_ROOT", "/srv"}};
  EXPECT_EQ(ids(), "W38 warning");
}

TEST_F(ImageFindings, KnownOnesAreIgnoredWithTheirReason) {
  manifest.packaging.is_docker_archive = true;
  auto found = inspection();
  inspect::ignore_findings(found, {{"W10", "pushed by skopeo"}, {"W39", "other"}});
  EXPECT_EQ(ids(found.findings), "");
  ASSERT_EQ(found.ignored.size(), 1U);
  EXPECT_EQ(found.ignored[0].reason, "pushed by skopeo");
}

}  // namespace
}  // namespace coldframe::testing
