// What this run has started, written down where a survivor can read it: the guard process if we are
// killed, the next start if both are. One small file a run, locked while its owner lives.
//
//   RunRegistry registry = RunRegistry::open();     // also sweeps what dead runs left
//   registry.add({leader, marker});  …  registry.remove(leader);
//
// Lives in $XDG_RUNTIME_DIR/coldframe or /tmp/coldframe-UID (mode 0700, ours); where neither can be
// had the file is an anonymous one, which the guard still shares.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "emulator/base/unique_fd.hpp"
#include "emulator/process/kill_scope.hpp"

namespace coldframe {

class RunRegistry {
 public:
  // `directory` empty: the default place. `sweeps`: what dead runs left is ended; else they are
  // left alone.
  static RunRegistry open(std::string directory = {}, bool sweeps = true);
  RunRegistry(RunRegistry&&) = default;
  RunRegistry& operator=(RunRegistry&&) = default;

  // A process with this marker is about to be started: from here on it would be found by it.
  void expect(const std::string& marker);
  void forget(const std::string& marker);  // it was not
  void add(const KillScope& scope);        // it was
  void remove(pid_t leader);
  // Reads the file again: what is registered now. For the guard, which shares the descriptor.
  std::vector<KillScope> read() const;
  void unlink();
  // Where it is kept; empty: in an anonymous file.
  const std::string& path() const { return path_; }
  int fd() const { return file_.get(); }
  // How many processes of dead runs open() ended.
  int swept() const { return swept_; }

 private:
  RunRegistry() = default;
  void append(const std::string& line);
  void compact();

  UniqueFd file_;
  std::string path_;  // empty: anonymous
  std::map<pid_t, std::string> live_;
  std::set<std::string> expected_;
  std::size_t bytes_ = 0;
  int swept_ = 0;
};

}  // namespace coldframe
