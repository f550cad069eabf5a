// What the sandbox server does in its own process; private to sandbox_server.cpp.
#pragma once

#include <string>

namespace coldframe {

// Never returns. Says first, in one message, whether sandboxes can be made here: a number (1: yes)
// and 1 if in a user namespace, or 0 and why not. Then answers each request, in order. What nobody
// has asked for has the number 0: a text about a way out that has ended.
[[noreturn]] void run_sandbox_server(int socket, const std::string& cache_directory,
                                     bool in_user_namespace);

}  // namespace coldframe
