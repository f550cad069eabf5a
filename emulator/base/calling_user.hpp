// Who has called us by sudo: what we write is theirs, so that the next run without sudo can replace
// it.
//
//   if (const auto user = calling_user()) ::fchown(fd, user->uid, user->gid);
//
// Whoever may run us as root has root's rights anyway, since functions run as root without a
// sandbox; so nothing is lost by trusting the two variables. Any thread.
#pragma once

#include <sys/types.h>

#include <optional>

namespace coldframe {

struct CallingUser {
  uid_t uid;  // not 0
  gid_t gid;
};

// By SUDO_UID and SUDO_GID, if we are root. Nothing: nobody, or they are no numbers.
std::optional<CallingUser> calling_user();
// Pure; the variables may be null.
std::optional<CallingUser> calling_user(uid_t self, const char* sudo_uid, const char* sudo_gid);

// A file or directory that we have just made, by its descriptor, becomes theirs. Nothing where
// there is nobody; where the file system has no owners, it stays as it is.
void give_to_calling_user(int fd);

}  // namespace coldframe
