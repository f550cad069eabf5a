// What a burst of file events has changed in the end. A file that came and went within it, such as
// the one that `sed -i` and careful editors rename over the edited file, is no change:
//
//   Burst burst;
//   burst.add("/f/sedA1b2", FileEvent::appeared);
//   burst.add("/f/sedA1b2", FileEvent::went);
//   burst.add("/f/app.py", FileEvent::changed);
//   burst.changes();  // {"/f/app.py"}
//
// Value type, without a clock; owned by FileWatcher.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace coldframe {

// `appeared`: under a name that nothing had; what is renamed over something else has `changed`.
enum class FileEvent { appeared, changed, went };

class Burst {
 public:
  void add(const std::string& path, FileEvent event);
  // A directory is gone, and with it everything below.
  void add_gone_tree(const std::string& directory);
  bool empty() const { return order_.empty(); }
  // In the order of their first events; what is still there comes before what is gone.
  std::vector<std::string> changes() const;

 private:
  struct Fate {
    bool is_new;
    bool is_there;
  };
  std::map<std::string, Fate> fates_;
  std::vector<std::string> order_;
};

}  // namespace coldframe
