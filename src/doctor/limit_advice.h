#pragma once
// Limits that no finding objects to: whoever sets what one finding advises must not be told off for
// it by the next. Pure.
#include <optional>

#include "doctor/judge_parts.h"

namespace redkeep::doctor {

/// The least limit under which what is used lies clearly below the marks; whole mebibytes.
std::int64_t least_limit(const Case& patient);

/// The largest limit under which a fork has room beside it; 0: the machine's memory is not known.
std::int64_t largest_limit_with_fork(const Case& patient);

/// False where the kernel would end the server before it reached this limit.
bool fits_machine(const Case& patient, std::int64_t limit_bytes);

/// What a limit should be: as much as leaves room for a fork, more only where what is used needs
/// it. Nothing where the machine is too small for what is used.
std::optional<std::int64_t> advised_limit(const Case& patient);

}  // namespace redkeep::doctor
