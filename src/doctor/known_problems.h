#pragma once
// Versions of servers that are known to be dangerous for what Redkeep is for. Pure.
#include <string>
#include <vector>

#include "redis/server_info.h"

namespace redkeep::doctor {

struct KnownProblem {
  std::string what;      ///< "CVE-2023-41056: ...".
  std::string fixed_in;  ///< The version to go to, of the same line where there is one.
  bool is_critical = false;
};

/// What is known of this server's version; nothing of products or versions that it cannot tell.
std::vector<KnownProblem> known_problems(const redis::ServerInfo& info);

}  // namespace redkeep::doctor
