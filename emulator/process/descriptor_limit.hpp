// How many descriptors this program may have. The usual soft limit of 1024 is for programs that use
// select(); an emulator with a thousand callers needs more. What it starts gets the old one back.
#pragma once

namespace coldframe {

// Raises the soft limit to the hard one. For main(), before anything is started; a program that
// only links the library decides for itself.
void raise_descriptor_limit();

// In a new child: undoes the above. Async-signal-safe. The last thing before exec, for until then
// it holds as many descriptors as we do.
void restore_descriptor_limit();

}  // namespace coldframe
