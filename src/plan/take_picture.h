#pragma once
// Looks at a server for a plan: a sample of its keys, and of how those that may go are used. Reads
// only; nothing that it does counts as a use.
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "keys/class_table.h"
#include "plan/memory_plan.h"
#include "redis/client.h"

namespace redkeep::plan {

struct PictureOptions {
  std::size_t sample_keys = 20'000;
  std::uint64_t seed = 0;
  double duty = 1.0;  ///< The part of the time that may be spent on it, 1 = without pauses.
};

/// Fails as the client and the sample do. Where OBJECT is refused, or the server keeps no use of
/// keys, curves are empty. `options` must outlive the call.
redis::awaitable<Result<MemoryPicture>> take_picture(std::shared_ptr<redis::Client> client,
                                                     const Options& options,
                                                     const keys::ClassTable& table,
                                                     PictureOptions how, std::stop_token stop,
                                                     std::function<void(std::int64_t)> progress);

}  // namespace redkeep::plan
