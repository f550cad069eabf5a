#include "emulator/cgroup/cgroup_mounts.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "emulator/cgroup/cgroup_files.hpp"

namespace coldframe {
namespace {

// One line of mountinfo (proc_pid_mountinfo(5)).
struct Mount {
  std::string id, parent;
  std::string shown;  // which part of the file system the mount shows
  std::string point;
  std::string type;
  std::vector<std::string> super_options;
  bool read_only = false;
};

// Space, tab, newline and backslash stand as three octal digits.
std::string unescape(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                               (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<Mount> parse_mount(std::string_view line) {
  const auto words = split_words(line);
  const auto dash = std::find(words.begin(), words.end(), "-");
  if (dash - words.begin() < 6 || words.end() - dash < 4) return std::nullopt;
  Mount mount{words[0], words[1], unescape(words[3]), unescape(words[4]), dash[1], {}, false};
  mount.super_options = split_words(dash[3], ",");
  mount.read_only =
      contains(split_words(words[5], ","), "ro") || contains(mount.super_options, "ro");
  return mount;
}

bool is_below_or_same(std::string_view path, std::string_view top) {
  if (top == "/") return path.starts_with('/');
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

class MountTable {
 public:
  explicit MountTable(std::string_view mountinfo) {
    for (auto& line : split_words(mountinfo, "\n")) {
      if (auto mount = parse_mount(line)) mounts_.push_back(std::move(*mount));
    }
    for (auto& mount : mounts_)
      by_id_[mount.id] = &mount;
  }

  const std::vector<Mount>& all() const { return mounts_; }

  // Another mount lies over it, or over a directory on the way to it.
  bool hidden(const Mount& mount) const {
    std::vector<const Mount*> way{&mount};
    while (way.size() <= mounts_.size()) {
      const auto parent = by_id_.find(way.back()->parent);
      if (parent == by_id_.end() || parent->second == way.back()) break;
      way.push_back(parent->second);
    }
    const auto on_the_way = [&](const Mount* m) {
      return std::find(way.begin(), way.end(), m) != way.end();
    };
    return std::any_of(mounts_.begin(), mounts_.end(), [&](const Mount& over) {
      const auto parent = by_id_.find(over.parent);
      return parent != by_id_.end() && on_the_way(parent->second) && !on_the_way(&over) &&
             is_below_or_same(mount.point, over.point);
    });
  }

 private:
  std::vector<Mount> mounts_;
  std::map<std::string, const Mount*> by_id_;
};

// A line of /proc/self/cgroup: "4:cpu,cpuacct:/a/b", "1:name=systemd:/", "0::/a".
struct Membership {
  std::vector<std::string> controllers;
  std::string name;
  std::string path;
  int version = 1;
};

std::vector<Membership> parse_memberships(std::string_view text) {
  std::vector<Membership> out;
  for (auto& line : split_words(text, "\n")) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string list = line.substr(first + 1, second - first - 1);
    Membership membership;
    membership.path = line.substr(second + 1);
    if (line.substr(0, first) == "0" && list.empty()) membership.version = 2;
    for (auto& word : split_words(list, ",")) {
      if (word.starts_with("name=")) {
        membership.name = word.substr(5);
      } else {
        membership.controllers.push_back(word);
      }
    }
    out.push_back(std::move(membership));
  }
  return out;
}

bool belongs(const Mount& mount, const Membership& membership) {
  if (membership.version == 2) return mount.type == "cgroup2";
  if (mount.type != "cgroup") return false;
  if (!membership.name.empty()) return contains(mount.super_options, "name=" + membership.name);
  return !membership.controllers.empty() &&
         contains(mount.super_options, membership.controllers.front());
}

// Both paths are relative to the root of our cgroup namespace, so either may begin with "/..".
// Whether "/../.." leads to us by a name that we cannot know: then nothing.
std::string own_group(const Mount& mount, const std::string& path) {
  if (!is_below_or_same(path, mount.shown)) return {};
  const std::string rest = mount.shown == "/" ? path : path.substr(mount.shown.size());
  if (is_below_or_same(rest, "/..")) return {};
  return rest == "/" ? mount.point : mount.point + rest;
}

int worth(const CgroupHierarchy& hierarchy) {
  return (hierarchy.own_group.empty() ? 0 : 2) + (hierarchy.read_only ? 0 : 1);
}

}  // namespace

bool CgroupHierarchy::has(std::string_view controller) const {
  return contains(controllers, controller);
}

std::vector<std::string> split_words(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(separators, at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::vector<CgroupHierarchy> parse_cgroup_mounts(
    std::string_view mountinfo, std::string_view own_groups, const std::string& root,
    const std::function<std::string(const std::string& path)>& read) {
  const MountTable table(mountinfo);
  std::vector<CgroupHierarchy> out;
  for (const auto& membership : parse_memberships(own_groups)) {
    std::optional<CgroupHierarchy> best;
    for (const auto& mount : table.all()) {
      if (!belongs(mount, membership) || table.hidden(mount)) continue;
      CgroupHierarchy found{membership.version,     root + mount.point, {},
                            membership.controllers, membership.name,    mount.read_only};
      if (const auto own = own_group(mount, membership.path); !own.empty()) {
        found.own_group = root + own;
      }
      if (!best || worth(found) > worth(*best)) best = std::move(found);
    }
    if (!best) continue;
    if (best->version == 2 && !best->own_group.empty()) {
      best->controllers = split_words(read(best->own_group + "/cgroup.controllers"));
    }
    out.push_back(std::move(*best));
  }
  return out;
}

std::vector<CgroupHierarchy> read_cgroup_mounts(const std::string& root) {
  const auto read = [](const std::string& path) { return read_text(path).value_or(""); };
  return parse_cgroup_mounts(read(root + "/proc/self/mountinfo"), read(root + "/proc/self/cgroup"),
                             root, read);
}

}  // namespace coldframe
