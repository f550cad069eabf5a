#include "emulator/sandbox/spare_networks.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>
#include <string_view>
#include <utility>

#include "emulator/sandbox/side_process.hpp"

namespace coldframe {
namespace {

constexpr std::size_t k_most_spares = 4;

bool read_file(const char* path, std::string& text) {
  const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> buffer{};
  ssize_t got = 0;
  while ((got = ::read(file.get(), buffer.data(), buffer.size())) > 0)
    text.append(buffer.data(), static_cast<std::size_t>(got));
  return got == 0;
}

// Of lines as "TCP: inuse 2 orphan 0 tw 0 alloc 8 mem 0" what is of this network alone. Not the sum
// of all ("used"), in which netlink's sockets stay for a while after their end.
std::string counts_of(const std::string& sockstat) {
  std::string out;
  std::istringstream lines(sockstat);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    std::string key;
    std::string number;
    while (words >> key >> number)
      if (key == "inuse" || key == "tw") out += name + key + "=" + number + " ";
  }
  return out;
}

}  // namespace

std::string network_state(int name_space) {
  std::string sockets;
  std::string devices;
  const auto looked = run_beside("no look into a network", [&](SideReport& report) {
    report.step = "setns";
    if (::setns(name_space, CLONE_NEWNET) != 0) return errno;
    report.step = "/proc/self/net";
    if (!read_file("/proc/self/net/sockstat", sockets) ||
        !read_file("/proc/self/net/dev", devices)) {
      return errno;
    }
    read_file("/proc/self/net/sockstat6", sockets);  // none without IPv6
    return 0;
  });
  if (!looked) return {};
  return counts_of(sockets) +
         "devices=" + std::to_string(std::count(devices.begin(), devices.end(), ':'));
}

Result<SandboxNetwork> SpareNetworks::get(const std::string& task_root, bool with_hole) {
  const auto may_be_given = [&](SandboxNetwork& network) {
    return network.task_root == task_root && network.hole.has_value() == with_hole &&
           network.name_space.listen() &&
           network_state(network.name_space.fd.get()) == network.idle;
  };
  for (auto spare = networks_.begin(); spare != networks_.end(); ++spare) {
    if (!may_be_given(*spare)) {
      spare->name_space.close_listeners();
      continue;
    }
    SandboxNetwork network = std::move(*spare);
    networks_.erase(spare);
    if (network.hole) network.hole->empty();
    return network;
  }
  auto made = NetNamespace::create();
  if (!made) return made.error();
  return SandboxNetwork{task_root, std::move(*made), std::nullopt, ""};
}

void SpareNetworks::put(SandboxNetwork network) {
  if (network.idle.empty()) return;
  network.name_space.close_listeners();
  if (networks_.size() == k_most_spares) networks_.pop_back();
  networks_.push_front(std::move(network));
}

}  // namespace coldframe
