#include "emulator/sandbox/sandbox_remedy.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/temp_dir.hpp"

namespace coldframe {
namespace {

struct Host {
  const char* name;
  SandboxFacts facts;
  const char* remedy;
};

SandboxFacts user(const char* release = "6.8.0-generic") {
  SandboxFacts facts;
  facts.kernel_release = release;
  return facts;
}
SandboxFacts root(const char* release = "6.8.0-generic") {
  SandboxFacts facts = user(release);
  facts.is_root = facts.may_administrate = true;
  return facts;
}
SandboxFacts with(SandboxFacts facts, bool SandboxFacts::*one, bool value = true) {
  facts.*one = value;
  return facts;
}

constexpr const char* k_wsl2 = "5.15.167.4-microsoft-standard-WSL2";
constexpr const char* k_container = "in a container, run it with --privileged (docker, podman)";
constexpr auto k_docker = &SandboxFacts::in_container;
constexpr auto k_rights = &SandboxFacts::may_administrate;
constexpr auto k_apparmor = &SandboxFacts::apparmor_denies;

const Host k_hosts[] = {
    {"Ubuntu2404", with(user(), k_apparmor),
     "this distribution denies user namespaces: sudo sysctl -w "
     "kernel.apparmor_restrict_unprivileged_userns=0"},
    {"DockerOnUbuntu2404", with(with(with(root(), k_apparmor), k_docker), k_rights, false),
     k_container},
    {"UserInDockerOnUbuntu2404", with(with(user(), k_apparmor), k_docker), k_container},
    {"DockerDesktopOnWindows", with(with(root(k_wsl2), k_docker), k_rights, false), k_container},
    {"ContainerWithoutAMark", with(with(root(), k_apparmor), k_rights, false),
     "root lacks CAP_SYS_ADMIN here: a container needs --privileged"},
    {"PrivilegedContainer", with(root(), k_docker), ""},
    {"PrivilegedContainerOnWsl2", with(root(k_wsl2), k_docker),
     "wsl --update (in Windows) brings a newer kernel"},
    {"Wsl1", root("4.4.0-19041-Microsoft"),
     "WSL 1 has no namespaces: wsl --set-version DISTRIBUTION 2 (in Windows)"},
    {"Wsl2", user(k_wsl2),
     "this kernel of WSL 2 denies it: wsl --update (in Windows), or root: try sudo"},
    {"Debian", with(user(), &SandboxFacts::only_root_clones),
     "sudo sysctl -w kernel.unprivileged_userns_clone=1"},
    {"None", with(user(), &SandboxFacts::no_user_namespaces),
     "sudo sysctl -w user.max_user_namespaces=10000"},
    {"OldKernel", with(with(user("5.10.0"), &SandboxFacts::is_old_kernel), k_apparmor), ""},
    {"OldWsl2", with(user("5.10.16.3-microsoft-standard-WSL2"), &SandboxFacts::is_old_kernel),
     "wsl --update (in Windows) brings a newer kernel"},
    {"RootOnUbuntu2404", with(root(), k_apparmor), ""},
    {"User", user(), "root may: try sudo"},
};

class RemedyOf : public ::testing::TestWithParam<Host> {};

TEST_P(RemedyOf, Helps) { EXPECT_EQ(sandbox_remedy(GetParam().facts), GetParam().remedy); }

INSTANTIATE_TEST_SUITE_P(Hosts, RemedyOf, ::testing::ValuesIn(k_hosts),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(SandboxFacts, AreReadWhereTheKernelHasThem) {
  testing::TempDir place;
  const std::string at = place.path();
  for (const char* directory : {"/proc/sys/kernel", "/proc/sys/user", "/proc/self", "/run"})
    std::filesystem::create_directories(at + directory);
  place.write("proc/sys/kernel/osrelease", "6.8.0-31-generic\n");
  place.write("proc/self/status", "Name:\tx\nCapEff:\t00000000a80425fb\n");
  SandboxFacts facts = read_sandbox_facts(at);
  EXPECT_EQ(facts.kernel_release, "6.8.0-31-generic");
  EXPECT_FALSE(facts.may_administrate) << "as docker gives it";
  EXPECT_EQ(facts.is_root, ::geteuid() == 0);
  EXPECT_FALSE(facts.in_container || facts.apparmor_denies || facts.only_root_clones ||
               facts.no_user_namespaces);
  place.write("proc/self/status", "CapEff:\t000001ffffffffff\n");
  place.write("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n");
  place.write("proc/sys/kernel/unprivileged_userns_clone", "0\n");
  place.write("proc/sys/user/max_user_namespaces", "0\n");
  place.write("run/.containerenv", "");
  facts = read_sandbox_facts(at);
  EXPECT_TRUE(facts.may_administrate && facts.in_container && facts.apparmor_denies &&
              facts.only_root_clones && facts.no_user_namespaces);
}

}  // namespace
}  // namespace coldframe
