// Where this user's caches are: $XDG_CACHE_HOME/coldframe, else ~/.cache/coldframe, else a
// directory of our own below /var/tmp or /tmp. Made if missing, mode 0700; empty if none can be
// had. Under sudo that of the calling user is used, and belongs to them, where HOME or
// XDG_CACHE_HOME is still theirs.
#pragma once

#include <string>

namespace coldframe {

std::string user_cache_directory();

}  // namespace coldframe
