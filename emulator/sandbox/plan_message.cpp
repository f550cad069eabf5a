#include "emulator/sandbox/plan_message.hpp"

namespace coldframe {

void write_plan(MessageWriter& out, const SandboxPlan& plan) {
  std::vector<std::string> mounts;
  for (const auto& mount : plan.mounts) {
    mounts.push_back(mount.from);
    mounts.push_back(mount.to);
  }
  std::vector<std::string> links;
  for (const auto& link : plan.links) {
    links.push_back(link.at);
    links.push_back(link.target);
  }
  out.texts(mounts);
  out.texts(links);
  out.text(plan.task_root);
  out.texts(plan.image);
  out.number(plan.image_has_trusted_xattrs ? 1 : 0);
  out.number(plan.tmp_mb);
  out.number(plan.tmp_in_memory ? 1 : 0);
  out.number(plan.memory_mb);
  out.number(plan.vcpus);
  out.number(static_cast<std::int64_t>(plan.network));
  out.number(static_cast<std::int64_t>(plan.way_out.kind));
  out.text(plan.way_out.path);
  out.text(plan.way_out.resolver);
  out.number(plan.trace_denied ? 1 : 0);
}

SandboxPlan read_plan(MessageReader& in) {
  SandboxPlan plan;
  const auto mounts = in.texts();
  for (std::size_t i = 0; i + 1 < mounts.size(); i += 2)
    plan.mounts.push_back({mounts[i], mounts[i + 1]});
  const auto links = in.texts();
  for (std::size_t i = 0; i + 1 < links.size(); i += 2)
    plan.links.push_back({links[i], links[i + 1]});
  plan.task_root = in.text();
  plan.image = in.texts();
  plan.image_has_trusted_xattrs = in.number() != 0;
  plan.tmp_mb = static_cast<int>(in.number());
  plan.tmp_in_memory = in.number() != 0;
  plan.memory_mb = static_cast<int>(in.number());
  plan.vcpus = static_cast<int>(in.number());
  plan.network = static_cast<NetworkMode>(in.number());
  plan.way_out.kind = static_cast<WayOutKind>(in.number());
  plan.way_out.path = in.text();
  plan.way_out.resolver = in.text();
  plan.trace_denied = in.number() != 0;
  return plan;
}

}  // namespace coldframe
