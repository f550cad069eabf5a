// What /proc/PID/cmdline, which everybody may read, tells of this process.
//
//   replace_own_command_line("coldframe-sandbox");
//
// For a process that was forked and looks at its argv no more: the memory is its own copy. A text
// that is longer than what was there is cut. False: /proc does not say where it is; nothing was
// changed. Needs the /proc of the PID namespace it was mounted for, or of one above.
#pragma once

#include <string_view>

namespace coldframe {

bool replace_own_command_line(std::string_view text);

}  // namespace coldframe
