#include "emulator/sandbox/sandbox_findings.hpp"

#include <gtest/gtest.h>

#include <array>

namespace coldframe {
namespace {

using Texts = std::vector<std::string>;

// A SYN to 10.0.0.HOST:443.
std::array<std::byte, 40> syn(unsigned host) {
  std::array<std::byte, 40> packet{};
  const auto set = [&](std::size_t at, unsigned value) { packet[at] = std::byte(value); };
  set(0, 0x45);
  set(9, 6);
  set(16, 10);
  set(19, host);
  set(22, 443 >> 8);
  set(23, 443 & 255);
  set(33, 2);
  return packet;
}

TEST(SandboxFindings, ListsAttemptsOfAllEnvironmentsOfAFunctionOnce) {
  SandboxFindings findings;
  findings.of("f")->attempts.add(syn(1));
  findings.of("f")->attempts.add(syn(2));
  findings.of("f")->attempts.add(syn(1));
  EXPECT_EQ(findings.notes(true),
            Texts{"W36: the function tried to reach tcp 10.0.0.1:443, tcp 10.0.0.2:443; with "
                  "--network none, as in a VPC without a route, connects hang"});
}

TEST(SandboxFindings, SaysWhatHelpsWhereAFunctionHasFailed) {
  SandboxFindings findings;
  findings.of("f");
  EXPECT_FALSE(findings.has_attempts());
  findings.of("f")->attempts.add(syn(1));
  EXPECT_TRUE(findings.has_attempts());
  EXPECT_EQ(findings.notes(false),
            Texts{"W36: the function tried to reach tcp 10.0.0.1:443; with --network none, as in a "
                  "VPC without a route, connects hang; put what is fetched into the image, or give "
                  "the function a route: --network open has one"});
}

TEST(SandboxFindings, ListsWhoWasTriedWithoutWhatWasToldOfAFunctionBefore) {
  SandboxFindings findings;
  findings.of("f")->attempts.add(syn(1));
  findings.of("g")->attempts.add(syn(1));
  const auto notes = findings.notes(false, {"f"});
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes[0],
            "W36: 'f' tried to reach tcp 10.0.0.1:443; with --network none, as in a VPC without a "
            "route, connects hang");
  EXPECT_TRUE(notes[1].starts_with("W36: 'g' tried to reach tcp 10.0.0.1:443; ")) << notes[1];
  EXPECT_TRUE(
      notes[1].ends_with("connects hang; put what is fetched into the image, or give the "
                         "function a route: --network open has one"))
      << notes[1];
}

TEST(SandboxFindings, NamesTheFunctionIfThereAreSeveral) {
  SandboxFindings findings;
  findings.of("f");
  findings.of("g")->denied.add({DeniedKind::write, "/x"});
  EXPECT_EQ(findings.notes(true), Texts{"W1: 'g' was denied, and hid it: open '/x' for writing"});
}

TEST(SandboxFindings, CutsALongList) {
  AttemptList attempts;
  for (unsigned host = 0; host < 150; ++host)
    attempts.add(syn(host));
  const std::string text = listed(attempts);
  EXPECT_LT(text.size(), 300u);
  EXPECT_EQ(text.substr(0, 34), "tcp 10.0.0.0:443, tcp 10.0.0.1:443");
  EXPECT_NE(text.find(" more"), std::string::npos);
}

TEST(SandboxFindings, TellEachKindOfDeniedCallByItsNumber) {
  SandboxFindings findings;
  auto& denied = findings.of("f")->denied;
  denied.add({DeniedKind::write, "/a"});
  denied.add({DeniedKind::make_directory, "/b"});
  denied.add({DeniedKind::make, "/l"});
  denied.add({DeniedKind::rename, "/r"});
  denied.add({DeniedKind::remove, "/u"});
  denied.add({DeniedKind::change, "/m"});
  denied.add({DeniedKind::read, "/var/task/k"});
  denied.add({DeniedKind::shared_memory, "/dev/shm/c"});
  denied.add({DeniedKind::connect, "192.0.2.1:443"});
  EXPECT_EQ(
      findings.notes(false),
      (Texts{"W1: the function was denied: open '/a' for writing",
             "W1: the function was denied: make the directory '/b'",
             "W1: the function was denied: make '/l'", "W1: the function was denied: rename '/r'",
             "W1: the function was denied: remove '/u'", "W1: the function was denied: change '/m'",
             "W4: the function was denied: read '/var/task/k', which "
             "is closed to sbx_user1051",
             "W6: the function was denied: use shared memory "
             "'/dev/shm/c'"}))
      << "connects are for the network to tell";
}

TEST(SandboxFindings, AreBounded) {
  SandboxFindings findings;
  for (int i = 0; i < 1000; ++i)
    findings.of("f")->denied.add({DeniedKind::write, "/" + std::to_string(i)});
  const auto notes = findings.notes(true);
  EXPECT_EQ(notes.size(), 21u);
  EXPECT_EQ(notes.back(), "the function was denied 980 calls more, which may be repetitions");
}

TEST(SandboxFindings, SayOnceWhatTheSandboxCannotDo) {
  SandboxFindings findings;
  findings.tell("no TUN");
  findings.tell("no TUN");
  EXPECT_EQ(findings.notes(true), Texts{"no TUN"});
  Texts heard;
  findings.on_note([&](const std::string& text) { heard.push_back(text); });
  findings.tell("no TUN");
  findings.tell("no way out");
  EXPECT_EQ(heard, Texts{"no way out"});
  EXPECT_EQ(findings.notes(true), Texts{}) << "all was told";
}

}  // namespace
}  // namespace coldframe
