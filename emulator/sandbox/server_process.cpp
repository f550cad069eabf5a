#include "emulator/sandbox/server_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "emulator/base/clock.hpp"
#include "emulator/sandbox/black_hole.hpp"
#include "emulator/sandbox/disk_template.hpp"
#include "emulator/sandbox/generated_files.hpp"
#include "emulator/sandbox/message.hpp"
#include "emulator/sandbox/namespaces.hpp"
#include "emulator/sandbox/own_mounts.hpp"
#include "emulator/sandbox/owner_map.hpp"
#include "emulator/sandbox/plan_message.hpp"
#include "emulator/sandbox/root_layout.hpp"
#include "emulator/sandbox/sandbox_init.hpp"
#include "emulator/sandbox/seccomp_filter.hpp"
#include "emulator/sandbox/shared_roots.hpp"
#include "emulator/sandbox/side_process.hpp"
#include "emulator/sandbox/spare_disks.hpp"
#include "emulator/sandbox/spare_networks.hpp"
#include "emulator/sandbox/tmp_disk.hpp"
#include "emulator/sandbox/way_out.hpp"

namespace coldframe {
namespace {

void close_all_but(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = 3;
  for (const int fd : kept) {
    const auto number = static_cast<unsigned>(fd);
    if (number > first) ::syscall(SYS_close_range, first, number - 1, 0U);
    first = std::max(first, number + 1);
  }
  ::syscall(SYS_close_range, first, ~0U, 0U);
}

struct Living {
  explicit Living(TmpDisk its_disk) : disk(std::move(its_disk)) {}
  TmpDisk disk;
  std::optional<WayOut> way_out;
  std::optional<SandboxNetwork> network;  // of the first few: to be given on
  std::string task_root;
  bool in_host_network = false;
};
constexpr std::size_t k_kept_networks = 8;  // each is some descriptors

class Server {
 public:
  Server(int socket, std::string cache_directory, bool in_user_namespace)
      : socket_(socket),
        cache_directory_(std::move(cache_directory)),
        in_user_namespace_(in_user_namespace),
        may_have_disks_(!in_user_namespace && is_first_user_namespace()),
        roots_(in_user_namespace) {}

  [[noreturn]] void run() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) ::_exit(1);
    life_.reset(ends[0]);
    const UniqueFd held(ends[1]);  // by nobody else for longer than a moment
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, nullptr);
    const UniqueFd ended(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!in_user_namespace_) sweep_unfinished_templates(cache_directory_);
    host_ = read_host_files();
    (void)seccomp_filter();  // built here once; every seed inherits it
    say_hello();
    for (;;) {
      pollfd ready[3] = {
          {socket_, POLLIN, 0}, {ended.get(), POLLIN, 0}, {roots_.mount_table(), POLLPRI, 0}};
      if (::poll(ready, 3, -1) < 0 && errno != EINTR) ::_exit(1);
      if (ready[2].revents != 0) roots_.let_go();
      if (ready[1].revents != 0) {
        signalfd_siginfo ignored[8];
        [[maybe_unused]] auto n = ::read(ended.get(), ignored, sizeof ignored);
        collect();
      }
      if (ready[0].revents != 0) serve();
    }
  }

 private:
  void say_hello() {
    const std::string why = try_namespaces();
    MessageWriter out;
    out.number(why.empty() ? 1 : 0);
    out.number(in_user_namespace_ ? 1 : 0);
    out.text(why);
    send_message(socket_, out);
    if (!why.empty()) ::_exit(0);
  }

  void collect() {
    pid_t pid = 0;
    int status = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
      const auto ended = living_.find(pid);
      if (ended == living_.end()) {
        tell_of_way_out(pid, status);
        continue;
      }
      if (ended->second.way_out) ended->second.way_out->let_go();
      give_on(ended->second);
      living_.erase(ended);
    }
  }

  // In the host's network a function could have passed its /tmp to others, who still have it.
  void give_on(Living& ended) {
    if (ended.in_host_network) {
      ended.disk.discard();
    } else {
      spare_disks_.put(ended.task_root, std::move(ended.disk));
    }
    if (ended.network) spare_networks_.put(std::move(*ended.network));
  }

  // If it is one whose sandbox lives.
  void tell_of_way_out(pid_t pid, int status) {
    for (auto& [init, living] : living_) {
      if (!living.way_out || living.way_out->pid() != pid) continue;
      tell(living.way_out->was_collected(status));
      living.way_out.reset();
      return;
    }
  }

  // Nobody has asked for it.
  void tell(const Error& error) {
    MessageWriter out;
    out.number(0);
    out.text(error.message);
    send_message(socket_, out);
  }

  void serve() {
    auto request = receive_message(socket_);
    if (!request) leave();
    MessageReader in = request->reader();
    const std::int64_t id = in.number();
    if (id < 0) return open_socket(-id, *request);
    const SandboxPlan plan = read_plan(in);
    MessageWriter out;
    out.number(id);
    if (!in.ok() || request->descriptors.size() < 2) {
      return refuse(out, host_error("the sandbox server got half a request"));
    }
    auto disk = !may_have_disks_ ? TmpDisk::create_tmpfs(plan.tmp_mb, "loop devices need root")
                : plan.tmp_in_memory
                    ? TmpDisk::create_tmpfs(plan.tmp_mb, "it was asked for")
                    : spare_disks_.get(plan.task_root, plan.tmp_mb, cache_directory_);
    if (!disk) return refuse(out, disk.error());
    std::optional<SandboxNetwork> network;
    if (plan.network != NetworkMode::host) {
      auto made = spare_networks_.get(plan.task_root, plan.network == NetworkMode::none);
      if (!made) return refuse(out, made.error());
      network.emplace(std::move(*made));
    }
    const auto init_to_be = init_plan(plan, *request, *disk, network);
    if (!init_to_be) return refuse(out, init_to_be.error());
    int pidfd = -1;
    const TimePoint forked = SystemClock().now();
    const pid_t pid = clone_into_namespaces(&pidfd);
    if (pid < 0) {
      return refuse(out, host_error(std::string("clone3: ") + std::strerror(errno)));
    }
    if (pid == 0) become_init(*init_to_be);
    const UniqueFd init(pidfd);
    out.number(1);
    out.number(forked.time_since_epoch().count());
    out.text(disk->kind() == TmpKind::disk ? "" : disk->reason());
    // While the init sets up the rest.
    const std::string why_no_hole = network ? finish_network(*network, plan.network) : "";
    const bool hole_is_there = network && network->hole;
    out.text(why_no_hole);
    out.number(hole_is_there ? 1 : 0);
    std::vector<int> descriptors{init.get(), disk->mount_fd()};
    if (hole_is_there) descriptors.push_back(network->hole->fd());
    if (network) {
      const NetNamespace& its = network->name_space;
      for (const UniqueFd* fd : {&its.fd, &its.link_local_listener, &its.loopback_listener})
        descriptors.push_back(fd->get());
    }
    Living& living = living_.try_emplace(pid, std::move(*disk)).first->second;
    living.task_root = plan.task_root;
    living.in_host_network = plan.network == NetworkMode::host;
    if (!send_message(socket_, out, descriptors)) {  // too many are on their way, or no memory
      const int error_number = errno;
      ::kill(pid, SIGKILL);
      MessageWriter refusal;
      refusal.number(id);
      return refuse(refusal, host_error(std::string("its descriptors cannot be passed on: ") +
                                        std::strerror(error_number)));
    }
    // The function does not wait for it.
    if (plan.network == NetworkMode::open) {
      auto way_out = WayOut::start(plan.way_out, network->name_space.fd.get());
      if (!way_out) return tell(way_out.error());
      living.way_out.emplace(std::move(*way_out));
    }
    if (living_.size() <= k_kept_networks) living.network = std::move(network);
  }

  // A socket is of the network in which it was made: for a connection into a sandbox.
  void open_socket(std::int64_t id, const Message& request) {
    MessageWriter out;
    out.number(id);
    if (request.descriptors.empty()) {
      return refuse(out, host_error("the sandbox server got half a request"));
    }
    const int network = request.descriptors.front().get();
    const auto fds = run_beside("no socket in a network", [network](SideReport& report) {
      report.step = "setns";
      if (::setns(network, CLONE_NEWNET) != 0) return errno;
      report.step = "socket";
      report.fds[0] = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      return report.fds[0] < 0 ? errno : 0;
    });
    if (!fds) return refuse(out, fds.error());
    out.number(1);
    send_message(socket_, out, {(*fds)[0].get()});
  }

  // Of a new one: its hole, and what it looks like before anybody is in it. Why it has no hole.
  static std::string finish_network(SandboxNetwork& network, NetworkMode mode) {
    std::string why;
    if (mode == NetworkMode::none && !network.hole) {
      auto dug = BlackHole::create(network.name_space.fd.get());
      if (dug) {
        network.hole.emplace(std::move(*dug));
      } else {
        why = dug.error().message;
      }
    }
    if (network.idle.empty()) network.idle = network_state(network.name_space.fd.get());
    return why;
  }

  std::string resolv_conf(const SandboxPlan& plan) const {
    if (plan.network == NetworkMode::host) return host_.resolv_conf;
    const bool open = plan.network == NetworkMode::open;
    return "nameserver " + (open ? plan.way_out.resolver : k_lambda_resolver) + "\n";
  }

  // Made before the fork: what a child writes is copied for it, page by page.
  Result<InitPlan> init_plan(const SandboxPlan& plan, const Message& request, const TmpDisk& disk,
                             const std::optional<SandboxNetwork>& network) {
    InitPlan init;
    const GeneratedFacts facts{plan.memory_mb, plan.vcpus, resolv_conf(plan), !plan.image.empty()};
    const auto root = roots_.of(plan, facts, files(facts), owner_map(plan));
    if (!root) return root.error();
    init.root = *root;
    init.has_sys = roots_.have_sys();
    init.places = own_places(plan, files(facts));
    init.control_socket = request.descriptors[0].get();
    init.server_pipe = life_.get();
    init.network_fd = network ? network->name_space.fd.get() : -1;
    init.tmp_fd = disk.mount_fd();
    init.seed.start_socket = request.descriptors[1].get();
    for (std::size_t i = 2; i < request.descriptors.size(); ++i)
      init.seed.join_fds.push_back(request.descriptors[i].get());
    init.seed.in_user_namespace = in_user_namespace_;
    init.seed.trace_denied = plan.trace_denied;
    return init;
  }

  int owner_map(const SandboxPlan& plan) {
    struct stat code {};
    // An image has its owners.
    if (in_user_namespace_ || !plan.image.empty() || ::stat(plan.task_root.c_str(), &code) != 0)
      return -1;
    return owner_maps_.to_root(code.st_uid, code.st_gid);
  }

  // The same for every environment of a function.
  const std::vector<GeneratedFile>& files(const GeneratedFacts& facts) {
    if (!files_ || files_->first != facts) files_.emplace(facts, generated_files(facts, host_));
    return files_->second;
  }

  [[noreturn]] static void become_init(const InitPlan& init) {
    // Above all not what belongs to other sandboxes, which would live as long as this one.
    std::vector<int> kept{init.control_socket, init.server_pipe, init.seed.start_socket,
                          init.tmp_fd, init.root.name_space};
    if (init.network_fd >= 0) kept.push_back(init.network_fd);
    kept.insert(kept.end(), init.seed.join_fds.begin(), init.seed.join_fds.end());
    close_all_but(std::move(kept));
    run_sandbox_init(init);
  }

  void refuse(MessageWriter& out, const Error& error) {
    out.number(0);
    out.text(error.message);
    send_message(socket_, out);
  }

  // The emulator has gone. Those who are left inside go with their inits.
  [[noreturn]] void leave() {
    for (auto& [pid, living] : living_) {
      ::kill(pid, SIGKILL);
      if (living.way_out) living.way_out->let_go();
    }
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
    for (auto& [pid, living] : living_)
      living.disk.discard();
    living_.clear();
    spare_disks_.clear();
    ::_exit(0);
  }

  int socket_;
  UniqueFd life_;  // a pipe of which we hold the other end
  std::string cache_directory_;
  bool in_user_namespace_;
  bool may_have_disks_;
  HostFiles host_;
  OwnerMaps owner_maps_;
  SharedRoots roots_;
  SpareDisks spare_disks_;
  SpareNetworks spare_networks_;
  std::optional<std::pair<GeneratedFacts, std::vector<GeneratedFile>>> files_;  // the latest
  std::map<pid_t, Living> living_;  // sandboxes, by init
};

}  // namespace

void run_sandbox_server(int socket, const std::string& cache_directory, bool in_user_namespace) {
  Server(socket, cache_directory, in_user_namespace).run();
}

}  // namespace coldframe
